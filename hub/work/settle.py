"""Settle performances: judge their marks, write the outcomes, and ask for what is still open."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from hub.store import exam, feed, marks, outcomes, slots, tasks
from hub.store.marks import Mark
from hub.store.slots import Slot
from hub.work.hand_out import hand_out_all
from shared.rules.agreement import Verdict, as_given, judge
from shared.rules.policy import Policy
from shared.rules.rubric import to_mask


class Case(NamedTuple):
    """A performance with what there is of it, by round."""

    counted: Mapping[int, Mark]
    slots: Mapping[int, Slot]


def settle(db: Database, sitting_id: int, performance_id: int, moment: datetime) -> None:
    """What follows from the counted marks, whatever was there before; twice is as once."""
    counted = marks.counted(db, sitting_id, performance_id)
    case = Case(counted, slots.of_performance(db, sitting_id, performance_id))
    settle_all(db, sitting_id, {performance_id: case}, moment)


def settle_all(db: Database, sitting_id: int, cases: Mapping[int, Case], moment: datetime) -> None:
    """The same for several, in this order, by performance; `cases` say how everything is now."""
    policy = exam.policy(db)
    verdicts = {
        id: verdict_on(case.counted, policy)
        for id, case in cases.items()
        if case.counted.keys() >= {1, 2}
    }
    outcomes.put(db, sitting_id, verdicts, moment)
    wishes = []
    for id, verdict in verdicts.items():
        for number in (3, 4):
            wanted = wanted_of(number, verdict)
            slot = cases[id].slots.get(number)
            if slot is None or slot.state == "closed":
                if wanted:
                    wishes.append((id, number, wanted))
            elif slot.state != "filled":
                _adapt(db, slot, wanted, moment)
    hand_out_all(db, slots.wait_all(db, sitting_id, wishes, moment), moment)


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
