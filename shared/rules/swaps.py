"""Filling the places of works at random, then exchanging until nothing is where it may not be."""

import random
from collections.abc import Sequence

_RANDOM_TRIES = 30


class Places:
    """The places of works, `width` (1 or 2) each; a place holds a kind, all numbered from 0.

    A work never holds its home's kind, and never a kind twice.
    """

    def __init__(self, homes: Sequence[int], width: int, kinds: list[int]) -> None:
        self.homes = homes
        """The kind that each work refuses; -1 for none."""
        self.width = width
        self.kinds = kinds

    def may_hold(self, place: int, kind: int) -> bool:
        if kind == self.homes[place // self.width]:
            return False
        return self.width == 1 or kind != self.kinds[place ^ 1]

    def is_wrong(self, place: int) -> bool:
        return not self.may_hold(place, self.kinds[place])

    def are_of_one_work(self, one: int, other: int) -> bool:
        return one // self.width == other // self.width

    def exchange(self, one: int, other: int) -> None:
        kinds = self.kinds
        kinds[one], kinds[other] = kinds[other], kinds[one]


def fill(homes: Sequence[int], width: int, counts: Sequence[int], rng: random.Random) -> list[int]:
    """The kind at each place, kind k exactly counts[k] times, at random but for the two rules.

    Every exchange keeps the counts, and none spoils a place that was right. Where single
    exchanges found at random do not help, the shortest chain of them is searched: it exists
    whenever the counts can be met at all. ValueError says how many works are left
    wanting.
    """
    kinds = [kind for kind, count in enumerate(counts) for _ in range(count)]
    rng.shuffle(kinds)
    places = Places(homes, width, kinds)
    wrong = [place for place in range(len(kinds)) if places.is_wrong(place)]
    rng.shuffle(wrong)
    wanting = set()
    while wrong:
        place = wrong.pop()
        if not places.is_wrong(place) or _exchange_at_random(places, place, wrong, rng):
            continue
        if not _exchange_in_chain(places, place, wrong, rng):
            wanting.add(place // width)
    if wanting:
        raise ValueError(f"{len(wanting)} works cannot be filled")
    return kinds


def _exchange_at_random(places: Places, place: int, wrong: list[int], rng: random.Random) -> bool:
    """One exchange that puts this place right and no right one wrong, if a few tries find it.

    A third of the tries are at places known to be wrong: in tight cases most help is there.
    """
    kinds, everywhere = places.kinds, len(places.kinds)
    for attempt in range(_RANDOM_TRIES):
        if wrong and attempt % 3 == 0:
            other = wrong[int(rng.random() * len(wrong))]
        else:
            other = int(rng.random() * everywhere)
        if places.are_of_one_work(place, other) or not places.may_hold(place, kinds[other]):
            continue
        if places.may_hold(other, kinds[place]) or places.is_wrong(other):
            places.exchange(place, other)
            if places.is_wrong(other):
                wrong.append(other)
            return True
    return False


def _exchange_in_chain(
    places: Places, place: int, wrong: Sequence[int], rng: random.Random
) -> bool:
    """The shortest chain of exchanges that puts this place right.

    A breadth-first search over kinds, from those at wrong places to one that this place may
    hold. A link is a place that gives up its kind for the one before: an augmenting path.
    """
    holders = {places.kinds[place]: place}
    before: dict[int, int] = {}
    goal = _wrong_holders(places, place, wrong, holders)
    frontier = list(holders)
    while goal is None and frontier:
        goal, frontier = _next_links(places, place, frontier, holders, before, rng)
    if goal is None:
        return False
    chain = [goal]
    while chain[-1] in before:
        chain.append(before[chain[-1]])
    for kind in reversed(chain):
        places.exchange(place, holders[kind])
    return True


def _wrong_holders(
    places: Places, place: int, wrong: Sequence[int], holders: dict[int, int]
) -> int | None:
    """A wrong place for each kind that one holds, or the goal as soon as it is met."""
    for other in reversed(wrong):
        kind = places.kinds[other]
        if kind not in holders and places.is_wrong(other):
            holders[kind] = other
            if places.may_hold(place, kind):
                return kind
    return None


def _next_links(
    places: Places,
    place: int,
    frontier: Sequence[int],
    holders: dict[int, int],
    before: dict[int, int],
    rng: random.Random,
) -> tuple[int | None, list[int]]:
    """One step further: the kinds newly reached, or the goal as soon as it is met.

    It starts anywhere, so that no work is more likely to be exchanged than another.
    """
    found: list[int] = []
    everywhere = len(places.kinds)
    start = rng.randrange(everywhere)
    for shifted in range(start, start + everywhere):
        other = shifted if shifted < everywhere else shifted - everywhere
        kind = places.kinds[other]
        if kind in holders or places.are_of_one_work(place, other):
            continue
        taken = next((k for k in frontier if places.may_hold(other, k)), None)
        if taken is None:
            continue
        holders[kind], before[kind] = other, taken
        if places.may_hold(place, kind):
            return kind, []
        found.append(kind)
    return None, found
