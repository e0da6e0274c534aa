"""Who takes one slot: rounds 3 and 4 as marks arrive, and whatever was taken back."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256

from shared.rules.parts import Hand
from shared.rules.policy import Policy

CIRCLE = 2**63
"""Hands and slots stand at points of a circle, drawn from the sealed seed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of whoever takes a slot."""

    home: int
    """The district that the work comes from."""
    round: int
    already: frozenset[int]
    """Who may not: they marked the work, or hold a task of it."""
    partners: frozenset[int] = frozenset()
    """Districts of the other of rounds 1 and 2."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A hand with what it has to do already, and its place."""

    hand: Hand
    total: int
    point: int

    @property
    def share(self) -> float:
        return self.total / self.hand.capacity


Search = Callable[[int | None], Seat | None]
"""The first seat in order that may take the slot, of one district or (None) of the city."""


def hand_point(seed: str, hand_id: int) -> int:
    return _point(f"{seed}:hand:{hand_id}")


def slot_point(seed: str, work_id: int, round: int, gen: int) -> int:
    """Where the search begins; another hand-out of the same slot begins somewhere else."""
    return _point(f"{seed}:{work_id}:{round}:{gen}")


def may_take(hand: Hand, asked: Asked, policy: Policy) -> bool:
    if hand.capacity <= 0 or hand.id in asked.already:
        return False
    if policy.home_district != "allow":
        is_home = hand.district == asked.home
        if is_home != (policy.home_district == "only"):
            return False
    if asked.round > 2 or not asked.partners:
        return True
    return (hand.district in asked.partners) == (policy.placement == "together")


def order(seat: Seat, start: int) -> tuple[float, int]:
    """The least loaded for their capacity first; among those the next on the circle."""
    return seat.share, (seat.point - start) % CIRCLE


def choose(search: Search, near: Collection[int], policy: Policy, start: int) -> Seat | None:
    """Of the districts whose nodes hold the video; else of the city; else nobody."""
    if policy.prefer_cached:
        found = [seat for district in sorted(near) if (seat := search(district))]
        if found:
            return min(found, key=lambda seat: order(seat, start))
    return search(None)


def search_of(seats: Collection[Seat], asked: Asked, policy: Policy, start: int) -> Search:
    """The search as the rule means it, through everyone; a store finds the same by its indexes."""

    def search(district: int | None) -> Seat | None:
        allowed = (
            seat
            for seat in seats
            if district in (None, seat.hand.district) and may_take(seat.hand, asked, policy)
        )
        return min(allowed, key=lambda seat: order(seat, start), default=None)

    return search


def _point(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") % CIRCLE
