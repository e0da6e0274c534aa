"""The site check: a good PC passes, each fault is named with a remedy, the manual's lines hold."""

from dataclasses import replace

import pytest

from shared.rules.site import (
    KEYS,
    Line,
    Measured,
    SiteFacts,
    Tone,
    judge_pc,
    judge_site,
    link_mbit_needed,
    worst,
)

WINDOWS = "Mozilla/5.0 (Windows NT {}; Win64; x64) AppleWebKit/537.36 Chrome/{}.0.0.0 Safari/537.36"
GOOD = Measured(
    agent=WINDOWS.format("10.0", 120),
    width=1366,
    height=768,
    inner_width=1366,
    zoom_percent=100,
    memory_gb=4.0,
    frames=125,
    dropped=0,
    left=(3, 3),
    right=(4, 4),
    keys=KEYS,
    mbit=94.0,
    ping_ms=2.0,
)


def line(found: Measured, name: str) -> Line:
    return next(line for line in judge_pc(found) if line.name == name)


def test_a_good_pc_passes() -> None:
    lines = judge_pc(GOOD)
    assert {one.tone for one in lines} == {Tone.OK}
    assert worst(lines) is Tone.OK


def test_nothing_is_said_of_what_was_not_measured() -> None:
    lines = judge_pc(Measured())
    assert {one.tone for one in lines} == {Tone.OPEN}
    assert worst(lines) is Tone.OPEN


FAULTS = {
    "browser: none of Chrome": (replace(GOOD, agent="Mozilla/5.0 Firefox/115.0"), Tone.BAD),
    "browser: too old": (replace(GOOD, agent=WINDOWS.format("10.0", 108)), Tone.BAD),
    "browser: lacks what we need": (replace(GOOD, missing=("dialog",)), Tone.BAD),
    "browser: 109 on Windows 7": (replace(GOOD, agent=WINDOWS.format("6.1", 109)), Tone.WARN),
    "browser: 109 elsewhere": (replace(GOOD, agent=WINDOWS.format("10.0", 109)), Tone.WARN),
    "screen: 1024 wide": (replace(GOOD, width=1024, inner_width=1024), Tone.BAD),
    "screen: 1280 wide": (replace(GOOD, width=1280, inner_width=1280), Tone.WARN),
    "screen: zoomed": (replace(GOOD, inner_width=1093, zoom_percent=125), Tone.WARN),
    "memory: 2 GB": (replace(GOOD, memory_gb=2.0), Tone.WARN),
    "video: nothing shown": (replace(GOOD, frames=0, dropped=0), Tone.BAD),
    "video: every third frame lost": (replace(GOOD, dropped=42), Tone.BAD),
    "video: a tenth lost": (replace(GOOD, dropped=12), Tone.WARN),
    "sound: muted": (replace(GOOD, left=(3, 0), right=(4, 0)), Tone.BAD),
    "sound: one ear": (replace(GOOD, right=(4, 2)), Tone.BAD),
    "speed: 5 Mbit/s": (replace(GOOD, mbit=5.0), Tone.BAD),
    "speed: 15 Mbit/s": (replace(GOOD, mbit=15.0), Tone.WARN),
    "speed: far away": (replace(GOOD, ping_ms=250.0), Tone.WARN),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_found_alone_and_has_a_remedy_and_a_word(name: str) -> None:
    found, tone = FAULTS[name]
    wrong = [one for one in judge_pc(found) if one.tone is not Tone.OK]
    assert [(one.name, one.tone) for one in wrong] == [(name.split(":")[0], tone)]
    assert wrong[0].remedy and wrong[0].text
    assert 0 < len(wrong[0].short) <= 4


def test_a_key_that_was_not_pressed_is_named() -> None:
    found = line(replace(GOOD, keys=("3", "2", "1", "Enter", "D")), "keys")
    assert (found.tone, found.text) == (Tone.OPEN, "还没有按到：0 F")


def test_what_is_red_counts_before_what_is_unfinished() -> None:
    assert worst(judge_pc(replace(Measured(), agent="Firefox/115.0"))) is Tone.BAD


@pytest.mark.parametrize(("markers", "mbit"), [(0, 300), (30, 300), (31, 310), (80, 800)])
def test_the_line_that_the_manual_asks_for(markers: int, mbit: int) -> None:
    assert link_mbit_needed(markers) == mbit


@pytest.mark.parametrize(
    ("mbit", "tone"),
    [(None, Tone.OPEN), (500, Tone.OK), (499, Tone.WARN), (167, Tone.WARN), (160, Tone.BAD)],
)
def test_a_line_is_held_against_the_number_of_markers(mbit: float | None, tone: Tone) -> None:
    link = judge_site(SiteFacts(50, [], mbit))[0]
    assert link.tone is tone and "500" in link.text
    assert bool(link.remedy) == (tone is not Tone.OK)


def test_a_lab_needs_as_many_good_pcs_as_markers() -> None:
    few = judge_site(SiteFacts(3, [Tone.OK, Tone.WARN, Tone.BAD, Tone.OPEN], 999))
    assert [one.tone for one in few] == [Tone.OK, Tone.WARN, Tone.WARN]
    assert few[2].text == "1 台不能阅卷，1 台没有做完，1 台建议处理"
    enough = judge_site(SiteFacts(2, [Tone.OK, Tone.OK], 999))
    assert worst(enough) is Tone.OK
