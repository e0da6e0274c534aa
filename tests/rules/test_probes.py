"""Probes come first in a half-day and one in twenty, and say nothing before there are enough."""

from datetime import datetime

import pytest

from shared.rules.probes import (
    LEAST,
    PROBE_FROM,
    alias,
    deal_in,
    half_day_start,
    is_probe,
    probe_alerts,
    probe_id,
    probed,
    repeats_due,
)
from shared.rules.quality import THRESHOLDS

TASKS = [f"t{n}" for n in range(60)]


def test_the_first_of_a_half_day_and_one_in_twenty_are_references() -> None:
    dealt = deal_in(TASKS, ["r0", "r1", "r2", "r3", "r4"], None, 20)
    assert [n for n, one in enumerate(dealt) if one[0] == "r"] == [0, 20, 40, 60]
    assert [one for one in dealt if one[0] == "t"] == TASKS


@pytest.mark.parametrize("asked_for", [1, 3, 60])
def test_whoever_marks_one_by_one_meets_the_same_order(asked_for: int) -> None:
    since: int | None = None
    tasks, references, met = TASKS[:], ["r0", "r1", "r2"], []
    while tasks:
        one = deal_in(tasks[:asked_for], references, since, 20)[0]
        met.append(one)
        if one[0] == "r":
            references.remove(one)
            since = 0
        else:
            tasks.remove(one)
            since = (since or 0) + 1
    assert met == deal_in(TASKS, ["r0", "r1", "r2"], None, 20)


def test_none_comes_after_the_last_task_nor_where_the_city_wants_none() -> None:
    assert deal_in([], ["r0"], None, 20) == []
    assert deal_in(TASKS, ["r0"], None, 0) == TASKS
    assert deal_in(["t"], ["r0"], 5, 20) == ["t"]


def test_the_half_day_ends_at_one() -> None:
    assert half_day_start(datetime(2023, 4, 13, 12, 59)).hour == 0  # noqa: DTZ001
    assert half_day_start(datetime(2023, 4, 13, 13, 0)).hour == 13  # noqa: DTZ001


def test_numbers_follow_from_the_seed_and_are_no_ordinary_ones() -> None:
    one = probe_id("seed", 7, "reference", 3)
    assert one == probe_id("seed", 7, "reference", 3)
    assert one != probe_id("seed", 7, "repeat", 3)
    assert PROBE_FROM <= one < 2**53
    assert is_probe(one)
    assert not is_probe(10_000_000)
    assert alias("seed", 7, "ZX-4F0175")[:3] == "ZX-"
    assert alias("seed", 7, "ZX-4F0175") != alias("seed", 8, "ZX-4F0175")


def test_two_in_a_hundred_are_asked_again() -> None:
    assert [repeats_due(n, 0, 2) for n in (0, 49, 50, 99, 100)] == [0, 0, 1, 1, 2]
    assert repeats_due(100, 2, 2) == 0
    assert repeats_due(1000, 0, 0) == 0


def test_agreement_with_the_experts_is_counted_by_criterion() -> None:
    found = probed([("333333", "333322")] * LEAST, [("333333", "333333")] * LEAST)
    assert found.reference.value == pytest.approx(4 / 6)
    assert found.lean.value == pytest.approx(2 / 6)
    assert found.repeat.value == 1
    (alert,) = probe_alerts(found)
    assert alert.tone == "warn"
    assert "66.7%" in alert.text
    assert THRESHOLDS.agreement_bad < 4 / 6 < THRESHOLDS.agreement_warn


def test_below_the_least_count_nothing_is_said() -> None:
    found = probed([("000000", "333333")] * (LEAST - 1), [])
    assert (found.reference.value, found.reference.n, found.repeat.n) == (None, LEAST - 1, 0)
    assert probe_alerts(found) == []
