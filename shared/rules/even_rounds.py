"""Makes everybody's rounds equal, where what they have already leans to one of the two."""

from collections.abc import Sequence

from shared.rules.allocation import homes_of
from shared.rules.parts import Part


def even_rounds(part: Part, ordered: list[int], leans: Sequence[int]) -> None:
    """Change the places of hands until nobody has two more of one round than of the other.

    `ordered`: two hands for each work, in the order of rounds. `leans`: by how much what each
    hand has so far is more of round 1. Two moves take two off a lean that is too large and
    add them to another's: turning round a path of works, which changes nobody's works, and
    exchanging two hands. Where neither is left, nothing is changed.
    """
    evening = _Evening(part, ordered, leans)
    for side in (0, 1):
        for hand in range(len(leans)):
            while evening.lean(hand, side) > 1:
                if not evening.turn_path(hand, side) and not evening.exchange(hand, side):
                    break


class _Evening:
    def __init__(self, part: Part, ordered: list[int], leans: Sequence[int]) -> None:
        self.part, self.ordered, self.homes = part, ordered, homes_of(part)
        self.kinds = {district: kind for kind, district in enumerate(part.districts)}
        self.leans = list(leans)
        self.places: list[list[int]] = [[] for _ in leans]
        """Of each hand; a place is two times a work, and one more in round 2."""
        for place, hand in enumerate(ordered):
            self.leans[hand] += 1 - 2 * (place % 2)
            self.places[hand].append(place)

    def lean(self, hand: int, side: int) -> int:
        """To this side: 0 is round 1."""
        return self.leans[hand] if side == 0 else -self.leans[hand]

    def turn_path(self, start: int, side: int) -> bool:
        """The shortest path of works from `start`, each left on this side, to who leans away."""
        came: dict[int, int] = {start: -1}
        reached = [start]
        for hand in reached:
            if self.lean(hand, side) < 0:
                self._turn_back(came, hand)
                return True
            for place in self.places[hand]:
                other = self.ordered[place ^ 1]
                if place % 2 == side and other not in came:
                    came[other] = place
                    reached.append(other)
        return False

    def exchange(self, hand: int, side: int) -> bool:
        """With who leans away: a place on this side for one of theirs on the other."""
        own = [place for place in self.places[hand] if place % 2 == side]
        for other in range(len(self.leans)):
            if self.lean(other, side) >= 0:
                continue
            for theirs in self.places[other]:
                if theirs % 2 == side:
                    continue
                for place in own:
                    if self._may(other, place, theirs) and self._may(hand, theirs, place):
                        self._put(hand, place, other, theirs)
                        return True
        return False

    def _turn_back(self, came: dict[int, int], end: int) -> None:
        while (place := came[end]) >= 0:
            start = self.ordered[place]
            self._put(start, place, end, place ^ 1)
            end = start

    def _put(self, one: int, place: int, other: int, theirs: int) -> None:
        """Exchange two places of opposite sides."""
        for hand, left, taken in ((one, place, theirs), (other, theirs, place)):
            self.ordered[taken] = hand
            self.places[hand][self.places[hand].index(left)] = taken
            self.leans[hand] += 2 * (left % 2 - taken % 2)

    def _may(self, hand: int, place: int, instead_of: int) -> bool:
        """Whether the hand may stand at a place of a work that it leaves another place for."""
        if place // 2 == instead_of // 2:
            return False
        district = self.part.hands[hand].district
        if self.kinds[district] == self.homes[place // 2]:
            return False
        partner = self.ordered[place ^ 1]
        is_together = self.part.hands[partner].district == district
        return hand != partner and is_together != self.part.is_spread
