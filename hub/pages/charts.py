"""Charts as numbers: where the points, bars and labels of a drawing stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hub.store.counts import Arrivals

SPAN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Label:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """In a box of `width` by `height`; y grows downwards."""

    width: int
    height: int
    left: int
    bottom: int
    line: str
    """Points for a polyline; empty when there is nothing to draw."""
    last_x: float
    last_y: float
    last_text: str
    ticks: tuple[Label, ...]
    """On the upright axis, from 0 upwards."""
    hours: tuple[Label, ...]


def pace(arrivals: Sequence[Arrivals], begin: datetime, moment: datetime) -> LineChart:
    """Marks per ten minutes from `begin` until now; the span that still runs is left out."""
    counts = _by_span(arrivals)
    first = span_of(begin)
    spans = [first + n * SPAN for n in range(max(0, int((span_of(moment) - first) / SPAN)))]
    values = [counts.get(span, 0) for span in spans]
    return _draw(spans, values) if any(values) else _draw([], [])


def _by_span(arrivals: Sequence[Arrivals]) -> Mapping[datetime, int]:
    counts: dict[datetime, int] = {}
    for arrival in arrivals:
        span = datetime.fromisoformat(arrival.span + "0").replace(tzinfo=UTC)
        counts[span] = counts.get(span, 0) + arrival.count
    return counts


def span_of(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute // 10 * 10, second=0, microsecond=0)


def _draw(spans: Sequence[datetime], values: Sequence[int]) -> LineChart:
    width, height, left, right, top, bottom = 390, 180, 44, 20, 12, 156
    ceiling, step = _scale(max(values, default=0))
    stride = (width - left - right) / max(1, len(values) - 1)
    points = [
        (left + stride * n, bottom - (bottom - top) * value / ceiling)
        for n, value in enumerate(values)
    ]
    ticks = [
        Label(bottom - (bottom - top) * n / ceiling, f"{n:,}") for n in range(0, ceiling + 1, step)
    ]
    hours = [
        Label(points[n][0], f"{span.astimezone():%H:%M}")
        for n, span in enumerate(spans)
        if n % max(1, len(spans) // 5) == 0
    ]
    x, y = points[-1] if points else (0.0, 0.0)
    return LineChart(
        width,
        height,
        left,
        bottom,
        " ".join(f"{px:.1f},{py:.1f}" for px, py in points) if len(points) > 1 else "",
        round(x, 1),
        round(y, 1),
        f"{values[-1]:,}" if values else "",
        tuple(ticks),
        tuple(hours),
    )


def _scale(largest: int) -> tuple[int, int]:
    """A round ceiling above the largest value, and three or four steps to it."""
    power = 1
    while power * 10 <= max(largest, 1):
        power *= 10
    for factor in (0.5, 1, 2, 2.5, 5, 10):
        step = int(power * factor)
        if step and step * 4 >= largest:
            return max(step, step * -(-largest // step)), step
    return power * 10, power * 10


@dataclass(frozen=True, slots=True)
class Beat:
    tone: str
    """"ok", "warn" for a backlog, "bad" for a minute without a sign, "none" before the first."""
    height: int


def last_whole_minute(moment: datetime) -> int:
    """Since 1970; in the one that still runs a node may yet be heard."""
    return int(moment.timestamp()) // 60 - 1


def beats(pending_by_minute: Mapping[int, int], last_minute: int, backlog: int) -> list[Beat]:
    """The last 60 minutes, oldest first."""
    first = min(pending_by_minute, default=last_minute + 1)
    return [
        _beat(pending_by_minute.get(minute), minute < first, backlog)
        for minute in range(last_minute - 59, last_minute + 1)
    ]


def _beat(pending: int | None, is_before: bool, backlog: int) -> Beat:
    if pending is None:
        return Beat("none", 4) if is_before else Beat("bad", 7)
    return Beat("warn", 11) if pending >= backlog else Beat("ok", 16)
