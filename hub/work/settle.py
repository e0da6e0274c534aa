"""Settle performances: judge their marks, write the outcomes, and ask for what is still open."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlite_utils import Database

from hub.store import exam, feed, marks, outcomes, slots, tasks
from hub.store.marks import Mark
from hub.store.slots import Slot
from hub.work.hand_out import hand_out_all
from shared.rules.agreement import Verdict, as_given, judge
from shared.rules.policy import Policy
from shared.rules.rubric import to_mask


def settle(db: Database, sitting_id: int, performance_id: int, moment: datetime) -> None:
    """What follows from the counted marks, whatever was there before; twice is as once."""
    settle_all(db, sitting_id, [performance_id], moment)


def settle_all(
    db: Database, sitting_id: int, performance_ids: Collection[int], moment: datetime
) -> None:
    """The same for several, in this order."""
    policy = exam.policy(db)
    verdicts = {
        performance_id: verdict_on(counted, policy)
        for performance_id, counted in marks.counted_of(db, sitting_id, performance_ids).items()
        if counted.keys() >= {1, 2}
    }
    outcomes.put(db, sitting_id, verdicts, moment)
    present = slots.of_performances(db, sitting_id, verdicts.keys())
    opened = []
    for performance_id, verdict in verdicts.items():
        for number in (3, 4):
            wanted = wanted_of(number, verdict)
            slot = present[performance_id].get(number)
            if slot is None or slot.state == "closed":
                if wanted:
                    opened.append(
                        slots.wait(db, sitting_id, performance_id, number, wanted, moment)
                    )
            elif slot.state != "filled":
                _adapt(db, slot, wanted, moment)
    hand_out_all(db, opened, moment)


def verdict_on(counted: Mapping[int, Mark], policy: Policy) -> Verdict:
    given = {r: as_given(mark.levels, mark.exception, policy) for r, mark in counted.items()}
    return judge(given, policy)


def wanted_of(number: int, verdict: Verdict) -> int:
    """The criteria (a mask) that this round has to mark; 0 for none."""
    return to_mask(verdict.criteria) if verdict.next_round == number else 0


def _adapt(db: Database, slot: Slot, wanted: int, moment: datetime) -> None:
    """A revision changed what is in dispute: withdraw, widen or narrow what nobody marked yet."""
    if wanted == slot.criteria:
        return
    task = tasks.task(db, slot.task_id) if slot.task_id is not None else None
    if not wanted:
        slots.close(db, slot, moment)
        if task:
            tasks.withdraw(db, task)
    else:
        gen = slots.reshape(db, slot, wanted)
        if task:
            tasks.reshape(db, task.id, wanted, gen)
    if task:
        feed.append(db, task.district_id, "task", task.id)
