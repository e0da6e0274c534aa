"""机房电脑: the seats as a technician sees them, what may be done, and what the city is told."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import pytest

from node.store import pcs
from node.uplink import measure
from node.uplink.answers import Outage
from node.uplink.measure import LinkMeter
from node.uplink.ready import ReadyTeller
from node.uplink.state import LinkState
from node.work.site_check import LinkMeasured, keep_link, ready_report
from shared.kit.clock import now
from shared.rules.site import Measured, Tone
from shared.wire.ready import ReadyAnswer, ReadyReport
from tests.makers import SUN, WANG
from tests.node.door import Lab, Pc, a_lab
from tests.node.standin_hub import StandInHub
from tests.rules.test_site import GOOD, WINDOWS

IDS = ("a" * 32, "b" * 32, "c" * 32)
MUTED = replace(GOOD, left=(3, 0))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Seat 1 is well, seat 2 is muted, seat 3 has not checked itself."""
    with a_lab(tmp_path, first_sign_in="keep") as lab:
        for seat, found in ((1, GOOD), (2, MUTED), (3, None)):
            add_pc(lab, seat, found)
        yield lab


def add_pc(lab: Lab, seat: int, found: Measured | None) -> None:
    pc_id = IDS[seat - 1]
    with lab.store.writing() as db:
        pcs.see(db, pc_id, f"192.168.1.{seat}", GOOD.agent, now())
        if found:
            pcs.measure(db, pc_id, msgspec.json.encode(found).decode(), now())


@pytest.fixture
def technician(lab: Lab) -> Pc:
    return lab.at_work(SUN)


def test_the_seats_show_who_is_well_and_the_muted_one_has_its_remedy(technician: Pc) -> None:
    page = technician.get("/pcs").text
    assert [page.count(f'class="seat is-{tone}"') for tone in ("ok", "bad", "open")] == [1, 1, 1]
    assert "无声" in page and "未检测" in page
    one = technician.get(f"/pcs?pc={IDS[1]}").text
    assert "2 号机" in one and "请检查耳机是否插好" in one


def test_the_status_page_names_the_pc_and_what_to_do(technician: Pc) -> None:
    page = technician.get("/status").text
    assert "2 号机" in page and "请检查耳机是否插好" in page


def test_a_pc_on_which_somebody_marks_is_there_even_unchecked(lab: Lab, technician: Pc) -> None:
    lab.at_work(WANG)
    page = technician.get("/pcs").text
    assert 'class="seat is-busy"' in page and "王一一" in page


def test_a_seat_is_renamed_asked_to_check_again_and_removed(lab: Lab, technician: Pc) -> None:
    technician.post(f"/pcs/{IDS[0]}/rename", data={"seat": "A-07"})
    technician.post(f"/pcs/{IDS[0]}/again")
    page = technician.get(f"/pcs?pc={IDS[0]}").text
    assert "A-07 号机" in page and "待重检" in page
    technician.post(f"/pcs/{IDS[0]}/forget")
    assert "A-07" not in technician.get("/pcs").text


def test_all_are_asked_to_check_again(lab: Lab, technician: Pc) -> None:
    technician.post("/pcs/again")
    assert technician.get("/pcs").text.count('class="seat is-open"') == 3


def test_only_those_that_need_a_hand_can_be_listed(technician: Pc) -> None:
    rows = technician.get("/pcs?only=todo").text.split("<tbody>")[1]
    assert rows.count('<th scope="row">') == 1 and "无声" in rows


@pytest.mark.parametrize(
    "url", ["/pcs/again", f"/pcs/{IDS[0]}/again", f"/pcs/{IDS[0]}/forget", "/pcs/measure"]
)
def test_a_marker_changes_no_pc(lab: Lab, url: str) -> None:
    marker = lab.at_work(WANG)
    assert marker.post(url).status_code == 403
    assert marker.get("/pcs").status_code == 403


def test_a_line_cannot_be_measured_while_the_city_is_away(technician: Pc) -> None:
    answer = technician.post("/pcs/measure")
    assert answer.status_code == 303
    assert "连不上市级中心" in technician.get(answer.headers["location"]).text


def test_what_was_measured_is_held_against_the_manual(lab: Lab, technician: Pc) -> None:
    with lab.store.writing() as db:
        keep_link(db, LinkMeasured(250.0, "2023-04-11T06:00:00.000Z"))
    page = technician.get("/pcs").text
    assert "实测 250 Mbit/s；要求 300 Mbit/s（3 位老师）" in page
    assert "请确认线路独享" in page


def test_the_city_is_told_in_numbers_without_a_name_or_an_address(lab: Lab) -> None:
    lab.at_work(WANG)
    with lab.store.reading() as db:
        report = ready_report(db)
    assert report.pcs == {Tone.OK: 1, Tone.WARN: 0, Tone.BAD: 1, Tone.OPEN: 1}
    assert (report.tone, report.link_mbit, report.link_mbit_needed) == (Tone.OPEN, None, 300)
    text = msgspec.json.encode(report).decode()
    assert "192.168" not in text and "王一一" not in text


def test_a_windows_7_pc_is_amber(lab: Lab, technician: Pc) -> None:
    add_pc(lab, 1, replace(GOOD, agent=WINDOWS.format("6.1", 109)))
    page = technician.get("/pcs").text
    assert 'class="seat is-warn"' in page and "Win7" in page


def test_the_line_is_measured_by_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SECONDS", 0.2)
    hub, state = StandInHub(), LinkState()
    hub.wrong = [lambda _: httpx.Response(200, content=b"x" * 1_000_000)] * measure.STREAMS
    mbit = asyncio.run(LinkMeter(hub.client(), state).mbit())
    assert mbit > 0 and not state.is_measuring


def test_a_city_that_does_not_know_the_measurement_is_no_fast_line() -> None:
    hub, state = StandInHub(), LinkState()
    hub.wrong = [lambda _: httpx.Response(404)] * measure.STREAMS
    with pytest.raises(Outage, match="还不支持测速"):
        asyncio.run(LinkMeter(hub.client(), state).mbit())
    assert not state.is_measuring


def test_the_city_is_told_once_and_again_when_something_changed(lab: Lab) -> None:
    hub, state = StandInHub(), LinkState(is_connected=True)

    def hear(request: httpx.Request) -> httpx.Response:
        return hub._signed(request, ReadyAnswer("2023-04-11T06:00:00.000Z"))

    async def tell() -> None:
        teller = ReadyTeller(lab.store, hub.client(), state)
        hub.wrong = [hear]
        await teller.tell()
        await teller.tell()
        add_pc(lab, 3, GOOD)
        hub.wrong = [hear]
        await teller.tell()

    asyncio.run(tell())
    told = [msgspec.json.decode(asked.content, type=ReadyReport) for asked in hub.asked]
    assert [report.pcs[Tone.OK] for report in told] == [1, 2]


def test_a_city_that_does_not_listen_yet_is_told_again_later(lab: Lab) -> None:
    hub, state = StandInHub(), LinkState(is_connected=True)

    async def tell() -> None:
        teller = ReadyTeller(lab.store, hub.client(), state)
        hub.wrong = [lambda _: httpx.Response(404)] * 2
        await teller.tell()
        await teller.tell()

    asyncio.run(tell())
    assert len(hub.asked) == 2
