"""Works that come after the allocation, dealt so that all loads end as even as they can be."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import zip_longest

from shared.rules.allocation import Dealt, homes_of, in_rounds, listed, onto_works
from shared.rules.even_rounds import even_rounds
from shared.rules.parts import Hand, Part, Unmet, Work, parts, unmet_districts
from shared.rules.policy import Policy
from shared.rules.swaps import fill


@dataclass(frozen=True, slots=True)
class Holder:
    """A hand, and how many tasks of rounds 1 and 2 of this item group it has already."""

    hand: Hand
    first: int
    second: int

    @property
    def total(self) -> int:
        return self.first + self.second

    @property
    def lean(self) -> int:
        """By how much they are more of round 1."""
        return self.first - self.second


def preflight_more(works: Sequence[Work], holders: Sequence[Holder], policy: Policy) -> list[Unmet]:
    """All that keeps these works from being dealt. Uneven loads do not: they are what it mends."""
    return [
        finding for part in parts(works, _able(holders, policy), policy) for finding in _unmet(part)
    ]


def deal_more(
    works: Sequence[Work], holders: Sequence[Holder], policy: Policy, seed: str
) -> list[Dealt]:
    """Rounds 1 and 2 of further works of one item group, in order of works.

    Each mark goes to somebody who has least for their capacity, among those whose district can
    still take one. A function of what is given and the seed, in whatever order it is given.
    ValueError when `preflight_more` finds anything.
    """
    if findings := preflight_more(works, holders, policy):
        raise ValueError(f"cannot be dealt: {findings}")
    rng = random.Random(seed)
    known = {holder.hand.id: holder for holder in holders}
    dealt = []
    for part in parts(works, _able(holders, policy), policy):
        held = [known[hand.id] for hand in part.hands]
        if part.is_spread:
            pairs = onto_works(part, _least_first(part, held, rng), rng)
        else:
            pairs = _pairs_together(part, held, rng)
        ordered = in_rounds(pairs, len(held), rng)
        even_rounds(part, ordered, [holder.lean for holder in held])
        dealt += listed(part, ordered, [holder.total for holder in held], rng)
    return dealt


def _able(holders: Sequence[Holder], policy: Policy) -> list[Hand]:
    """Where both marks of a work are given in one district, nobody is of use there alone."""
    able = [holder.hand for holder in holders if holder.hand.capacity > 0]
    if policy.placement == "spread":
        return able
    there = [hand.district for hand in able]
    return [hand for hand in able if there.count(hand.district) > 1]


def _unmet(part: Part) -> list[Unmet]:
    if not part.hands:
        return [Unmet("no_hands", part.district, 2 * len(part.works), 0)]
    if len(part.hands) < 2:
        return [Unmet("too_few_hands", part.district, 2, 1)]
    return unmet_districts(part)


def _share(total: int, hand: Hand) -> Fraction:
    """With half the next mark on top, so that loads come out in proportion to capacities."""
    return Fraction(2 * total + 1, 2 * hand.capacity)


Turn = tuple[Fraction, int, int]
"""Of a hand: share, lot, index. The least is next."""


def _lots(indexes: Sequence[int], leans: Sequence[int], rng: random.Random) -> dict[int, int]:
    """Who of equals is next: by lot, but those with more of round 1 and those with more of
    round 2 by turns, so that what they are given can make their rounds equal.
    """
    order = list(indexes)
    rng.shuffle(order)
    firsts = [index for index in order if leans[index] > 0]
    seconds = [index for index in order if leans[index] < 0]
    by_turns = [i for pair in zip_longest(firsts, seconds) for i in pair if i is not None]
    rest = [index for index in order if leans[index] == 0]
    return {index: lot for lot, index in enumerate(by_turns + rest)}


def _least_first(part: Part, held: Sequence[Holder], rng: random.Random) -> list[int]:
    """How many marks more each hand is given; no district more than it may touch works."""
    rooms, more = part.rooms(), [0] * len(held)
    lots = _lots(range(len(held)), [holder.lean for holder in held], rng)
    turns = [(_share(one.total, one.hand), lots[index], index) for index, one in enumerate(held)]
    heapify(turns)
    left = 2 * len(part.works)
    while left:
        _, lot, index = heappop(turns)
        hand = part.hands[index]
        if rooms[hand.district]:
            rooms[hand.district] -= 1
            more[index] += 1
            left -= 1
            heappush(turns, (_share(held[index].total + more[index], hand), lot, index))
    return more


def _pairs_together(part: Part, held: Sequence[Holder], rng: random.Random) -> list[int]:
    """Both hands of each work, of one district: the district whose next two have least."""
    now, rooms = [holder.total for holder in held], part.rooms()
    leans = [holder.lean for holder in held]
    waiting: list[list[Turn]] = []
    for district in part.districts:
        members = [i for i, hand in enumerate(part.hands) if hand.district == district]
        lots = _lots(members, leans, rng)
        waiting.append([(_share(now[i], part.hands[i]), lots[i], i) for i in members])
        heapify(waiting[-1])
    able = [place for place, district in enumerate(part.districts) if rooms[district]]
    districts = [(_next_two(waiting[place]), place) for place in able]
    heapify(districts)
    pairs: list[list[tuple[int, int]]] = [[] for _ in part.districts]
    for _ in part.works:
        _, place = heappop(districts)
        pairs[place].append(_take_two(part, waiting[place], now))
        if len(pairs[place]) < rooms[part.districts[place]]:
            heappush(districts, (_next_two(waiting[place]), place))
    kinds = fill(homes_of(part), 1, [len(of_district) for of_district in pairs], rng)
    for of_district in pairs:
        rng.shuffle(of_district)
    return [hand for kind in kinds for hand in pairs[kind].pop()]


def _next_two(turns: list[Turn]) -> Fraction:
    first = heappop(turns)
    both = first[0] + turns[0][0]
    heappush(turns, first)
    return both


def _take_two(part: Part, turns: list[Turn], now: list[int]) -> tuple[int, int]:
    first, second = heappop(turns), heappop(turns)
    for _, lot, index in (first, second):
        now[index] += 1
        heappush(turns, (_share(now[index], part.hands[index]), lot, index))
    return first[2], second[2]
