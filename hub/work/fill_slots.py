"""First marks fill their slots, many at a time: a batch of a node costs little more than one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from hub.store import corrections, feed, marks, slots, tasks
from hub.store.marks import Mark
from hub.store.slots import Slot
from hub.store.tasks import Task
from hub.work.settle import Case, settle_all
from shared.wire.codes import Code
from shared.wire.messages import EventResult

SURPLUS_TEXT = "这份作品已由其他教师评阅，本次评分已保存，不计入结果"
TWICE_TEXT = "同一位教师已评过这份作品的其他评次"
_REASONS = {Code.APPLIED: "", Code.SURPLUS: SURPLUS_TEXT, Code.QUARANTINED: TWICE_TEXT}


class FirstMark(NamedTuple):
    """A mark that revises none, and the task that it answers, as it is now."""

    task: Task
    mark: Mark


def fill_slots(db: Database, first: Sequence[FirstMark], moment: datetime) -> list[EventResult]:
    """Let each count whose slot is still unfilled. The marks are of one sitting; of one performance
    there is one, or one for each of rounds 1 and 2, whose order makes no difference.
    """
    if not first:
        return []
    sitting_id = first[0].mark.sitting_id
    performance_ids = {one.mark.performance_id for one in first}
    counted = marks.counted_of(db, sitting_id, performance_ids)
    present = slots.of_performances(db, sitting_id, performance_ids)
    results, filling, surplus = [], [], []
    cases: dict[int, Case] = {}
    for one in first:
        mark, id = one.mark, one.mark.performance_id
        slot = present[id][mark.round]
        code = _code(db, one, counted[id], slot)
        results.append(EventResult(event_id=mark.event_id, code=code, reason=_REASONS[code]))
        if code is Code.APPLIED:
            filling.append(one)
            counted[id][mark.round] = mark
            present[id][mark.round] = slot._replace(state="filled")
            # What follows from it follows when its last mark is in.
            cases.pop(id, None)
            cases[id] = Case(counted[id], present[id])
        elif code is Code.SURPLUS:
            surplus.append(mark._replace(standing="surplus"))
    marks.add(db, surplus)
    _fill(db, sitting_id, filling, present, moment)
    settle_all(db, sitting_id, cases, moment)
    return results


def _code(db: Database, one: FirstMark, counted: Mapping[int, Mark], slot: Slot) -> Code:
    others = (other for number, other in counted.items() if number != one.mark.round)
    if any(other.account_id == one.mark.account_id for other in others):
        return Code.QUARANTINED
    if not _fills(one.mark, one.task, slot) or _is_of_earlier_video(db, one.task):
        return Code.SURPLUS
    return Code.APPLIED


def _fills(mark: Mark, task: Task, slot: Slot) -> bool:
    if slot.state in ("filled", "closed"):
        return False
    if mark.answers(slot.criteria):
        return True
    # Given before the task was widened: what it lacks goes to the leader by the rule. There is
    # nobody after the leader, whose task stays open until it is answered in full.
    return task.state == "open" and slot.round == 3


def _is_of_earlier_video(db: Database, task: Task) -> bool:
    return task.state != "open" and corrections.is_of_earlier_video(
        db, task.sitting_id, task.performance_id, task.id
    )


def _fill(
    db: Database,
    sitting_id: int,
    filling: Sequence[FirstMark],
    present: Mapping[int, Mapping[int, Slot]],
    moment: datetime,
) -> None:
    for one in filling:
        holder = present[one.mark.performance_id][one.mark.round].task_id
        if holder is not None and holder != one.task.id:
            _withdraw_other(db, holder)
    marks.add(db, [one.mark for one in filling])
    slots.fill(db, [one.mark for one in filling], moment)
    tasks.finish(db, [one.task for one in filling])
    changed = [(one.task.district_id, one.task.id) for one in filling]
    for number in (3, 4):
        later = [one.mark.performance_id for one in filling if one.mark.round == number]
        locked = tasks.lock_before(db, sitting_id, later, number)
        changed += [(placed.district_id, placed.id) for placed in locked]
    feed.append_many(db, [(district_id, "task", id) for district_id, id in changed])


def _withdraw_other(db: Database, task_id: int) -> None:
    """The slot was handed on, and now the first holder's mark came after all, and first."""
    other = tasks.task(db, task_id)
    if other and tasks.withdraw(db, other):
        feed.append(db, other.district_id, "task", other.id)
