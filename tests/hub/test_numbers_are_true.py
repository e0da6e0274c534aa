"""Every figure of the city's pages against SQL over the marks, on a rehearsal that has ended.

The pages count from the table of loads and from outcomes; what is compared with here is counted
from tasks and marks alone, by other sentences.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from shared.rules.rubric import CRITERIA
from tests.hub.finished import a_finished_hub, tables, words
from tests.hub.pages import Browser, a_browser, sign_in, store_of

Rounds = dict[int, tuple[int, int]]


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


def one(db: Database, sql: str, *parameters: object) -> int:
    return int(db.conn.execute(sql, parameters).fetchone()[0] or 0)


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
        assert row[3:] == cells(rounds(db, "a.district_id = ?", id))
    assert rows[-1][1] == str(one(db, "SELECT count(*) FROM account"))
    assert rows[-1][3:] == cells(rounds(db, "1"))


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
        share = f"{100 * _apart(db, place) / pairs:.1f}%"
        drawn = re.search(rf">{criterion.label}</text>.*?class=\"value\"[^>]*>([^<]+)<", html, re.S)
        assert drawn
        assert drawn.group(1) == share


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


def quality_row(db: Database, also: str = "", *parameters: object) -> tuple[str, str, str, int]:
    """Exact, adjacent, severity, and how many marks they rest on."""
    row = db.conn.execute(
        f"SELECT avg(({SAME}) / 6.0), avg(({NEAR}) / 6.0), avg(({LEAN}) / 6.0), count(*)"
        f" {QUALITY} {also}",
        parameters,
    ).fetchone()
    if row[3] < 20:
        return "--", "--", "--", row[3]
    return f"{100 * row[0]:.1f}%", f"{100 * row[1]:.1f}%", f"{round(row[2], 2) + 0.0:+.2f}", row[3]


def test_quality_by_group_district_and_marker(city: Browser, db: Database) -> None:
    html = city.get("/quality").text
    _, groups, markers, districts = tables(html)
    exact, near, _, sides = quality_row(db)
    assert f"完全一致率 {exact}" in words(html)
    assert f"n = {sides // 2}" in words(html)
    assert f"相邻一致率 {near}" in words(html)
    for row, id in zip(groups[1:], (1, 2), strict=True):
        exact, near, _, sides = quality_row(db, "AND p.item_group_id = ?", id)
        assert (row[1], row[3], row[5]) == (exact, near, str(sides // 2))
    for row, id in zip(districts[1:], (1, 2, 3, 4), strict=True):
        exact, near, lean, sides = quality_row(db, "AND a.district_id = ?", id)
        assert (row[1], row[3], row[5], row[6]) == (exact, near, str(sides), lean)
    marking = "SELECT DISTINCT account_id FROM mark WHERE round < 4 ORDER BY account_id"
    ids = [row[0] for row in db.conn.execute(marking)]
    assert len(markers) - 1 == len(ids)
    for row, id in zip(markers[1:], ids, strict=True):
        exact, near, lean, sides = quality_row(db, "AND a.id = ?", id)
        assert (row[3], row[5], row[7], row[8]) == (exact, near, str(sides), lean)
        assert row[11] == straight(db, id)
        assert row[13] == heard(db, id)


def straight(db: Database, account: int) -> str:
    row = db.conn.execute(
        """
        SELECT avg(levels IN ('333333', '222222', '111111', '000000')), count(*) FROM mark
        WHERE account_id = ? AND round < 4 AND standing = 'counted' AND levels NOT LIKE '%-%'
        """,
        (account,),
    ).fetchone()
    return f"{100 * row[0]:.1f}%" if row[1] >= 20 else "--"


def heard(db: Database, account: int) -> str:
    row = db.conn.execute(
        """
        SELECT avg(heard_percent), count(*) FROM mark
        WHERE account_id = ? AND round < 4 AND revises IS NULL AND standing <> 'refused'
        """,
        (account,),
    ).fetchone()
    return f"{row[0]:.1f}%" if row[1] >= 20 else "--"


def test_quality_by_criterion(city: Browser, db: Database) -> None:
    rows = tables(city.get("/quality").text)[0][1:]
    for place, row in enumerate(rows, 1):
        own = f"substr(m.levels, {place}, 1)"
        share = db.conn.execute(
            f"SELECT avg({own} = substr(n.levels, {place}, 1)) {QUALITY}"
        ).fetchone()[0]
        assert row[1] == f"{100 * share:.1f}%"
        for level, shown in zip("3210", row[6:], strict=True):
            given = db.conn.execute(f"SELECT avg({own} = ?) {QUALITY}", (level,)).fetchone()[0]
            assert shown == f"{100 * given:.1f}%"


def test_every_mark_of_each_marker_stands_on_its_page(city: Browser, db: Database) -> None:
    for (id,) in db.conn.execute("SELECT DISTINCT account_id FROM mark WHERE round < 4").fetchall():
        rows = tables(city.get(f"/quality/markers/{id}").text)[-1][1:]
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
