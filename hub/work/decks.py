"""Decks: what the sealed seed deals in rounds 1 and 2 of each item group, before it is written."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlite_utils import Database

from hub.store import accounts, exam, performances
from hub.store.exam import Group
from hub.store.sittings import Sitting
from shared.rules.allocation import Dealt, Hand, Unmet, Work, deal, preflight
from shared.rules.policy import Policy
from shared.rules.rubric import Role


@dataclass(frozen=True, slots=True)
class Deck:
    """One item group's part of an allocation."""

    group: Group
    works: Sequence[Work]
    hands: Sequence[Hand]
    unmet: Sequence[Unmet]
    dealt: Sequence[Dealt]
    """Nothing while anything is unmet."""


def decks(db: Database, sitting: Sitting, policy: Policy) -> list[Deck]:
    """The same as long as performances, accounts and policy are: everything else is the seed."""
    return [_deck(db, sitting, group, policy) for group in exam.groups(db)]


def _deck(db: Database, sitting: Sitting, group: Group, policy: Policy) -> Deck:
    works = performances.works_of_group(db, group.id)
    if sitting.kind == "trial" and policy.trial_performances:
        works = _sample(works, policy.trial_performances, f"{sitting.seed}:{group.id}:sample")
    markers = accounts.active(db, Role.MARKER, group.stage)
    hands = [Hand(m.id, m.district_id, m.capacity) for m in markers]
    unmet = preflight(works, hands, policy)
    dealt = [] if unmet else deal(works, hands, policy, group_seed(sitting, group.id))
    return Deck(group, works, hands, unmet, dealt)


def group_seed(sitting: Sitting, group_id: int) -> str:
    return f"{sitting.seed}:{group_id}"


def digest_of_works(works: Iterable[Work]) -> str:
    lines = (f"{work.id}:{work.district}\n" for work in sorted(works, key=lambda w: w.id))
    return sha256("".join(lines).encode()).hexdigest()


def _sample(works: list[Work], count: int, seed: str) -> list[Work]:
    if count >= len(works):
        return works
    chosen = random.Random(seed).sample(works, count)
    return sorted(chosen, key=lambda work: work.id)
