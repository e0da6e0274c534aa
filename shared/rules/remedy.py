"""What would help where rounds 1 and 2 cannot be dealt evenly: smaller loads in some districts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from shared.rules.allocation import preflight
from shared.rules.parts import Hand, Part, Work, parts
from shared.rules.policy import Policy

FULL = 100
"""Percent of the capacity that somebody has."""


def eased(works: Sequence[Work], hands: Sequence[Hand], policy: Policy) -> dict[int, int]:
    """The percentage of their capacity at which the hands of each district that has too many for
    the works that they may mark could all be dealt to; empty where that is no remedy.

    It changes nobody's load: whether some shall do less than others is for the city to say.
    """
    part = next(parts(works, hands, policy), None)
    if part is None or part.district is not None:
        return {}
    shares = _shares(part)
    for rounded in (round, ceil, floor):
        percents = {d: max(1, rounded(FULL * share)) for d, share in shares.items() if share < 1}
        if percents and not preflight(works, _scaled(hands, percents), policy):
            return percents
    return {}


def _shares(part: Part) -> dict[int, Fraction]:
    """How much of an even load each district's hands can be given: 1 wherever it is all.

    The fullest districts first: what they cannot take goes, evenly, to all others.
    """
    marks = 1 if part.is_spread else 2
    rooms = {district: marks * room for district, room in part.rooms().items()}
    capacity = dict.fromkeys(part.districts, 0)
    for hand in part.hands:
        capacity[hand.district] += hand.capacity
    most = {district: Fraction(rooms[district], capacity[district]) for district in rooms}
    left, able = 2 * len(part.works), sum(capacity.values())
    even = max(most.values(), default=Fraction(0))
    for district in sorted(most, key=lambda d: most[d]):
        if Fraction(left, able) <= most[district]:
            even = Fraction(left, able)
            break
        left, able = left - rooms[district], able - capacity[district]
    return {district: min(Fraction(1), share / even) for district, share in most.items() if even}


def _scaled(hands: Sequence[Hand], percents: Mapping[int, int]) -> list[Hand]:
    return [
        replace(hand, capacity=max(1, hand.capacity * percents[hand.district] // FULL))
        if hand.district in percents and hand.capacity
        else hand
        for hand in hands
    ]
