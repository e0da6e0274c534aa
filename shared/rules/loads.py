"""How many marks everybody is due: equal to within one, or in proportion to capacity."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Share:
    """What one of those who divide a total may get."""

    due: Fraction
    """The exact share."""
    low: int
    high: int
    district: int


def shares(capacities: Sequence[tuple[int, int]], works: int) -> list[Share]:
    """Each hand's share in one round, from (district, capacity): within one of what is due."""
    total = sum(capacity for _, capacity in capacities)
    return [
        Share(
            due=Fraction(works * capacity, total),
            low=works * capacity // total,
            high=-(-works * capacity // total),
            district=district,
        )
        for district, capacity in capacities
    ]


def over_two_rounds(share: Share) -> Share:
    return Share(2 * share.due, 2 * share.low, 2 * share.high, share.district)


def paired(of_district: Sequence[Share]) -> Share | None:
    """The works a district may take when both of their marks are given in it; None when no
    number is possible: nobody marks a work twice, so nobody may have more marks than that.
    """
    base = sum(share.low for share in of_district)
    spare = sum(share.high - share.low for share in of_district)
    possible = [works for works in range(base, base + spare + 1) if _can_pair(of_district, works)]
    if not possible:
        return None
    due = sum((share.due for share in of_district), Fraction(0))
    return Share(due, possible[0], possible[-1], of_district[0].district)


def _can_pair(of_district: Sequence[Share], works: int) -> bool:
    if any(2 * share.low > works for share in of_district):
        return False
    return sum(min(2 * share.high, works) for share in of_district) >= 2 * works


def divide(
    total: int, among: Sequence[Share], rooms: Mapping[int, int], rng: random.Random
) -> list[int]:
    """The total by largest remainder, ties at random, no district above its room.

    It comes out smaller than the total only when the rooms leave no way.
    """
    loads = [share.low for share in among]
    left = dict(rooms)
    for share in among:
        left[share.district] -= share.low
    steps = [
        (share.due - share.low - step, index)
        for index, share in enumerate(among)
        for step in range(share.high - share.low)
    ]
    rng.shuffle(steps)
    steps.sort(key=lambda step: step[0], reverse=True)
    missing = total - sum(loads)
    for _, index in steps:
        district = among[index].district
        if missing > 0 and left[district] > 0:
            loads[index] += 1
            left[district] -= 1
            missing -= 1
    return loads
