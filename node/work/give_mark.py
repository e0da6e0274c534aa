"""A marker submits a mark, or a new version: on the disk with its outbox row, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from node.store import exam, marks, outbox, tasks
from node.store.marks import Mark
from node.store.tasks import Task
from shared.kit.clock import stamp
from shared.kit.ids import is_id
from shared.kit.refusal import Refusal
from shared.rules.probes import is_probe
from shared.rules.rubric import (
    LEVELS,
    Criterion,
    MarkException,
    from_mask,
    levels_to_text,
)
from shared.wire.messages import MarkBody

COMMENT_CHARACTERS_MAX = 500
SPENT_MS_MAX = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser submits for a task."""

    event_id: str
    task_id: int
    gen: int
    levels: Mapping[Criterion, int]
    exception: MarkException | None
    comment: str
    revises: str
    """event_id of the version that this one replaces, "" for a first mark."""
    spent_ms: int
    heard_percent: int
    is_again: bool = False
    """Saved before, and offered again by the browser since the node had lost it."""


def give_mark(db: Database, account_id: int, answer: Answer, moment: datetime) -> None:
    """Keeps the mark; the same answer sent again changes nothing.

    An answer to an older hand-out of the task, or to one that was withdrawn meanwhile, is kept as
    well: the hub decides what counts, and nothing that a marker submitted is thrown away.
    """
    given = _to_mark(answer, account_id, moment)
    if _is_known(db, given):
        return
    task = _own_task(db, account_id, answer)
    _check_sitting(db, task, answer)
    _check_answer(db, task, answer)
    _check_revision(db, task, answer)
    given = _in_sitting(given, task.sitting_id)
    marks.add(db, given)
    if task.mark_id in (None, given.revises) or not answer.is_again:
        tasks.answer(db, task.id, given.event_id, answer.gen)
    if outbox.of_event(db, given.event_id) is None:
        body = body_of(given, task.seal)
        outbox.put(db, task.sitting_id, "mark", 1, body, given.event_id, moment)
    # Else it came back from the mirror before the browser offered it again.


def _to_mark(answer: Answer, account_id: int, moment: datetime) -> Mark:
    if not is_id(answer.event_id):
        raise Refusal("invalid", "评分编号不对，请刷新页面后重试。", 400)
    return Mark(
        event_id=answer.event_id,
        sitting_id=0,
        task_id=answer.task_id,
        account_id=account_id,
        gen=answer.gen,
        levels=levels_to_text(answer.levels),
        exception=answer.exception,
        comment=answer.comment.strip(),
        revises=answer.revises or None,
        spent_ms=min(max(answer.spent_ms, 0), SPENT_MS_MAX),
        heard_percent=min(max(answer.heard_percent, 0), 100),
        given_at=stamp(moment),
    )


def _in_sitting(given: Mark, sitting_id: int) -> Mark:
    values = {name: getattr(given, name) for name in Mark.__slots__}
    return Mark(**(values | {"sitting_id": sitting_id}))


def _is_known(db: Database, given: Mark) -> bool:
    known = marks.mark(db, given.event_id)
    if known is None:
        return False
    if _content(known) != _content(given):
        raise Refusal("id_reused", "这个评分编号已经用过，请刷新页面后重新提交。")
    return True


def _content(mark: Mark) -> tuple[object, ...]:
    """What makes two submissions the same one; measured times may differ when sent again."""
    return (
        *(mark.task_id, mark.account_id, mark.levels, mark.exception, mark.comment),
        mark.revises,
    )


def _own_task(db: Database, account_id: int, answer: Answer) -> Task:
    task = tasks.task(db, answer.task_id)
    if task is None or task.account_id != account_id:
        raise Refusal("not_yours", "这份作品不在你的任务里，请刷新页面。", 404)
    if answer.gen < 1 or (answer.gen > task.gen and not answer.is_again):
        raise Refusal("invalid", "任务版本不对，请刷新页面后重试。", 400)
    return task


def _check_sitting(db: Database, task: Task, answer: Answer) -> None:
    sitting = exam.sitting(db, task.sitting_id)
    accepted = ("open", "closed") if answer.is_again else ("open",)
    if sitting is None or sitting.state not in accepted:
        raise Refusal("sitting_over", "这一场次已经结束，不能再提交评分。")


def _check_answer(db: Database, task: Task, answer: Answer) -> None:
    if len(answer.comment) > COMMENT_CHARACTERS_MAX:
        raise Refusal("invalid", f"评语最多 {COMMENT_CHARACTERS_MAX} 个字，请缩短后提交。", 400)
    _check_reason(db, answer)
    if not all(level in LEVELS for level in answer.levels.values()):
        raise Refusal("invalid", "分值只能是 3、2、1、0。", 400)
    if answer.exception is None:
        _check_levels(task, answer)
    elif answer.levels:
        may_be_scored = exam.policy(db).incomplete_may_be_scored
        if answer.exception is not MarkException.INCOMPLETE or not may_be_scored:
            raise Refusal("invalid", f"标记为{answer.exception.label}时不再给分。", 400)
        _check_levels(task, answer)


def _check_reason(db: Database, answer: Answer) -> None:
    # What was taken once is taken again, whatever the city has decided since.
    if answer.exception is not MarkException.OFF_TOPIC or answer.comment.strip() or answer.is_again:
        return
    if exam.policy(db).off_topic_needs_comment:
        raise Refusal("comment", "标记为题文不符时，请用评语说明理由后再提交。", 400)


def _check_levels(task: Task, answer: Answer) -> None:
    if answer.gen == task.gen and set(answer.levels) != set(from_mask(task.criteria)):
        raise Refusal("invalid", "请给每个评价维度都评分后再提交。", 400)
    if not answer.levels:
        raise Refusal("invalid", "还没有评分。", 400)


def _check_revision(db: Database, task: Task, answer: Answer) -> None:
    if answer.is_again:
        # It was taken once; what it counts for by now, the hub decides.
        if answer.revises and marks.mark(db, answer.revises) is None:
            raise Refusal("not_latest", "这份评分修改的那一份还没有取回，稍后会自动再试。")
        return
    if answer.revises == "":
        if task.mark_id is not None and task.answered_gen >= answer.gen:
            raise Refusal("already_marked", "这份作品已经评过，要修改请打开历史阅卷。")
        return
    if task.is_locked and is_probe(task.id):
        raise Refusal("locked", "对照结果已公布，不能修改。")
    if task.is_locked:
        raise Refusal("locked", f"已进入{max(3, task.round + 1)}评，不能修改。")
    if answer.revises != task.mark_id:
        raise Refusal("not_latest", "这份评分已有更新的版本，请重新打开历史阅卷。")


def body_of(given: Mark, seal: str) -> MarkBody:
    return MarkBody(
        task_id=given.task_id,
        gen=given.gen,
        account_id=given.account_id,
        levels=given.levels,
        given_at=given.given_at,
        spent_ms=given.spent_ms,
        heard_percent=given.heard_percent,
        exception=given.exception or "",
        comment=given.comment,
        revises=given.revises or "",
        seal=seal,
    )
