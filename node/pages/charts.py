"""The traffic of the last half hour, and a person's pace of today, as the points of a drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from node.store.exchanges import Transfer

MINUTES = 30
WIDTH, HEIGHT = 340, 150
HEADROOM = 1.1


@dataclass(frozen=True, slots=True)
class LinkChart:
    """In Mbit/s; y grows downwards."""

    line: str
    area: str
    top: float
    top_y: float
    cap_y: float | None
    now_mbit: float


def link_chart(transfers: Sequence[Transfer], this_minute: int, cap_mbit: float) -> LinkChart:
    """`this_minute` is not over yet: the last full one counts as now."""
    mbit = {t.minute: t.bytes * 8 / 60 / 1e6 for t in transfers}
    values = [mbit.get(minute, 0.0) for minute in range(this_minute - MINUTES, this_minute)]
    top = max(1.0, cap_mbit, *values)
    points = [(n * WIDTH / (MINUTES - 1), _y(value, top)) for n, value in enumerate(values)]
    return LinkChart(
        line=_text(points),
        area=_text([(0, HEIGHT), *points, (WIDTH, HEIGHT)]),
        top=top,
        top_y=_y(top, top),
        cap_y=_y(cap_mbit, top) if cap_mbit else None,
        now_mbit=values[-1],
    )


SPAN = timedelta(minutes=10)
PACE_WIDTH, PACE_HEIGHT = 760, 70


@dataclass(frozen=True, slots=True)
class PaceChart:
    """Marks in ten minutes each, from the first one of today to now."""

    line: str
    most: int
    begin: datetime


def pace_chart(given: Mapping[datetime, int], moment: datetime) -> PaceChart | None:
    """None before the first ten minutes are over; those that still run are left out."""
    begin = min(given, default=moment)
    count = int((moment - begin) / SPAN)
    if count < 1:
        return None
    values = [given.get(begin + number * SPAN, 0) for number in range(count)]
    most, step = max(values), PACE_WIDTH / count
    points = [
        (edge * step, PACE_HEIGHT * (1 - value / max(most, 1)))
        for number, value in enumerate(values)
        for edge in (number, number + 1)
    ]
    return PaceChart(_text(points), most, begin)


def _y(mbit: float, top: float) -> float:
    return round(HEIGHT * (1 - mbit / top / HEADROOM), 1)


def _text(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
