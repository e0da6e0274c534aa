"""Receive a mark from a node: the first valid one fills the slot, and nothing is thrown away."""

from dataclasses import replace
from datetime import datetime

import msgspec
from sqlite_utils import Database

from hub.store import corrections, feed, marks, slots, tasks
from hub.store.marks import Mark
from hub.store.nodes import Node
from hub.store.slots import Slot
from hub.store.tasks import Task
from hub.work.adopt_task import adopt_task
from hub.work.revise_mark import revise_mark
from hub.work.settle import settle
from shared.kit.clock import parse_stamp, stamp
from shared.rules.rubric import MarkException, levels_from_text, levels_to_text
from shared.wire.codes import Code
from shared.wire.messages import Event, EventResult, MarkBody

INTEGER_MAX = 2**63 - 1
"""The largest that a database keeps."""

SURPLUS_TEXT = "这份作品已由其他教师评阅，本次评分已保存，不计入结果"


def receive_mark(
    db: Database, event: Event, body: MarkBody, node: Node, moment: datetime
) -> EventResult:
    """Keep a mark, and let it count when its slot is still unfilled."""
    if known := marks.mark(db, event.event_id):
        return _answer_again(known)
    if not _is_well_formed(body):
        return _quarantined(event, "评分内容不合规则")
    task = tasks.task(db, body.task_id) or adopt_task(db, event, body, moment)
    if task is None or not _is_theirs(task, event, body, node):
        return _quarantined(event, "没有这个任务，或者不是本节点账号的任务")
    mark = _mark(event, body, node, task, moment)
    # A dispute may have changed on the way; what rounds 1 and 2 are asked for never does.
    if (body.gen >= task.gen or task.round < 3) and not mark.answers(task.criteria):
        return _quarantined(event, "评分没有包括任务要求的全部评价维度")
    if body.revises:
        return revise_mark(db, task, mark, moment)
    return _first(db, task, mark, moment)


def is_same_mark(db: Database, event: Event) -> bool:
    """A browser offers again what its node had lost: the same mark, only its times may differ."""
    known = marks.mark(db, event.event_id) if event.kind == "mark" else None
    if known is None:
        return False
    try:
        body = msgspec.json.decode(event.body, type=MarkBody)
    except (msgspec.DecodeError, UnicodeError):
        return False
    return (
        (known.task_id, known.account_id) == (body.task_id, body.account_id)
        and (levels_to_text(known.levels), known.comment) == (body.levels, body.comment)
        and (known.exception or "", known.revises or "") == (body.exception, body.revises)
    )


def _first(db: Database, task: Task, mark: Mark, moment: datetime) -> EventResult:
    counted = marks.counted(db, mark.sitting_id, mark.performance_id)
    others = (other for number, other in counted.items() if number != mark.round)
    if any(other.account_id == mark.account_id for other in others):
        return EventResult(
            event_id=mark.event_id,
            code=Code.QUARANTINED,
            reason="同一位教师已评过这份作品的其他评次",
        )
    slot = slots.of_performance(db, mark.sitting_id, mark.performance_id)[mark.round]
    if not _fills(mark, task, slot) or _is_of_earlier_video(db, task):
        marks.add(db, replace(mark, standing="surplus"))
        return EventResult(event_id=mark.event_id, code=Code.SURPLUS, reason=SURPLUS_TEXT)
    _fill(db, slot, task, mark, moment)
    settle(db, mark.sitting_id, mark.performance_id, moment)
    return EventResult(event_id=mark.event_id, code=Code.APPLIED)


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


def _fill(db: Database, slot: Slot, task: Task, mark: Mark, moment: datetime) -> None:
    if slot.task_id is not None and slot.task_id != task.id:
        _withdraw_other(db, slot.task_id)
    marks.add(db, mark)
    slots.fill(db, slot, task.id, mark.event_id, moment)
    tasks.finish(db, task)
    feed.append(db, task.district_id, "task", task.id)
    if mark.round > 2:
        locked = tasks.lock_before(db, mark.sitting_id, mark.performance_id, mark.round)
        feed.append_many(db, [(one.district_id, "task", one.id) for one in locked])


def _withdraw_other(db: Database, task_id: int) -> None:
    """The slot was handed on, and now the first holder's mark came after all, and first."""
    other = tasks.task(db, task_id)
    if other and tasks.withdraw(db, other):
        feed.append(db, other.district_id, "task", other.id)


def _is_well_formed(body: MarkBody) -> bool:
    numbers = (body.task_id, body.gen, body.account_id, body.spent_ms, body.heard_percent)
    if not all(0 <= number <= INTEGER_MAX for number in numbers) or body.heard_percent > 100:
        return False
    try:
        parse_stamp(body.given_at)
        exception = MarkException(body.exception) if body.exception else None
        levels = levels_from_text(body.levels)
    except ValueError:
        return False
    if exception is None:
        return bool(levels)
    return not levels or exception is MarkException.INCOMPLETE


def _is_theirs(task: Task, event: Event, body: MarkBody, node: Node) -> bool:
    return (
        task.account_id == body.account_id
        and task.district_id == node.district_id
        and task.sitting_id == event.sitting
    )


def _mark(event: Event, body: MarkBody, node: Node, task: Task, moment: datetime) -> Mark:
    return Mark(
        event_id=event.event_id,
        sitting_id=task.sitting_id,
        task_id=task.id,
        performance_id=task.performance_id,
        round=task.round,
        account_id=task.account_id,
        node_id=node.id,
        gen=body.gen,
        levels=levels_from_text(body.levels),
        exception=MarkException(body.exception) if body.exception else None,
        comment=body.comment,
        revises=body.revises or None,
        spent_ms=body.spent_ms,
        heard_percent=body.heard_percent,
        given_at=body.given_at,
        received_at=stamp(moment),
        standing="counted",
    )


def _quarantined(event: Event, reason: str) -> EventResult:
    return EventResult(event_id=event.event_id, code=Code.QUARANTINED, reason=reason)


def _answer_again(known: Mark) -> EventResult:
    """Counted once is applied for ever, even if a revision has replaced it since."""
    code = {"surplus": Code.SURPLUS, "refused": Code.REFUSED}.get(known.standing, Code.APPLIED)
    return EventResult(event_id=known.event_id, code=code)
