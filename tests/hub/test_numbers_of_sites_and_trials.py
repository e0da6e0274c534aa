"""Every figure of 试阅清空, 审计日志, 场地就绪 and 节点 against SQL and what was reported."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from hub.store import nodes, readiness, sittings
from hub.work.wipe_trial import wipe_trial
from shared.kit.clock import now, stamp
from shared.rules.site import Tone
from shared.wire.ready import ReadyLine, ReadyReport
from tests.hub.finished import one, tables, words
from tests.hub.makers import ADMIN, EXAM_NAME, an_allocated_hub, give_both, hear_of
from tests.hub.pages import Browser, a_browser, sign_in, store_of
from tests.makers import NINE


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A trial that was marked in part and wiped; two nodes said that they did, all how they are."""
    folder: Path = tmp_path_factory.mktemp("sites")
    store = an_allocated_hub(folder, "trial")
    with store.writing() as db:
        for performance in (1, 2, 3):
            give_both(db, performance, "332101", "322100")
    with a_browser(folder) as browser:
        sign_in(browser)
        yield browser


@pytest.fixture
def db(city: Browser) -> Iterator[Database]:
    with store_of(city).reading() as found:
        yield found


def audited(city: Browser, action: str) -> str:
    rows = tables(city.get(f"/audit?action={action}").text)[0][1:]
    return rows[0][4]


def test_what_was_allocated(city: Browser, db: Database) -> None:
    works = one(db, "SELECT count(*) FROM performance")
    tasks = one(db, "SELECT count(*) FROM task WHERE round < 3")
    lacking = one(db, "SELECT count(*) FROM performance WHERE video_id IS NULL")
    assert f"作品 {works}，任务 {tasks}，缺视频 {lacking}" in audited(city, "allocate")
    rows = tables(city.get("/audit").text)[0][1:]
    assert [row[0] for row in rows] == [
        str(row[0]) for row in db.conn.execute("SELECT id FROM audit ORDER BY id DESC LIMIT 50")
    ]


def test_the_trial_and_its_wipe(city: Browser, db: Database) -> None:
    tasks = one(db, "SELECT count(*) FROM task WHERE state <> 'withdrawn'")
    done = one(db, "SELECT count(*) FROM mark WHERE standing = 'counted'")
    assert 0 < done < tasks
    assert f"任务 {tasks} 份 已评 {done} 份" in words(city.get("/trial").text)
    with store_of(city).writing() as writing:
        wipe_trial(writing, EXAM_NAME, ADMIN, NINE)
        for node, marks in ((1, 4), (2, 2)):
            assert sittings.confirm_wipe(writing, 1, node, marks, 7 * marks, now())
    assert f"任务 {tasks}，已评 {done}" in audited(city, "wipe_trial")
    page = city.get("/trial").text
    with store_of(city).reading() as after:
        truth = after.conn.execute(
            "SELECT n.name, w.marks, w.tasks FROM wipe w JOIN node n ON n.id = w.node_id"
        ).fetchall()
    enrolled = one(db, "SELECT count(*) FROM node WHERE state = 'enrolled'")
    assert f"{len(truth)} / {enrolled} 个已确认" in words(page)
    rows = tables(page)[0][1:]
    assert len(rows) == enrolled
    confirmed = {tuple(row[k] for k in (0, 2, 3)) for row in rows if row[1] == "已清空"}
    assert confirmed == {(name, str(marks), str(tasks)) for name, marks, tasks in truth}
    assert all(row[2:] == ["--"] * 3 for row in rows if row[1] != "已清空")


