"""The JSON words of the marking page: what its API takes and gives."""

from typing import Literal

import msgspec

from node.store.marks import Mark
from node.store.tasks import Task
from shared.rules.policy import Policy
from shared.rules.probes import is_probe
from shared.rules.rubric import from_mask, levels_from_text
from shared.web.numbers import Whole
from shared.wire.messages import EarlierMark

LEADERS_ROUND = 4


class VideoView(msgspec.Struct):
    url: str
    bytes: int
    duration_ms: int
    peaks: str
    loudness_db: float
    is_ready: bool


class EarlierView(msgspec.Struct):
    round: int
    levels: dict[str, int]
    exception: str
    comment: str


class TaskView(msgspec.Struct):
    id: int
    gen: int
    sitting: int
    performance: str
    group: int
    round: int
    criteria: list[str]
    video: VideoView
    earlier: list[EarlierView]


class TasksView(msgspec.Struct):
    tasks: list[TaskView]
    total: int
    done: int
    waiting_for_video: int


class HistoryRow(msgspec.Struct):
    event_id: str
    task: TaskView
    performance: str
    group: int
    round: int
    levels: dict[str, int]
    exception: str
    comment: str
    given_at: str
    state: Literal["pending", "synced", "locked", "refused", "surplus"]
    reason: str
    can_revise: bool


class HistoryView(msgspec.Struct):
    marks: list[HistoryRow]
    more: bool


class GiveMark(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    event_id: str
    task_id: Whole
    gen: Whole
    levels: dict[str, int]
    exception: str = ""
    comment: str = ""
    revises: str = ""
    spent_ms: Whole
    heard_percent: Whole
    given_at: str = ""
    """The PC's own clock; the node's counts, lab clocks are not to be trusted."""
    is_again: bool = False
    """Saved before, and kept by the browser, since the city does not have it yet."""


class AskReported(msgspec.Struct, forbid_unknown_fields=True):
    event_ids: list[str]


class ReportedView(msgspec.Struct):
    """Of the marks asked for; those in neither list are saved here and on their way."""

    reported: list[str]
    """The city has them: the browser need not keep them any longer."""
    unknown: list[str]
    """Not here (any more): the browser should offer them again."""


class GiveFault(msgspec.Struct, forbid_unknown_fields=True):
    event_id: str
    task_id: Whole
    fault: Literal["unplayable", "no_sound"]


class GiveReceipt(msgspec.Struct, forbid_unknown_fields=True):
    announcement_id: Whole


class GivePreference(msgspec.Struct, forbid_unknown_fields=True):
    key: Literal["layout", "theme", "font", "chime"]
    value: Literal["full", "brief", "light", "dark", "small", "standard", "large", "on", "off"]


class RoundView(msgspec.Struct):
    round: int
    total: int
    done: int


class GroupProgress(msgspec.Struct):
    id: int
    label: str
    rounds: list[RoundView]
    open: int
    open_round3: int
    """Open tasks of round 3 or 4."""


class AnnouncementView(msgspec.Struct):
    id: int
    strength: str
    text: str
    kind: str
    published_at: str
    is_read: bool


class ProgressView(msgspec.Struct):
    groups: list[GroupProgress]
    city: list[RoundView]
    may_leave: bool
    leave_text: str
    session_over: bool
    sitting_id: int | None
    announcements: list[AnnouncementView]
    pace_s: float | None
    pending_on_node: int
    server_time: str


def task_view(task: Task, policy: Policy) -> TaskView:
    """`round` is 0 for rounds 1 and 2 where the city does not tell them apart.

    Earlier marks are for the leader alone, whatever the hub sent along.
    """
    shows_earlier = task.round == LEADERS_ROUND and policy.leader_sees_marks
    return TaskView(
        id=task.id,
        gen=task.gen,
        sitting=task.sitting_id,
        performance=task.performance,
        group=task.item_group_id,
        round=task.round if policy.show_round or task.round > 2 else 0,
        criteria=[c.value for c in from_mask(task.criteria)],
        video=VideoView(
            url=f"/videos/{task.id}",
            bytes=task.video_bytes,
            duration_ms=task.duration_ms,
            peaks=task.peaks,
            loudness_db=task.loudness_db,
            is_ready=task.is_video_ready,
        ),
        earlier=_earlier(task) if shows_earlier else [],
    )


def _earlier(task: Task) -> list[EarlierView]:
    marks = msgspec.json.decode(task.earlier, type=list[EarlierMark])
    return [EarlierView(m.round, named_levels(m.levels), m.exception, m.comment) for m in marks]


def history_row(mark: Mark, task: Task, policy: Policy, open_sitting: int | None) -> HistoryRow:
    state = history_state(mark, task)
    view = task_view(task, policy)
    return HistoryRow(
        event_id=mark.event_id,
        task=view,
        performance=task.performance,
        group=task.item_group_id,
        round=view.round,
        levels=named_levels(mark.levels),
        exception=mark.exception or "",
        comment=mark.comment,
        given_at=mark.given_at,
        state=state,
        reason=_reason(mark, task, state),
        can_revise=open_sitting == task.sitting_id and state in ("pending", "synced"),
    )


def history_state(
    mark: Mark, task: Task
) -> Literal["pending", "synced", "locked", "refused", "surplus"]:
    if mark.result in ("refused", "quarantined"):
        return "refused"
    if mark.result == "surplus" or task.state == "withdrawn":
        return "surplus"
    if task.is_locked:
        return "locked"
    return "pending" if mark.result is None else "synced"


def named_levels(text: str) -> dict[str, int]:
    return {c.value: level for c, level in levels_from_text(text).items()}


def _reason(mark: Mark, task: Task, state: str) -> str:
    if state == "locked" and is_probe(task.id):
        return "对照结果已公布，不能修改"
    if state == "locked":
        return f"已进入{max(3, task.round + 1)}评，不能修改"
    if state == "surplus":
        return "这份任务已由他人完成，评分已存档"
    if mark.result == "quarantined":
        return mark.reason or "已上报市级核对"
    return mark.reason
