"""Every figure of the city's pages against SQL over the marks, on a rehearsal that has ended.

The pages count from the table of loads and from outcomes; what is compared with here is counted
from tasks and marks alone, by other sentences.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from sqlite_utils import Database

from shared.rules.rubric import CRITERIA
from tests.hub.finished import a_finished_hub, one, tables, words
from tests.hub.pages import Browser, a_browser, sign_in, store_of

Rounds = dict[int, tuple[int, int]]
Ways = set[str]
"""A figure as it may be written: two ways at a tie such as 66.25 %, else one."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder: Path = tmp_path_factory.mktemp("finished")
    a_finished_hub(folder).close()
    with a_browser(folder) as browser:
        sign_in(browser)
        yield browser


@pytest.fixture
def db(city: Browser) -> Iterator[Database]:
    with store_of(city).reading() as found:
        yield found


def ways(value: float, form: str = "{:.1f}%") -> Ways:
    places = int(form.split(".")[1][0])
    return {form.format(round(value + less, places) + 0.0) for less in (-1e-9, 1e-9)}


def said(text: str, before: str, ways: Ways) -> bool:
    return any(f"{before} {way}" in text for way in ways)


def rounds(db: Database, where: str, *parameters: object) -> Rounds:
    """Tasks that live and marks that count, by round."""
    rows = db.conn.execute(
        f"""
        SELECT t.round, count(*), sum(EXISTS (SELECT 1 FROM mark m WHERE m.task_id = t.id
                                              AND m.standing = 'counted'))
        FROM task t JOIN account a ON a.id = t.account_id
        WHERE t.state <> 'withdrawn' AND {where} GROUP BY t.round
        """,  # noqa: S608
        parameters,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def cells(found: Rounds) -> list[str]:
    """As the tables of progress write them."""
    shown = []
    for number in (1, 2, 3, 4):
        total, done = found.get(number, (0, 0))
        share = f"{min(100 * done / total, 100 if done == total else 99.9):.1f}%" if total else ""
        shown += [f"{total:,}", f"{done:,}", share] if total else ["--"] * 3
    return shown


def test_it_has_come_to_its_end(db: Database) -> None:
    assert one(db, "SELECT count(*) FROM task WHERE state = 'open'") == 0
    assert all(total == done for total, done in rounds(db, "1").values())
    assert set(rounds(db, "1")) == {1, 2, 3, 4}
    assert one(db, "SELECT count(*) FROM mark WHERE standing = 'replaced'") > 3
    assert one(db, "SELECT count(*) FROM mark WHERE exception IS NOT NULL") > 3


def test_the_districts(city: Browser, db: Database) -> None:
    rows = tables(city.get("/districts").text)[0][2:]
    names = dict(db.conn.execute("SELECT id, name FROM district").fetchall())
    assert [row[0] for row in rows] == [*names.values(), "全市"]
    for row, id in zip(rows, names, strict=False):
        people = one(db, "SELECT count(*) FROM account WHERE district_id = ?", id)
        assert row[1] == str(people)
        assert row[3:5] == ["0", "--"], "nothing of the last hour, nothing left"
        assert row[5:] == cells(rounds(db, "a.district_id = ?", id))
    assert rows[-1][1] == str(one(db, "SELECT count(*) FROM account"))
    assert rows[-1][5:] == cells(rounds(db, "1"))
    for group in (1, 2):
        rows = tables(city.get(f"/districts?group={group}").text)[0][2:]
        assert rows[-1][5:] == cells(rounds(db, "t.item_group_id = ?", group))


def test_the_people_of_each_district(city: Browser, db: Database) -> None:
    for id, name in db.conn.execute("SELECT id, name FROM district").fetchall():
        shown = city.get(f"/districts/{id}").text
        assert name in shown
        rows = tables(shown)[0][2:]
        own = db.conn.execute("SELECT id, name FROM account WHERE district_id = ?", (id,))
        for account, person in own.fetchall():
            row = next(row for row in rows if row[0].startswith(person))
            assert row[2:14] == cells(rounds(db, "a.id = ?", account))
        assert rows[-1][2:14] == cells(rounds(db, "a.district_id = ?", id))


def test_the_groups(city: Browser, db: Database) -> None:
    rows = tables(city.get("/groups").text)[0][2:]
    for row, id in zip(rows, (1, 2), strict=False):
        works = one(db, "SELECT count(*) FROM performance WHERE item_group_id = ?", id)
        assert row[1] == str(works)
        assert row[2:] == cells(rounds(db, "t.item_group_id = ?", id))
    assert rows[-1][1:] == [
        str(one(db, "SELECT count(*) FROM performance")),
        *cells(rounds(db, "1")),
    ]


def test_the_overview(city: Browser, db: Database) -> None:
    html = city.get("/").text
    shown, found = words(html), rounds(db, "1")
    # When rounds 1 and 2 are done the figures are those of rounds 3 and 4.
    for number in (3, 4):
        total, done = found[number]
        assert f"{number}评完成 {done:,} / {total:,} 份" in shown
    apart, pairs = _differing(db)
    assert f"两评不一致作品 {apart} / {pairs} 份" in shown
    flags = dict(
        db.conn.execute(
            "SELECT exception, count(*) FROM mark WHERE standing = 'counted' GROUP BY exception"
        ).fetchall()
    )
    parts = [("无图像", "no_picture"), ("不全", "incomplete"), ("不符", "off_topic")]
    assert "，".join(f"{label} {flags.get(code, 0)}" for label, code in parts) in shown
    for id, name in db.conn.execute("SELECT id, name FROM district").fetchall():
        own = rounds(db, "a.district_id = ? AND t.round < 3", id)
        assert sum(t for t, _ in own.values()) == sum(d for _, d in own.values())
        assert re.search(rf"{name} 100.0%", shown)
    for place, criterion in enumerate(CRITERIA, 1):
        drawn = re.search(rf">{criterion.label}</text>.*?class=\"value\"[^>]*>([^<]+)<", html, re.S)
        assert drawn
        assert drawn.group(1) in ways(100 * _apart(db, place) / pairs)


PAIRS = """
    FROM mark m JOIN mark n ON n.performance_id = m.performance_id AND n.round = 2
    JOIN outcome o ON o.performance_id = m.performance_id
    WHERE m.round = 1 AND m.standing = 'counted' AND n.standing = 'counted'
      AND o.state <> 'exception'
"""


def _differing(db: Database) -> tuple[int, int]:
    """With an exception against levels nothing agrees."""
    differ = "sum(m.levels <> n.levels OR m.levels = '------' OR n.levels = '------')"
    row = db.conn.execute(f"SELECT {differ}, count(*) {PAIRS}").fetchone()
    return int(row[0]), int(row[1])


def _apart(db: Database, place: int) -> int:
    differ = (
        f"sum(substr(m.levels, {place}, 1) <> substr(n.levels, {place}, 1)"
        " OR m.levels = '------' OR n.levels = '------')"
    )
    return one(db, f"SELECT {differ} {PAIRS}")


def test_the_rounds_and_the_results(city: Browser, db: Database) -> None:
    found = tables(city.get("/rounds").text)
    assert ["全市", *cells(rounds(db, "1"))] in [row for table in found for row in table]
    shown = words(city.get("/results").text)
    for label, sql in (
        ("作品", "SELECT count(*) FROM performance"),
        ("已分配", "SELECT count(DISTINCT performance_id) FROM task"),
        ("终评已定", "SELECT count(*) FROM outcome WHERE state = 'settled'"),
        ("确认为异常（无等级）", "SELECT count(*) FROM outcome WHERE state = 'exception'"),
    ):
        assert f"{label} {one(db, sql)} 份" in shown
    settled = one(db, "SELECT count(*) FROM outcome WHERE state <> 'open'")
    assert settled == one(db, "SELECT count(*) FROM performance")
    assert "评阅中 0 份" in shown


def test_the_accounts(city: Browser, db: Database) -> None:
    rows = tables(city.get("/accounts").text)[0][1:]
    assert len(rows) == one(db, "SELECT count(*) FROM account")
    assert {row[6] for row in rows} == {"0"}


def test_the_announcements(city: Browser, db: Database) -> None:
    rows = tables(city.get("/announcements").text)[-1][1:]
    for row, (id, text) in zip(
        rows, db.conn.execute("SELECT id, text FROM announcement ORDER BY id DESC"), strict=True
    ):
        assert " ".join(text.split()) == row[2]
        read = one(db, "SELECT count(*) FROM receipt WHERE announcement_id = ?", id)
        assert row[5].startswith(f"{read} / ")
    assert any(row[5].startswith("5 / 12") for row in rows)


QUALITY = """
    FROM mark m JOIN mark n ON n.performance_id = m.performance_id AND n.round = 3 - m.round
    JOIN performance p ON p.id = m.performance_id
    JOIN account a ON a.id = m.account_id
    WHERE m.round < 3 AND m.standing = 'counted' AND n.standing = 'counted'
      AND m.levels <> '------' AND n.levels <> '------'
"""
SAME = " + ".join(f"(substr(m.levels, {n}, 1) = substr(n.levels, {n}, 1))" for n in range(1, 7))
NEAR = " + ".join(
    f"(abs(substr(m.levels, {n}, 1) - substr(n.levels, {n}, 1)) < 2)" for n in range(1, 7)
)
LEAN = " + ".join(f"substr(m.levels, {n}, 1) - substr(n.levels, {n}, 1)" for n in range(1, 7))


def quality_row(db: Database, also: str = "", *parameters: object) -> tuple[Ways, Ways, Ways, int]:
    """Exact, adjacent, severity, and how many marks they rest on."""
    row = db.conn.execute(
        f"SELECT avg(({SAME}) / 6.0), avg(({NEAR}) / 6.0), avg(({LEAN}) / 6.0), count(*)"
        f" {QUALITY} {also}",
        parameters,
    ).fetchone()
    if row[3] < 20:
        return {"--"}, {"--"}, {"--"}, row[3]
    return ways(100 * row[0]), ways(100 * row[1]), ways(row[2], "{:+.2f}"), row[3]


def test_quality_by_group_district_and_marker(city: Browser, db: Database) -> None:
    html = city.get("/quality").text
    _, groups, markers, districts = tables(html)
    exact, near, _, sides = quality_row(db)
    assert said(words(html), "完全一致率", exact)
    assert f"n = {sides // 2}" in words(html)
    assert said(words(html), "相邻一致率", near)
    for row, id in zip(groups[1:], (1, 2), strict=True):
        exact, near, _, sides = quality_row(db, "AND p.item_group_id = ?", id)
        assert row[1] in exact and row[3] in near and row[5] == str(sides // 2)
    for row, id in zip(districts[1:], (1, 2, 3, 4), strict=True):
        exact, near, lean, sides = quality_row(db, "AND a.district_id = ?", id)
        assert row[1] in exact and row[3] in near and row[5] == str(sides) and row[6] in lean
    marking = "SELECT DISTINCT account_id FROM mark WHERE round < 4 ORDER BY account_id"
    ids = [row[0] for row in db.conn.execute(marking)]
    assert len(markers) - 1 == len(ids)
    for row, id in zip(markers[1:], ids, strict=True):
        exact, near, lean, sides = quality_row(db, "AND a.id = ?", id)
        assert row[3] in exact and row[5] in near and row[7] == str(sides) and row[8] in lean
        assert row[11] in straight(db, id)
        assert row[13] in heard(db, id)


def straight(db: Database, account: int) -> Ways:
    row = db.conn.execute(
        """
        SELECT avg(levels IN ('333333', '222222', '111111', '000000')), count(*) FROM mark
        WHERE account_id = ? AND round < 4 AND standing = 'counted' AND levels NOT LIKE '%-%'
        """,
        (account,),
    ).fetchone()
    return ways(100 * row[0]) if row[1] >= 20 else {"--"}


def heard(db: Database, account: int) -> Ways:
    row = db.conn.execute(
        """
        SELECT avg(heard_percent), count(*) FROM mark
        WHERE account_id = ? AND round < 4 AND revises IS NULL AND standing <> 'refused'
        """,
        (account,),
    ).fetchone()
    return ways(row[0]) if row[1] >= 20 else {"--"}


def test_quality_by_criterion(city: Browser, db: Database) -> None:
    rows = tables(city.get("/quality").text)[0][1:]
    for place, row in enumerate(rows, 1):
        own = f"substr(m.levels, {place}, 1)"
        share = db.conn.execute(
            f"SELECT avg({own} = substr(n.levels, {place}, 1)) {QUALITY}"
        ).fetchone()[0]
        assert row[1] in ways(100 * share)
        for level, shown in zip("3210", row[6:], strict=True):
            given = db.conn.execute(f"SELECT avg({own} = ?) {QUALITY}", (level,)).fetchone()[0]
            assert shown in ways(100 * given)


def test_every_mark_of_each_marker_stands_on_its_page(city: Browser, db: Database) -> None:
    for (id,) in db.conn.execute("SELECT DISTINCT account_id FROM mark WHERE round < 4").fetchall():
        found = tables(city.get(f"/quality/markers/{id}").text)
        rows = next(table for table in found if "另一评" in table[0])[1:]
        truth = db.conn.execute(
            """
            SELECT p.code, m.round || '评', m.levels, m.heard_percent FROM mark m
            JOIN performance p ON p.id = m.performance_id
            WHERE m.account_id = ? AND m.standing = 'counted'
            """,
            (id,),
        ).fetchall()
        shown = {(row[0], row[2], row[3], row[8]) for row in rows}
        assert shown == {(code, round, levels, str(part)) for code, round, levels, part in truth}


def own_marks(db: Database, account: int) -> list[tuple[str, str, int, str | None]]:
    """Levels, the other one's levels, performance; of pairs of rounds 1 and 2."""
    return [
        tuple(row)
        for row in db.conn.execute(
            f"SELECT m.levels, n.levels, m.performance_id, m.revises {QUALITY} AND a.id = ?",
            (account,),
        )
    ]


def kappa(pairs: list[tuple[str, str]]) -> Ways:
    """With quadratic weights, by the words of the definition; "--" below 20 performances."""
    cells = [(int(a), int(b)) for one, other in pairs for a, b in zip(one, other, strict=True)]
    if len(pairs) < 20:
        return {"--"}
    apart = sum((a - b) ** 2 for a, b in cells) / len(cells)
    chance = sum((a - b) ** 2 for a, _ in cells for _, b in cells) / len(cells) ** 2
    return ways(1 - apart / chance, "{:.2f}")


def lost(db: Database, account: int) -> Ways:
    """Of decided disputes in which this marker took part, those that ended otherwise."""
    decided = gone = 0
    for levels, _, performance, _ in own_marks(db, account):
        outcome = db.conn.execute(
            "SELECT levels, rules FROM outcome WHERE performance_id = ?", (performance,)
        ).fetchone()
        for own, final, rule in zip(levels, *map(json.loads, outcome), strict=True):
            if final is not None and rule != "agreed":
                decided += 1
                gone += own != final
    return ways(100 * gone / decided) if decided >= 10 else {"--"}


def revised(db: Database, account: int) -> Ways:
    row = db.conn.execute(
        "SELECT avg(revises IS NOT NULL), count(*) FROM mark"
        " WHERE account_id = ? AND round < 4 AND standing = 'counted'",
        (account,),
    ).fetchone()
    return ways(100 * row[0]) if row[1] >= 20 else {"--"}


def spent(db: Database, account: int) -> Ways:
    rows = db.conn.execute(
        "SELECT spent_ms FROM mark WHERE account_id = ? AND round < 4 AND revises IS NULL"
        " AND standing <> 'refused'",
        (account,),
    ).fetchall()
    if len(rows) < 20:
        return {"--"}
    return ways(median(row[0] for row in rows) / 1000, "{:.0f}")


def probed(db: Database, kind: str, where: str = "1", *parameters: object) -> Ways:
    same = " + ".join(
        f"(substr(m.levels, {n}, 1) = substr(o.expected, {n}, 1))" for n in range(1, 7)
    )
    row = db.conn.execute(
        f"SELECT avg(({same}) / 6.0), count(*) FROM probe o JOIN probe_mark m ON m.probe_id = o.id"  # noqa: S608
        f" WHERE o.kind = ? AND m.revises = '' AND {where}",
        (kind, *parameters),
    ).fetchone()
    return ways(100 * row[0]) if row[1] >= 5 else {"--"}


def test_quality_of_each_marker_in_full(city: Browser, db: Database) -> None:
    rows = tables(city.get("/quality").text)[2][1:]
    ids = [
        row[0]
        for row in db.conn.execute(
            "SELECT DISTINCT account_id FROM mark WHERE round < 4 ORDER BY account_id"
        )
    ]
    shown = set()
    for row, id in zip(rows, ids, strict=True):
        pairs = [(one, other) for one, other, _, _ in own_marks(db, id)]
        assert row[6] in kappa(pairs)
        assert row[9] == "--", "all was marked in one half-day"
        assert row[10] in lost(db, id)
        assert row[12] in spent(db, id)
        assert row[14] in revised(db, id)
        assert row[15] in probed(db, "reference", "o.account_id = ?", id)
        assert row[16] in probed(db, "repeat", "o.account_id = ?", id)
        shown |= {n for n in (6, 10, 12, 14, 15) if row[n] != "--"}
        own = tables(city.get(f"/quality/markers/{id}").text)[0][1:]
        assert [r[1] for r in own[:9]] == [row[n] for n in (3, 5, 6, 8, 10, 11, 12, 13, 14)]
        assert (own[9][1], own[11][1]) == (row[15], row[16])
    assert shown == {10, 12, 14, 15}, "each figure was compared at least once"


def test_kappa_where_there_is_enough(city: Browser, db: Database) -> None:
    _, groups, _, districts = tables(city.get("/quality").text)
    for row, id in zip(groups[1:], (1, 2), strict=True):
        where = "AND m.round = 1 AND p.item_group_id = ?"
        assert row[4] in kappa(pairs_of(db, where, id)) - {"--"}
    for row, id in zip(districts[1:], (1, 2, 3, 4), strict=True):
        assert row[4] in kappa(pairs_of(db, "AND a.district_id = ?", id)) - {"--"}
    shown = words(city.get("/quality").text)
    assert said(shown, "加权 Kappa", kappa(pairs_of(db, "AND m.round = ?", 1)))


def pairs_of(db: Database, where: str, *parameters: object) -> list[tuple[str, str]]:
    rows = db.conn.execute(f"SELECT m.levels, n.levels {QUALITY} {where}", parameters)
    return [(row[0], row[1]) for row in rows]


def test_the_references(city: Browser, db: Database) -> None:
    rows = tables(city.get("/quality/references").text)[0][1:]
    codes = dict(
        db.conn.execute(
            "SELECT p.code, p.id FROM reference r JOIN performance p ON p.id = r.performance_id"
        ).fetchall()
    )
    assert {row[0] for row in rows} == set(codes)
    for row in rows:
        id = codes[row[0]]
        where = "o.performance_id = ?"
        given = one(
            db,
            "SELECT count(*) FROM probe_mark m JOIN probe o ON o.id = m.probe_id"
            " WHERE o.performance_id = ?",
            id,
        )
        assert given > 0
        assert row[4] == str(given) and row[5] in probed(db, "reference", where, id)
    assert said(words(city.get("/quality").text), "标准卷一致率", probed(db, "reference"))


COUNTED_PAIRS = f"""
    SELECT count(*) {PAIRS}
      AND m.performance_id IN (SELECT id FROM performance WHERE item_group_id = ?)
"""  # noqa: S608


def test_the_forecast(city: Browser, db: Database) -> None:
    rows = tables(city.get("/forecast").text)[0][1:]
    for row, id in zip(rows, (1, 2), strict=False):
        works = one(db, "SELECT count(*) FROM performance WHERE item_group_id = ?", id)
        pairs = one(
            db,
            COUNTED_PAIRS,
            id,
        )
        own = rounds(db, "t.item_group_id = ?", id)
        assert (row[1], row[3], row[6]) == (str(works), str(own[3][0]), str(own[4][0]))
        assert pairs <= int(row[2]) <= works


def test_one_clip(city: Browser, db: Database) -> None:
    for performance in range(1, 9):
        rows = [r for t in tables(city.get(f"/quality/clips/{performance}").text) for r in t]
        truth = db.conn.execute(
            "SELECT round || '评', heard_percent FROM mark WHERE performance_id = ?", (performance,)
        ).fetchall()
        for round, heard in truth:
            assert any(round in row and any(str(heard) in cell for cell in row) for row in rows)


def test_the_problems(city: Browser, db: Database) -> None:
    shown = city.get("/problems").text
    waiting = one(db, "SELECT count(*) FROM slot WHERE state = 'waiting'")
    assert f"共 {waiting} 份" in shown
    rows = db.conn.execute(
        "SELECT p.code FROM outcome o JOIN performance p ON p.id = o.performance_id"
        " WHERE o.state = 'exception'"
    ).fetchall()
    assert all(f">{row[0]}<" in shown for row in rows)


def test_the_videos(city: Browser, db: Database) -> None:
    shown = words(city.get("/videos").text)
    works = one(db, "SELECT count(*) FROM performance")
    assert f"作品 {works} 份" in shown
    sql = "SELECT count(*) FROM performance WHERE video_id IS NOT NULL"
    assert f"有可用视频 {one(db, sql)} 份" in shown
    different = one(db, "SELECT count(*) FROM video")
    assert f"不同的视频 {different} 个" in shown


def test_the_nodes(city: Browser, db: Database) -> None:
    rows = tables(city.get("/nodes").text)[0][1:]
    assert len(rows) == one(db, "SELECT count(*) FROM node")
    for row in rows:
        (status,) = db.conn.execute(
            "SELECT status FROM node WHERE instr(?, name) = 1", (row[0],)
        ).fetchone()
        assert row[4] == str(json.loads(status)["pending_events"])


def test_each_place_of_the_navigation_is_compared(city: Browser) -> None:
    """A new page with figures has to be added here, and above."""
    nav = re.search(r"<nav.*?</nav>", city.get("/").text, re.S)
    assert nav
    assert set(re.findall(r'href="(/[^"]*)"', nav.group(0))) == {
        *("/", "/districts", "/groups", "/rounds", "/quality", "/forecast", "/problems"),
        *("/videos", "/nodes", "/announcements", "/accounts", "/results"),
        # In tests/hub/test_numbers_of_sites_and_trials.py.
        *("/trial", "/audit", "/readiness"),
    }