def test_the_sites(city: Browser, db: Database) -> None:
    with store_of(city).writing() as writing:
        for node, tone in ((1, Tone.OK), (2, Tone.BAD), (3, Tone.WARN)):
            hear_of(writing, node, now(), disk_free_bytes=10**12)
            readiness.put(writing, node, a_report(node, tone), now())
    page = city.get("/readiness").text
    rows = {row[1]: row for row in tables(page)[0][1:]}
    with store_of(city).reading() as after:
        reports = after.conn.execute(
            "SELECT n.name, r.report FROM readiness r JOIN node n ON n.id = r.node_id"
        ).fetchall()
    assert len(reports) == 3
    for name, text in reports:
        said, row = json.loads(text), rows[name]
        assert row[3] == str(said["markers"])
        assert row[4] == f"{said['link_mbit']:.0f} / {said['link_mbit_needed']}"
        shown = [
            said["pcs"].get(tone.value, 0) for tone in (Tone.OK, Tone.WARN, Tone.BAD, Tone.OPEN)
        ]
        assert row[5] == " / ".join(map(str, shown))
    districts = one(db, "SELECT count(*) FROM district")
    assert f"{districts} 个区县中 2 个可以阅卷" in words(page)
    for word, number in (("不能阅卷", 2), ("没有核查完", 0), ("基本就绪", 1), ("就绪", 1)):
        assert f"{word} {number} 个机房" in words(page)


def test_the_pace_of_a_district(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        for performance in range(1, 6):
            give_both(db, performance, "332101", "322100")
        recent = "SELECT event_id FROM mark ORDER BY event_id LIMIT 7"
        db.conn.execute(
            f"UPDATE mark SET received_at = ? WHERE event_id IN ({recent})",  # noqa: S608
            (stamp(now() - timedelta(minutes=20)),),
        )
    with a_browser(tmp_path) as browser, store_of(browser).reading() as db:
        sign_in(browser)
        rows = tables(browser.get("/districts").text)[0][2:]
        by_district = dict(
            db.conn.execute(
                "SELECT d.name, count(*) FROM mark m JOIN account a ON a.id = m.account_id"
                " JOIN district d ON d.id = a.district_id WHERE m.received_at > ? GROUP BY d.id",
                (stamp(now() - timedelta(hours=1)),),
            ).fetchall()
        )
        assert {row[0]: row[3] for row in rows[:-1] if row[3] != "0"} == {
            name: str(number) for name, number in by_district.items()
        }
        assert rows[-1][3] == "7"
        assert all((row[4] == "--") == (row[3] == "0") for row in rows)
        left = one(db, "SELECT count(*) FROM task WHERE state = 'open'")
        expected = (now() + timedelta(hours=left / 7)).astimezone()
        end = datetime.strptime(f"{expected:%Y}-{rows[-1][4]}", "%Y-%m-%d %H:%M").astimezone()
        assert abs((end - expected).total_seconds()) < 120
    store.close()


def a_report(node: int, tone: Tone) -> ReadyReport:
    return ReadyReport(
        tone=tone,
        markers=10 * node,
        pcs={Tone.OK: node, Tone.WARN: 2, Tone.BAD: 3, Tone.OPEN: 4},
        link_mbit=100.0 * node,
        link_mbit_needed=300 + node,
        lines=[ReadyLine("出口带宽", tone, "", "" if tone is Tone.OK else "请联系运营商提速。")],
    )


def test_the_nodes(city: Browser) -> None:
    said: dict[str, object] = {
        "videos_wanted": 30,
        "videos_ready": 60,
        "videos_failed": 10,
        "disk_free_bytes": 123_400_000_000,
        "people_online": 17,
        "clock_offset_ms": -1_500,
        "last_push_ms": 87,
        "last_problem": "连接不到市级中心，请检查网络",
        "last_problem_at": "2023-04-13T02:07:00.000Z",
        "app_version": "9.9.9",
    }
    with store_of(city).writing() as db:
        hear_of(db, 4, now(), 21, **said)
        node = nodes.all_nodes(db)[3]
    rows = tables(city.get("/nodes").text)[0][1:]
    row = next(row for row in rows if row[0].startswith(node.name))
    assert row[3:5] == ["17", "21"]
    assert row[6:11] == ["60%", "123.4 GB", "-1.5 秒", "87 毫秒", "9.9.9"]
    assert "07 出错：连接不到市级中心" in row[0]
    with store_of(city).writing() as db:
        hear_of(
            db, 4, now(), 0, **said | {"videos_wanted": 0, "videos_ready": 90, "videos_failed": 0}
        )
    rows = tables(city.get("/nodes").text)[0][1:]
    row = next(row for row in rows if row[0].startswith(node.name))
    assert (row[2], row[6]) == ("正常", "100%"), "all that it wants is there"
