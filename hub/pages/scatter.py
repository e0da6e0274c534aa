"""The scatter of markers as numbers: severity across, disagreement upwards."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.pages.charts import Label

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 14, 262
LEAN_MIN, APART_MIN = 0.5, 0.4
"""The axes reach at least so far, so that small differences look small."""


@dataclass(frozen=True, slots=True)
class Dot:
    lean: float | None
    """Severity; a dot without it is not drawn."""
    apart: float
    """Share of criteria in which the other mark was another."""
    tone: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Placed:
    x: float
    y: float
    dot: Dot


@dataclass(frozen=True, slots=True)
class Scatter:
    dots: tuple[Placed, ...]
    """Each a link of its own."""
    count: int
    quiet: str
    """Of many dots those without an alert, as one path of an SVG."""
    across: tuple[Label, ...]
    upwards: tuple[Label, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = BOTTOM


def scatter(dots: Sequence[Dot], links_max: int) -> Scatter:
    drawn = [(dot, dot.lean) for dot in dots if dot.lean is not None]
    lean_max = max([LEAN_MIN, *(abs(lean) for _, lean in drawn)])
    apart_max = max([APART_MIN, *(dot.apart for dot, _ in drawn)])

    def x(lean: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (lean / lean_max + 1) / 2, 1)

    def y(apart: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * apart / apart_max, 1)

    placed = [Placed(x(lean), y(dot.apart), dot) for dot, lean in drawn]
    quiet = [one for one in placed if one.dot.tone == "ok"] if len(placed) > links_max else []
    steps = (-1.0, -0.5, 0.0, 0.5, 1.0)
    return Scatter(
        tuple(one for one in placed if not quiet or one.dot.tone != "ok"),
        len(placed),
        "".join(f"M{one.x} {one.y}h0" for one in quiet),
        tuple(Label(x(part * lean_max), f"{part * lean_max:+.2f}") for part in steps),
        tuple(Label(y(part * apart_max / 4), f"{part * apart_max / 4:.0%}") for part in range(5)),
    )
