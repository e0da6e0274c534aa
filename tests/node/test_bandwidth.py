"""The bandwidth plan: what videos may take of the link, by the hour."""

from datetime import time
from pathlib import Path

import pytest

from node.bandwidth import mbit_at, parse_plan
from node.settings import NodeSettings, settings_from
from shared.kit.refusal import Refusal

PLAN = "08:30-12:00 100, 13:30-17:30 80.5, 22:00-06:00 0"


@pytest.mark.parametrize(
    ("clock", "mbit"),
    [
        (time(8, 29, 59), 240.0),
        (time(8, 30), 100.0),
        (time(11, 59, 59), 100.0),
        (time(12, 0), 240.0),
        (time(15, 0), 80.5),
        (time(23, 0), 0.0),
        (time(5, 59), 0.0),
        (time(6, 0), 240.0),
    ],
)
def test_each_hour_has_its_own_limit(clock: time, mbit: float) -> None:
    assert mbit_at(parse_plan(PLAN), 240.0, clock) == mbit
    assert NodeSettings(bandwidth_hours=PLAN).bandwidth_at(clock) == mbit


def test_without_a_plan_the_one_limit_holds_all_day() -> None:
    assert NodeSettings(bandwidth_mbit=120).bandwidth_at(time(3, 0)) == 120


@pytest.mark.parametrize("plan", ["8-9 100", "08:30-25:00 1", "08:30-12:00", "08:30-12:00 -5", "x"])
def test_a_plan_that_cannot_be_read_is_refused_at_the_start(tmp_path: Path, plan: str) -> None:
    with pytest.raises(Refusal, match="bandwidth_hours"):
        settings_from(tmp_path, {"bandwidth_hours": plan})
