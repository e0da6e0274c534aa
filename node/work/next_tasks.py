"""What a marker is given next: tasks in their order, with probes dealt in among them."""

from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from node.store import exam, marks, tasks
from node.store.tasks import RoundCount, Task
from shared.kit.clock import stamp
from shared.rules.probes import deal_in, half_day_start

REFERENCES_MAX = 100


def next_tasks(
    db: Database, account_id: int, sitting_id: int, group: int, limit: int, moment: datetime
) -> list[Task]:
    ordinary = tasks.open_for(db, account_id, sitting_id, group, limit)
    references = tasks.references_for(db, account_id, sitting_id, REFERENCES_MAX)
    own = [one for one in references if one.item_group_id == group]
    every = exam.policy(db).reference_every
    return deal_in(ordinary, own, _since(db, account_id, sitting_id, moment), every)


def counts(db: Database, account_id: int, sitting_id: int, moment: datetime) -> list[RoundCount]:
    """With the references that are still to come, so that none is told by the numbers."""
    found = tasks.counts_for(db, account_id, sitting_id)
    references = tasks.references_for(db, account_id, sitting_id, REFERENCES_MAX)
    if not references:
        return found
    since, every = _since(db, account_id, sitting_id, moment), exam.policy(db).reference_every
    added: list[RoundCount] = []
    for group in dict.fromkeys(count.item_group_id for count in found):
        own = [count for count in found if count.item_group_id == group]
        left = range(sum(count.total - count.done for count in own))
        waiting = range(sum(one.item_group_id == group for one in references))
        to_come = len(deal_in(left, waiting, since, every)) - len(left)
        added += [replace(own[0], total=own[0].total + to_come), *own[1:]]
    return added


def _since(db: Database, account_id: int, sitting_id: int, moment: datetime) -> int | None:
    begin = half_day_start(moment.astimezone())
    return marks.since_reference(db, account_id, sitting_id, stamp(begin))
