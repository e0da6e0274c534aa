"""The bandwidth plan: how much of the link videos may take at which time of the day."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from shared.kit.refusal import Refusal

_ENTRY = re.compile(r"(\d{1,2}:\d{2})-(\d{1,2}:\d{2}) +(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` until before `end`, over midnight where `end` is the earlier one."""

    start: time
    end: time
    mbit: float
    """0: no limit."""

    def hold_at(self, clock: time) -> bool:
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def parse_plan(text: str) -> tuple[Hours, ...]:
    """Entries like 08:30-12:00 100, with commas between them; Refusal where one cannot be read."""
    return tuple(_parse_entry(entry) for entry in text.split(",") if entry.strip())


def mbit_at(plan: Sequence[Hours], usual_mbit: float, clock: time) -> float:
    """The first entry that holds, else what is usual."""
    return next((hours.mbit for hours in plan if hours.hold_at(clock)), usual_mbit)


def _parse_entry(entry: str) -> Hours:
    match = _ENTRY.fullmatch(entry.strip())
    try:
        if match is None:
            raise ValueError(entry)
        return Hours(_clock(match.group(1)), _clock(match.group(2)), float(match.group(3)))
    except ValueError as error:
        raise Refusal(
            "setting_wrong",
            f"分时带宽 bandwidth_hours 中的“{entry.strip()}”写法不对，"
            "应如 08:30-12:00 100（时间段和 Mbit/s），各段用英文逗号分开。",
        ) from error


def _clock(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))
