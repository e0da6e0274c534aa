"""场地就绪: a lab says how ready it is; the city sees which districts are, and why not."""

from pathlib import Path

import msgspec
import pytest

from hub.api import site
from hub.api.site import STREAM_S, STREAMS_MAX, Measuring
from hub.pages.readiness import lab_rows
from hub.store import readiness
from node.store import pcs
from node.uplink.client import HubClient, Identity
from node.uplink.clock import HubClock
from node.uplink.ready import ReadyTeller
from node.uplink.state import LinkState
from node.work.site_check import LinkMeasured, keep_link, ready_report
from shared.kit.clock import now, stamp
from shared.kit.refusal import Refusal
from shared.rules.site import Tone
from shared.wire import paths
from shared.wire.ready import ReadyLine, ReadyReport
from tests.hub.door import AtDoor, at_door
from tests.hub.makers import an_allocated_hub, hear_of
from tests.hub.pages import a_browser, sign_in, store_of
from tests.makers import a_node_store
from tests.node.standin_hub import enrolled


def a_report(tone: Tone = Tone.OK) -> ReadyReport:
    remedy = "" if tone is Tone.OK else "请联系运营商提速。"
    return ReadyReport(
        tone=tone,
        markers=12,
        pcs={Tone.OK: 12, Tone.WARN: 1},
        link_mbit=123.0,
        link_mbit_needed=300,
        lines=[ReadyLine("出口带宽", tone, "实测 123 Mbit/s", remedy)],
    )


def test_the_city_keeps_what_a_node_says_of_its_lab(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        for report in (a_report(Tone.BAD), a_report()):
            answer = await door.ask(paths.READY, msgspec.json.encode(report))
            assert answer.status_code == 200, answer.text
            with door.store.reading() as db:
                assert readiness.by_node(db)[door.node].report == report

    at_door(tmp_path, visit)


def test_what_a_real_node_found_out_stands_on_the_citys_page(tmp_path: Path) -> None:
    lab = a_node_store(tmp_path / "node")
    enrolled(lab)
    with lab.writing() as db:
        pcs.see(db, "a" * 32, "192.168.1.12", "", now())
        keep_link(db, LinkMeasured(123.0, stamp(now())))
        expected = ready_report(db)
    state = LinkState(is_connected=True)

    async def visit(door: AtDoor) -> None:
        client = HubClient(door.http, Identity(door.node, door.secret), HubClock())
        await ReadyTeller(lab, client, state).tell()
        with door.store.reading() as db:
            assert readiness.by_node(db)[door.node].report == expected
            [row] = [row for row in lab_rows(db, now()) if row.district_id == door.node]
        assert any("实测 123 Mbit/s" in reason.text for reason in row.reasons)

    at_door(tmp_path / "hub", visit)
    lab.close()


def test_a_later_node_may_say_more(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        body = msgspec.json.encode(msgspec.to_builtins(a_report()) | {"new": 1})
        assert (await door.ask(paths.READY, body)).status_code == 200
        assert (await door.ask(paths.READY, b'{"tone": "fine"}')).status_code == 400

    at_door(tmp_path, visit)


def test_nobody_but_a_node_is_heard_or_given_bytes(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        door.secret = "11" * 32
        body = msgspec.json.encode(a_report())
        assert (await door.ask(paths.READY, body)).status_code == 401
        assert (await door.ask(paths.MEASURE, method="GET")).status_code == 401

    at_door(tmp_path, visit)


def test_a_node_is_given_bytes_to_measure_its_line_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "STREAM_S", 0.1)
    # In memory they come by the gigabyte.
    monkeypatch.setattr(site, "CHUNK_BYTES", 1_000)

    async def visit(door: AtDoor) -> None:
        answer = await door.ask(paths.MEASURE, method="GET")
        assert answer.status_code == 200
        assert len(answer.content) % site.CHUNK_BYTES == 0 and answer.content

    at_door(tmp_path, visit)


def test_the_page_names_the_districts_that_are_not_ready_first_and_why(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        for node in (1, 2, 4):
            hear_of(db, node, now())
        readiness.put(db, 1, a_report(), now())
        readiness.put(db, 2, a_report(Tone.BAD), now())
        readiness.put(db, 3, a_report(), now())
    with store.reading() as db:
        rows = lab_rows(db, now())
    store.close()
    tones = {row.district_id: row.tone for row in rows}
    assert tones[2] is Tone.BAD and tones[3] is Tone.BAD and tones[4] is Tone.OPEN
    assert [row.tone for row in rows][:2] == [Tone.BAD, Tone.BAD]
    why = {row.district_id: [reason.text for reason in row.reasons] for row in rows}
    assert "出口带宽：实测 123 Mbit/s" in why[2]
    assert "节点离线" in why[3]
    assert "还没有上报场地核查" in why[4]
    assert all(text.startswith("可用磁盘") for text in why[1]), "nothing of the site"


def test_a_district_without_a_node_is_not_passed_over(tmp_path: Path) -> None:
    an_allocated_hub(tmp_path, works=1).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        with store_of(browser).writing() as db:
            db.conn.execute("UPDATE node SET state = 'retired' WHERE district_id = 2")
        text = browser.get("/readiness").text
        assert "4 个区县中 0 个可以阅卷" in text
        assert "还没有节点" in text and "生成接入码" in text
        part = browser.get("/readiness", headers={"X-Part": "1"}).text
        assert "<html" not in part and "还没有节点" in part


def test_labs_that_measure_at_once_are_few_and_one_that_broke_off_is_forgotten() -> None:
    measuring = Measuring()
    for _ in range(STREAMS_MAX):
        measuring.begin(100.0)
    with pytest.raises(Refusal) as refused:
        measuring.begin(100.0 + STREAM_S - 1)
    assert refused.value.status == 429
    measuring.begin(100.0 + STREAM_S)
