"""设备自检 over HTTP: a PC says what it measured, the node judges, and knows the PC again."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from node.pages import check
from node.pages.people import COOKIE as NODE_COOKIE
from node.settings import settings_from
from node.store import pcs
from node.work.site_check import PC_COOKIE as COOKIE
from node.work.site_check import CheckedPc, lines_of
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.rules.site import KEYS, Tone, worst
from tests.makers import SUN, WANG
from tests.node.door import Lab, Pc, a_lab

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0"
GOOD: dict[str, Any] = {
    "width": 1920,
    "height": 1080,
    "inner_width": 1920,
    "zoom_percent": 100,
    "memory_gb": 4,
    "frames": 125,
    "dropped": 1,
    "left": [2, 2],
    "right": [5, 5],
    "keys": list(KEYS),
    "mbit": 94.1,
    "ping_ms": 1,
}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path) as lab:
        yield lab


def open_check(pc: Pc, cookie: str = "") -> str:
    """The cookie by which the node knows this PC."""
    headers = {"User-Agent": AGENT, "Cookie": f"{COOKIE}={cookie}"}
    answer = pc.get("/check", headers=headers)
    assert answer.status_code == 200
    return answer.cookies[COOKIE]


def tell(pc: Pc, cookie: str, **found: Any) -> dict[str, Any]:
    headers = {"User-Agent": AGENT, "Cookie": f"{COOKIE}={cookie}"}
    answer = pc.post("/api/check", json=found, headers=headers)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def everyone(lab: Lab) -> list[pcs.Pc]:
    with lab.store.reading() as db:
        return pcs.everyone(db)


def test_a_good_pc_passes_and_the_node_keeps_it(lab: Lab) -> None:
    pc = lab.pc()
    said = tell(pc, open_check(pc), **GOOD)
    assert said["verdict"]["tone"] == "ok" and said["verdict"]["title"] == "通过，可以阅卷"
    [known] = everyone(lab)
    assert worst(lines_of(known)) is Tone.OK and known.checked_at is not None


def test_a_muted_narrow_slow_pc_is_red_with_a_remedy_for_each(lab: Lab) -> None:
    pc = lab.pc()
    bad = GOOD | {"left": [3, 0], "width": 1024, "inner_width": 1024, "mbit": 5.0}
    said = tell(pc, open_check(pc), **bad)
    assert said["verdict"]["title"] == "这台电脑还不能阅卷"
    wrong = {line["name"] for line in said["lines"] if line["tone"] == "bad"}
    assert wrong == {"screen", "sound", "speed"}
    assert all(line["remedy"] for line in said["lines"] if line["tone"] == "bad")


def test_a_whole_lab_that_measures_at_once_does_so_in_turn(lab: Lab) -> None:
    async def measure() -> None:
        turns = asyncio.Semaphore(1)
        first, second = check.noise_in_turn(turns), check.noise_in_turn(turns)
        assert len(await anext(first)) == check.PIECE_BYTES
        waiting = asyncio.ensure_future(anext(second))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        # Its PC has gone away, or has seen enough.
        await first.aclose()  # type: ignore[attr-defined]
        assert len(await waiting) == check.PIECE_BYTES

    asyncio.run(measure())
    assert len(lab.pc().get("/api/check/speed").content) == check.SPEED_BYTES


def test_nobody_marks_on_a_pc_that_was_not_checked_today(tmp_path: Path) -> None:
    with a_lab(tmp_path, daily_check="must", first_sign_in="keep") as lab:
        pc = lab.at_work(WANG)
        assert pc.get("/mark").headers["location"] == "/check"
        cookie = open_check(pc)
        tell(pc, cookie, **GOOD | {"keys": [], "left": [3, 0]})
        assert pc.get("/mark").headers["location"] == "/check", "red, but not to its end"
        assert pc.post("/check/skip").status_code == 409
        tell(pc, cookie, **GOOD)
        assert pc.get("/mark").status_code == 200
        [known] = everyone(lab)
    checked, today = CheckedPc(known, lines_of(known)), now().astimezone().date()
    assert checked.is_of(today) and not checked.is_of(today + timedelta(days=1))


def test_where_the_technician_lets_people_skip_it_they_are_asked_once_a_day(
    tmp_path: Path,
) -> None:
    with a_lab(tmp_path, daily_check="must", first_sign_in="keep") as lab:
        technician, pc = lab.at_work(SUN), lab.at_work(WANG)
        assert pc.post("/settings/check", data={"daily_check": "off"}).status_code == 403
        technician.post("/settings/check", data={"daily_check": "may_skip"})
        assert settings_from(tmp_path, {}).daily_check == "may_skip"
        assert pc.get("/mark").headers["location"] == "/check"
        signed_in = f"{NODE_COOKIE}={pc.token}"
        shown = pc.get("/check", headers={"Cookie": signed_in}).text
        assert "今天跳过" in shown and "开始阅卷" in shown
        cookies = pc.post("/check/skip").cookies
        skipped = f"{signed_in}; {check.SKIP_COOKIE}={cookies[check.SKIP_COOKIE]}"
        assert pc.get("/mark", headers={"Cookie": skipped}).status_code == 200
        yesterday = f"{signed_in}; {check.SKIP_COOKIE}=2026-01-01"
        assert pc.get("/mark", headers={"Cookie": yesterday}).status_code == 303
        technician.post("/settings/check", data={"daily_check": "off"})
        assert pc.get("/mark").status_code == 200


def test_a_daily_check_that_there_is_not_is_refused(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text('daily_check = "sometimes"', "utf-8")
    with pytest.raises(Refusal, match="must、may_skip、off"):
        settings_from(tmp_path, {})


def test_a_pc_that_comes_back_is_the_same_one(lab: Lab) -> None:
    pc = lab.pc()
    cookie = open_check(pc)
    assert open_check(pc, cookie) == cookie
    assert len(everyone(lab)) == 1


def test_a_pc_whose_cookie_was_wiped_is_known_by_its_address(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    pc = lab.pc()
    cookie = open_check(pc)
    assert open_check(pc) != cookie, "another PC, as long as the first one is at work"
    monkeypatch.setattr(check, "UNHEARD", -check.UNHEARD)
    assert open_check(pc) in {one.id for one in everyone(lab)}
    assert len(everyone(lab)) == 2


def test_a_seat_gets_a_name(lab: Lab) -> None:
    pc = lab.pc()
    cookie = open_check(pc)
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    assert pc.post("/api/check/seat", json={"seat": " 12 "}, headers=headers).status_code == 200
    assert [one.name for one in everyone(lab)] == ["12"]


def test_to_be_checked_again_all_is_open_until_it_is(lab: Lab) -> None:
    pc = lab.pc()
    cookie = open_check(pc)
    tell(pc, cookie, **GOOD)
    with lab.store.writing() as db:
        pcs.check_again(db, cookie)
    assert worst(lines_of(everyone(lab)[0])) is Tone.OPEN
    tell(pc, cookie, **GOOD)
    assert worst(lines_of(everyone(lab)[0])) is Tone.OK


@pytest.mark.parametrize("wrong", [{"mbit": -1}, {"keys": ["x"] * 99}, {"other": 1}, {"left": [1]}])
def test_what_no_browser_measures_is_refused(lab: Lab, wrong: dict[str, Any]) -> None:
    pc = lab.pc()
    headers = {"Cookie": f"{COOKIE}={open_check(pc)}"}
    assert pc.post("/api/check", json=wrong, headers=headers).status_code == 400
    assert everyone(lab)[0].checked_at is None


def test_a_pc_that_the_node_does_not_know_is_told_to_begin_again(lab: Lab) -> None:
    for cookie in ("", "x", "0" * 32):
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        answer = lab.pc().post("/api/check", json=GOOD, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "pc_unknown")


def test_pcs_without_end_do_not_fill_the_disk(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcs, "KEPT_MAX", 3)
    cookies = [open_check(lab.pc()) for _ in range(5)]
    assert {one.id for one in everyone(lab)} == set(cookies[-3:])


def test_before_the_node_has_joined_there_is_nothing_to_check(tmp_path: Path) -> None:
    with a_lab(tmp_path, is_enrolled=False) as lab:
        assert lab.pc().get("/check").status_code == 409


def test_the_sign_in_page_says_how_this_pc_is(lab: Lab) -> None:
    pc = lab.pc()
    assert "今天还没有自检" in pc.get("/").text
    tell(pc, open_check(pc), **GOOD)
    assert "今天自检通过" in pc.get("/").text
    tell(pc, open_check(pc), **GOOD | {"left": [3, 0]})
    assert "声音" in pc.get("/").text
