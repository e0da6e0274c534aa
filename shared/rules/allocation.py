"""Who marks what in rounds 1 and 2, dealt at once; choosing.py has rounds 3 and 4."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from shared.rules.loads import Share, divide, over_two_rounds, paired
from shared.rules.parts import Hand, Part, Unmet, Work, parts, unmet
from shared.rules.policy import Policy
from shared.rules.swaps import fill

__all__ = ["Dealt", "Hand", "Unmet", "Work", "deal", "preflight"]


@dataclass(frozen=True, slots=True)
class Dealt:
    """One task."""

    work: int
    round: int
    hand: int
    position: int
    """Its place in that hand's list, from 0; rounds 1 and 2 are mixed."""


def preflight(works: Sequence[Work], hands: Sequence[Hand], policy: Policy) -> list[Unmet]:
    """All that keeps these works from being dealt; empty means that `deal` will succeed."""
    return [finding for part in parts(works, hands, policy) for finding in unmet(part)]


def deal(works: Sequence[Work], hands: Sequence[Hand], policy: Policy, seed: str) -> list[Dealt]:
    """Rounds 1 and 2 of one item group, in order of works.

    A function of what is given and the seed, in whatever order it is given. ValueError when
    `preflight` finds anything.
    """
    if findings := preflight(works, hands, policy):
        raise ValueError(f"cannot be dealt: {findings}")
    rng = random.Random(seed)
    dealt = []
    for part in parts(works, hands, policy):
        pairs = _pairs_spread(part, rng) if part.is_spread else _pairs_together(part, rng)
        ordered = in_rounds(pairs, len(part.hands), rng)
        dealt += listed(part, ordered, [0] * len(part.hands), rng)
    return dealt


def _pairs_spread(part: Part, rng: random.Random) -> list[int]:
    """Both hands of each work, of two districts: indexes of hands, two for each work."""
    takers = [over_two_rounds(share) for share in part.shares()]
    return onto_works(part, divide(2 * len(part.works), takers, part.rooms(), rng), rng)


def onto_works(part: Part, loads: Sequence[int], rng: random.Random) -> list[int]:
    """So many marks of each hand, put onto works of two districts: two hands for each work."""
    waiting: dict[int, list[int]] = {district: [] for district in part.districts}
    for index, (hand, load) in enumerate(zip(part.hands, loads, strict=True)):
        waiting[hand.district] += [index] * load
    kinds = fill(homes_of(part), 2, [len(waiting[d]) for d in part.districts], rng)
    for indexes in waiting.values():
        rng.shuffle(indexes)
    by_kind = [waiting[district] for district in part.districts]
    return [by_kind[kind].pop() for kind in kinds]


def _pairs_together(part: Part, rng: random.Random) -> list[int]:
    """Both hands of each work, of one district: indexes of hands, two for each work."""
    by_district = part.by_district()
    takers = [share for of in by_district.values() if (share := paired(of))]
    counts = divide(len(part.works), takers, part.rooms(), rng)
    kinds = fill(homes_of(part), 1, counts, rng)
    indexes = {d: [i for i, h in enumerate(part.hands) if h.district == d] for d in by_district}
    dealt = []
    for (district, of_district), works in zip(by_district.items(), counts, strict=True):
        members = indexes[district]
        dealt.append([members[kind] for kind in _pairs_within(of_district, works, rng)])
    return [dealt[kind].pop() for kind in kinds for _ in range(2)]


def _pairs_within(of_district: Sequence[Share], works: int, rng: random.Random) -> list[int]:
    """Two hands of a district for each of so many works; nobody twice on one."""
    takers = [
        Share(2 * share.due, 2 * share.low, min(2 * share.high, works), share.district)
        for share in of_district
    ]
    loads = divide(2 * works, takers, {takers[0].district: 2 * works}, rng)
    return fill([-1] * works, 2, loads, rng)


def homes_of(part: Part) -> list[int]:
    """For each work the kind (a place in part.districts) that may not mark it."""
    if not part.is_home_excluded:
        return [-1] * len(part.works)
    kind_of = {district: kind for kind, district in enumerate(part.districts)}
    return [kind_of.get(work.district, -1) for work in part.works]


def in_rounds(pairs: list[int], hands: int, rng: random.Random) -> list[int]:
    """The pairs again, each in the order of rounds, so that every hand's marks are halved.

    A work is an edge between its two hands. Walking all edges once, and naming the hand an
    edge leaves the first round, leaves and enters each hand equally often: within one where
    the number is odd, if the walks begin and end at such hands first.
    """
    edges: list[list[int]] = [[] for _ in range(hands)]
    for place, hand in enumerate(pairs):
        edges[hand].append(place // 2)
    odd = {hand for hand in range(hands) if len(edges[hand]) % 2}
    order = list(range(hands))
    rng.shuffle(order)
    ordered = [-1] * len(pairs)
    for hand in order:
        if hand in odd:
            odd -= {hand, _walk(hand, edges, pairs, ordered)}
    for hand in order:
        _walk(hand, edges, pairs, ordered)
    return ordered


def _walk(start: int, edges: list[list[int]], pairs: list[int], ordered: list[int]) -> int:
    """Walk unused edges until there is none; the hand where it ends."""
    at = start
    while edges[at]:
        work = edges[at].pop()
        if ordered[2 * work] < 0:
            other = pairs[2 * work] + pairs[2 * work + 1] - at
            ordered[2 * work : 2 * work + 2] = (at, other)
            at = other
    return at


def listed(
    part: Part, ordered: Sequence[int], behind: Sequence[int], rng: random.Random
) -> list[Dealt]:
    """The tasks, each hand's in an order of its own, behind so many that it has already."""
    lists: list[list[int]] = [[] for _ in part.hands]
    for place, hand in enumerate(ordered):
        lists[hand].append(place)
    positions = [0] * len(ordered)
    for first, places in zip(behind, lists, strict=True):
        rng.shuffle(places)
        for position, place in enumerate(places, first):
            positions[place] = position
    return [
        Dealt(part.works[place // 2].id, place % 2 + 1, part.hands[hand].id, positions[place])
        for place, hand in enumerate(ordered)
    ]
