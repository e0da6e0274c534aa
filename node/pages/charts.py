"""The traffic of the last half hour as the points of a drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def _y(mbit: float, top: float) -> float:
    return round(HEIGHT * (1 - mbit / top / HEADROOM), 1)


def _text(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
