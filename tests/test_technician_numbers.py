"""Every figure of the technician's pages against SQL over the node's own tables."""

import re
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from sqlite_utils import Database

from node.store import exam, exchanges, pcs, tasks, videos
from node.work.give_mark import give_mark
from node.work.site_check import LinkMeasured, keep_link
from shared.kit.clock import now, stamp
from shared.rules.site import Measured
from shared.wire.messages import TaskCard
from tests.hub.finished import one, tables, words
from tests.makers import ANTHEM, SONG, SUN, WANG, a_task_card
from tests.node.door import Lab, Pc, a_lab
from tests.node.test_give_mark import an_answer
from tests.rules.test_site import GOOD

CARDS = [a_task_card(n, group_id=SONG if n % 2 else ANTHEM) for n in range(1, 12)]
SEATS = (GOOD, GOOD, replace(GOOD, left=(3, 0)), replace(GOOD, mbit=5.0), None)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Each task has a video of its own: five are here, one of them was marked, some failed."""
    with a_lab(tmp_path_factory.mktemp("n"), first_sign_in="keep") as lab:
        with lab.store.writing() as db:
            for number, card in enumerate(CARDS):
                put(db, number, card)
            give_mark(db, WANG, an_answer(1), now())
            exchanges.record(db, "push", now(), count=3, bytes=4_096, ms=21)
            exchanges.record(db, "pull", now(), count=1_234, bytes=5_000_000, ms=1_050)
            keep_link(db, LinkMeasured(412.0, stamp(now())))
        for seat, found in enumerate(SEATS, 1):
            see(lab, seat, found)
        yield lab


def put(db: Database, number: int, card: TaskCard) -> None:
    sha256 = f"{number:064x}"
    card.video.sha256, card.video.bytes = sha256, 1_000_000 * (number + 1)
    videos.want(db, card.video)
    tasks.put(db, card, now())
    if number < 5:
        videos.set_ready(db, sha256, now())
    elif number > 8:
        for _ in range(videos.TRIES_MAX):
            videos.set_failed(db, sha256, "内容校验不一致")


def see(lab: Lab, seat: int, found: Measured | None) -> None:
    with lab.store.writing() as db:
        pcs.see(db, f"{seat:032x}", f"192.168.1.{seat}", GOOD.agent, now())
        if found is not None:
            pcs.measure(db, f"{seat:032x}", msgspec.json.encode(found).decode(), now())


@pytest.fixture(scope="module")
def technician(lab: Lab) -> Pc:
    return lab.at_work(SUN)


@pytest.fixture
def db(lab: Lab) -> Iterator[Database]:
    with lab.store.reading() as found:
        yield found


def of_group(db: Database, group: int, state: str) -> int:
    sql = (
        "SELECT count(*) FROM task t JOIN video v ON v.sha256 = t.video_sha256"
        " WHERE t.item_group_id = ? AND v.state = ?"
    )
    return one(db, sql, group, state)


def test_the_cache(technician: Pc, db: Database) -> None:
    page = technician.get("/cache").text
    groups, failed = tables(page)
    labels = {group.label: group.id for group in exam.groups(db)}
    assert len(groups) == 1 + len(labels)
    for row in groups[1:]:
        group = labels[row[1]]
        parts = [of_group(db, group, state) for state in ("ready", "wanted", "failed")]
        assert all(parts)
        assert row[3:5] == [str(sum(parts)), str(parts[0])]
        assert row[6:8] == [str(parts[1]), str(parts[2])]
        size = one(
            db,
            "SELECT sum(v.bytes) FROM task t JOIN video v ON v.sha256 = t.video_sha256"
            " WHERE t.item_group_id = ?",
            group,
        )
        assert row[8] == f"{size / 1e6:.1f} MB"
    assert len(failed) - 1 == one(db, "SELECT count(*) FROM video WHERE state = 'failed'") > 0
    missing = one(db, "SELECT sum(bytes) FROM video WHERE state <> 'ready'")
    assert f"还差 {missing / 1e6:.1f} MB" in words(page)


def test_the_status(technician: Pc, db: Database) -> None:
    page = technician.get("/status").text
    shown = words(page)
    pending = one(db, "SELECT count(*) FROM outbox WHERE state = 'pending'")
    assert f"待上报记录 {pending} 条" in shown
    assert pending > 0
    for group in exam.groups(db):
        ready = of_group(db, group.id, "ready")
        total = one(db, "SELECT count(*) FROM task WHERE item_group_id = ?", group.id)
        failed = of_group(db, group.id, "failed")
        said = f"{group.label} {ready} / {total}" + (f"，失败 {failed}" if failed else "")
        assert (said if ready < total else f"{group.label} 已全部在本机") in shown
    assert ["接收", "1,234 条", "5.0 MB"] in [row[1:] for row in tables(page)[0]]
    online = one(
        db,
        "SELECT count(*) FROM session s JOIN account a ON a.id = s.account_id"
        " WHERE a.role IN ('marker', 'leader')",
    )
    assert f"{online} 人在线" in shown


def test_what_is_sent(technician: Pc, db: Database) -> None:
    page = technician.get("/sync").text
    queue = dict(re.findall(r"<dt>([^<]*)</dt><dd>(\d+) 条</dd>", page))
    for kind, label in (("mark", "评分和标记"), ("holding", "视频缓存变化")):
        sql = "SELECT count(*) FROM outbox WHERE kind = ? AND state = 'pending'"
        assert queue[label] == str(one(db, sql, kind))
    pending = one(db, "SELECT count(*) FROM outbox WHERE state = 'pending'")
    assert sum(map(int, queue.values())) == pending > 0
    rows = tables(page)[-1][1:]
    truth = db.conn.execute("SELECT count, bytes, ms FROM exchange ORDER BY id DESC").fetchall()
    assert [(r[2], r[4]) for r in rows] == [(f"{n:,}", f"{ms:,}") for n, _, ms in truth]


def test_the_pcs(technician: Pc, db: Database) -> None:
    page = technician.get("/pcs").text
    total = one(db, "SELECT count(*) FROM pc")
    checked = one(db, "SELECT count(*) FROM pc WHERE checked_at IS NOT NULL")
    legend = {k: int(n) for k, n in re.findall(r"</span>(\S+) (\d+)</li>", page)}
    assert sum(legend.values()) == total == len(SEATS)
    assert (legend["就绪"], legend["未检测"]) == (2, total - checked)
    assert legend["建议处理"] + legend["不能阅卷"] == 2
    assert "412" in words(page)
    rows = {row[0]: row for row in tables(page)[0][1:]}
    measured = db.conn.execute("SELECT address, measured FROM pc WHERE checked_at IS NOT NULL")
    for address, text in measured.fetchall():
        found, row = msgspec.json.decode(text), rows[address.rpartition(".")[2]]
        assert row[5] == f"{found['width']} × {found['height']}"
        assert row[6] == f"{100 * found['dropped'] / found['frames']:.1f}"
        assert row[7] == f"{found['mbit']:.0f}"


def test_the_settings(lab: Lab, technician: Pc) -> None:
    page = technician.get("/settings").text
    assert f'value="{lab.state.settings.bandwidth_mbit:g}"' in page
