"""Revise a mark (历史阅卷): until a later round's mark is in, or the round or sitting is over."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import announcements, feed, marks, sittings, slots, tasks
from hub.store.marks import Mark
from hub.store.tasks import Task
from hub.work import recovery
from hub.work.settle import settle
from shared.rules.rounds import Milestone
from shared.wire.codes import Code
from shared.wire.messages import EventResult


def revise_mark(db: Database, task: Task, mark: Mark, moment: datetime) -> EventResult:
    """The hub's order decides: what comes too late is kept, and the earlier mark stands."""
    revised = marks.mark(db, mark.revises or "")
    if revised is None or revised.task_id != task.id:
        return EventResult(
            event_id=mark.event_id, code=Code.QUARANTINED, reason="找不到要修改的评分"
        )
    if reason := _too_late(db, revised):
        marks.add(db, [mark._replace(standing="refused")])
        return EventResult(event_id=mark.event_id, code=Code.REFUSED, reason=reason)
    # The old one first: a slot and a person have one counted mark each at any time.
    marks.replace(db, revised.event_id)
    marks.add(db, [mark])
    slots.fill(db, [mark], moment)
    settle(db, mark.sitting_id, mark.performance_id, moment)
    _show_leader(db, mark)
    return EventResult(event_id=mark.event_id, code=Code.APPLIED)


def _too_late(db: Database, revised: Mark) -> str:
    """Why it cannot be revised any more; empty when it can."""
    if revised.standing == "surplus":
        return "这份作品已由其他教师评阅，修改不计入结果"
    if revised.standing != "counted":
        return "要修改的评分已经被改过，请刷新后再修改"
    counted = marks.counted(db, revised.sitting_id, revised.performance_id)
    later = max((number for number in counted if number > max(revised.round, 2)), default=0)
    # While the nodes hand in again what was lost, the order is not the one it had at first.
    if later and not recovery.is_on(db):
        return f"已进入{later}评，不能修改"
    sitting = sittings.sitting(db, revised.sitting_id)
    if sitting is None or sitting.state != "open":
        return "本场阅卷已结束，不能修改"
    ended = Milestone.ROUND4_ENDED if revised.round == 4 else Milestone.ROUND3_ENDED
    if ended in announcements.milestones(db, revised.sitting_id):
        return f"{revised.round}评已结束，不能修改"
    return ""


def _show_leader(db: Database, mark: Mark) -> None:
    """An open round-4 task shows the earlier marks, of which one has just changed."""
    slot = slots.of_performance(db, mark.sitting_id, mark.performance_id).get(4)
    task = tasks.task(db, slot.task_id) if slot and slot.task_id is not None else None
    if task and task.state == "open":
        feed.append(db, task.district_id, "task", task.id)
