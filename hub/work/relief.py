"""Relief: whoever came after the allocation takes over open tasks of the own district's people.

Their node has these videos already, so nothing is downloaded again; other districts' people
are relieved by what is dealt later, which goes to those with least first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlite_utils import Database

from hub.store import exam, tasks
from hub.store.tasks import Task
from shared.rules.supplement import Holder


@dataclass(frozen=True, slots=True)
class Relief:
    """Of one item group and district."""

    district_id: int
    newcomers: int
    tasks: Sequence[Task]
    """Open ones of others, the last of everybody's list first."""


def reliefs(
    db: Database, sitting_id: int, holders: Mapping[int, Sequence[Holder]], newcomers: set[int]
) -> list[Relief]:
    """`holders`: by item group, with what they have once the supplement is dealt."""
    found = []
    for group in exam.groups(db):
        of_group = holders.get(group.id, ())
        for district in sorted({h.hand.district for h in of_group if h.hand.id in newcomers}):
            members = [h for h in of_group if h.hand.district == district]
            moved = _moved(db, sitting_id, group.id, members, newcomers)
            if moved:
                count = sum(h.hand.id in newcomers for h in members)
                found.append(Relief(district, count, moved))
    return found


def _moved(
    db: Database,
    sitting_id: int,
    group_id: int,
    members: Sequence[Holder],
    newcomers: set[int],
) -> list[Task]:
    """As many as bring the newcomers to the district's even load; rounds 1 and 2 by turns."""
    level = Fraction(sum(h.total for h in members), sum(h.hand.capacity for h in members))
    due = {h.hand.id: int(level * h.hand.capacity) for h in members}
    wanted = sum(max(0, due[h.hand.id] - h.total) for h in members if h.hand.id in newcomers)
    totals = {h.hand.id: h.total for h in members if h.hand.id not in newcomers}
    held = {id: tasks.unbegun_of_account(db, id, group_id, sitting_id) for id in totals}
    capacity = {h.hand.id: h.hand.capacity for h in members}
    moved: list[Task] = []
    while len(moved) < wanted:
        able = [id for id in totals if held[id] and totals[id] > due[id]]
        if not able:
            break
        most = max(able, key=lambda id: (Fraction(totals[id], capacity[id]), -id))
        moved.append(_last(held[most], 1 + len(moved) % 2))
        totals[most] -= 1
    return moved


def _last(held: list[Task], round: int) -> Task:
    place = next((i for i, task in enumerate(held) if task.round == round), 0)
    return held.pop(place)
