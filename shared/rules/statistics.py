"""The few statistics that quality is told with: shares and means with intervals, kappa."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""Of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that may be shown, or not: `value` is None where there is too little to say."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


def figure_of_share(count: float, n: int, least: int) -> Figure:
    """A share with its Wilson interval (Wilson 1927), which holds at small n and near 0 and 1."""
    if n < max(least, 1):
        return Figure(None, n)
    share, spread = count / n, Z * Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Figure(share, n, max(0.0, middle - half), min(1.0, middle + half))


def figure_of_mean(total: float, squares: float, n: int, least: int) -> Figure:
    """A mean with the interval that its own spread gives."""
    if n < max(least, 2):
        return Figure(None, n)
    mean = total / n
    variance = max(0.0, (squares - n * mean * mean) / (n - 1))
    half = Z * sqrt(variance / n)
    return Figure(mean, n, mean - half, mean + half)


def median(values: list[int]) -> float:
    """Of at least one value."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else sum(ordered[middle - 1 : middle + 1]) / 2


def quadratic_kappa(table: Mapping[tuple[int, int], int], n: int, least: int) -> Figure:
    """Cohen's kappa with quadratic weights (Cohen 1968) over counts of (own, other) levels.

    The interval follows Fleiss, Cohen and Everitt (1969). `n` is the number of independent
    performances: six criteria of one singer are not six observations. There is no kappa where
    everybody gave one and the same level.
    """
    total = sum(table.values())
    if n < max(least, 1) or not total:
        return Figure(None, n)
    cells = {pair: count / total for pair, count in table.items()}
    own, other = _margin(cells, 0), _margin(cells, 1)
    span = max(max(pair) for pair in cells) - min(min(pair) for pair in cells)
    if span == 0:
        return Figure(None, n)

    def weight(a: int, b: int) -> float:
        return 1 - ((a - b) / span) ** 2

    seen = sum(part * weight(*pair) for pair, part in cells.items())
    chance = sum(p * q * weight(a, b) for a, p in own.items() for b, q in other.items())
    if chance == 1:
        return Figure(None, n)
    mean_own = {a: sum(q * weight(a, b) for b, q in other.items()) for a in own}
    mean_other = {b: sum(p * weight(a, b) for a, p in own.items()) for b in other}
    spread = sum(
        part * (weight(a, b) * (1 - chance) - (mean_own[a] + mean_other[b]) * (1 - seen)) ** 2
        for (a, b), part in cells.items()
    )
    variance = spread - (seen * chance - 2 * chance + seen) ** 2
    half = Z * sqrt(max(0.0, variance) / n) / (1 - chance) ** 2
    kappa = (seen - chance) / (1 - chance)
    return Figure(kappa, n, max(-1.0, kappa - half), min(1.0, kappa + half))


def _margin(cells: Mapping[tuple[int, int], float], place: int) -> dict[int, float]:
    margin: dict[int, float] = {}
    for pair, part in cells.items():
        margin[pair[place]] = margin.get(pair[place], 0.0) + part
    return margin
