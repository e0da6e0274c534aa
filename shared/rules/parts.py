"""What is to be dealt, in parts that are balanced among themselves, and what keeps one from it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from shared.rules.loads import Share, paired, shares
from shared.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Work:
    """A performance to allocate."""

    id: int
    district: int


@dataclass(frozen=True, slots=True)
class Hand:
    """A marker or leader who may take tasks of this item group."""

    id: int
    district: int
    capacity: int
    """100 is a full load; 0 takes nothing."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """What cannot be met, found before anything is dealt.

    no_hands            nobody may mark: count marks are wanted
    too_few_hands       two people are needed (count 2), available are there
    too_few_districts   the district's works need hands of count other districts (any district's
                        works when district is None), available have hands
    works_exceed_outside  the district's works need count marks from outside it, the loads there
                        come to available
    load_exceeds_works  an even share is count marks for the district's hands, who may give
                        available
    unpaired            one of the district's hands is due count marks, those who could give the
                        other mark are due available
    no_balance          count marks are wanted, even loads come to available
    """

    code: str
    district: int | None
    count: int
    available: int


@dataclass(frozen=True, slots=True)
class Part:
    """Works and hands that are balanced among themselves, by id; districts in order."""

    works: list[Work]
    hands: list[Hand]
    districts: list[int]
    """Those that have hands."""
    district: int | None
    """Where it is one district's part."""
    is_home_excluded: bool
    is_spread: bool

    def shares(self) -> list[Share]:
        """What each hand is due in one round."""
        return shares([(hand.district, hand.capacity) for hand in self.hands], len(self.works))

    def by_district(self) -> dict[int, list[Share]]:
        found: dict[int, list[Share]] = {district: [] for district in self.districts}
        for share in self.shares():
            found[share.district].append(share)
        return found

    def taken_by(self, of_district: Sequence[Share]) -> Share | None:
        """What a district may take of the whole: marks when spread, works when together."""
        if not self.is_spread:
            return paired(of_district)
        return Share(
            due=sum((2 * share.due for share in of_district), Fraction(0)),
            low=sum(2 * share.low for share in of_district),
            high=sum(2 * share.high for share in of_district),
            district=of_district[0].district,
        )

    def rooms(self) -> dict[int, int]:
        """How many works each district's hands may touch."""
        homes = Counter(work.district for work in self.works)
        everything = len(self.works)
        return {
            d: everything - homes[d] if self.is_home_excluded else everything
            for d in self.districts
        }


def parts(works: Sequence[Work], hands: Sequence[Hand], policy: Policy) -> Iterator[Part]:
    """The whole city; or, where only the home district may mark, each district on its own."""
    able = sorted((hand for hand in hands if hand.capacity > 0), key=lambda hand: hand.id)
    ordered = sorted(works, key=lambda work: work.id)
    whole = Part(
        works=ordered,
        hands=able,
        districts=sorted({hand.district for hand in able}),
        district=None,
        is_home_excluded=policy.home_district == "exclude",
        is_spread=policy.placement == "spread",
    )
    if policy.home_district != "only":
        if works:
            yield whole
        return
    for district in sorted({work.district for work in works}):
        yield replace(
            whole,
            works=[work for work in ordered if work.district == district],
            hands=[hand for hand in able if hand.district == district],
            districts=[d for d in whole.districts if d == district],
            district=district,
        )


def unmet(part: Part) -> list[Unmet]:
    if not part.hands:
        return [Unmet("no_hands", part.district, 2 * len(part.works), 0)]
    if len(part.hands) < 2:
        return [Unmet("too_few_hands", part.district, 2, 1)]
    return unmet_districts(part) or _unmet_loads(part)


def unmet_districts(part: Part) -> list[Unmet]:
    needed = 2 if part.is_spread else 1
    if not part.is_home_excluded:
        there = len(part.districts)
        return [Unmet("too_few_districts", part.district, needed, there)] if there < needed else []
    found = []
    for district in sorted({work.district for work in part.works}):
        others = sum(d != district for d in part.districts)
        if others < needed:
            found.append(Unmet("too_few_districts", district, needed, others))
    return found


def _unmet_loads(part: Part) -> list[Unmet]:
    """Whether even loads fit: each district's within its room, and all together.

    This is enough: with two marks a work, and a district's hands at most once on it, every
    other condition of Hall's theorem follows from these.
    """
    rooms = part.rooms()
    wanted = 2 * len(part.works)
    found, lowest, highest = [], 0, 0
    for district, of_district in part.by_district().items():
        share = part.taken_by(of_district)
        if share is None:
            found.append(_unpaired(of_district))
            continue
        marks = 1 if part.is_spread else 2
        low, high, room = marks * share.low, marks * share.high, marks * rooms[district]
        lowest, highest = lowest + low, highest + min(high, room)
        if low > room:
            found.append(_crowded(part, district, low, room))
    if not found and not lowest <= wanted <= highest:
        available = highest if highest < wanted else lowest
        found.append(Unmet("no_balance", part.district, wanted, available))
    return found


def _unpaired(of_district: Sequence[Share]) -> Unmet:
    heaviest = max(of_district, key=lambda share: share.low)
    others = sum(share.high for share in of_district) - heaviest.high
    return Unmet("unpaired", heaviest.district, 2 * heaviest.low, 2 * others)


def _crowded(part: Part, district: int, low: int, room: int) -> Unmet:
    homes = 2 * sum(work.district == district for work in part.works)
    outside = 2 * len(part.works) - low
    if part.is_home_excluded and homes > outside:
        return Unmet("works_exceed_outside", district, homes, outside)
    return Unmet("load_exceeds_works", district, low, room)
