"""The rule of two: what cannot be undone is asked for by one city admin, approved by another."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from hub.store import admins, approvals, audit
from hub.store.approvals import Act, Approval
from shared.kit.refusal import Refusal

LASTS = timedelta(minutes=30)
"""From the asking until it is done."""
ASKED = "已提交申请。请另一位市级管理员在“双人确认”中确认，然后在 30 分钟内回到这里再操作一次。"
ACT_LABELS: dict[Act, str] = {"wipe": "清空试阅", "reopen": "重新开放作品", "export": "导出结果"}


@dataclass(frozen=True, slots=True)
class Leave:
    """To do one act once."""

    approval_id: int | None
    """None: nobody had to approve it."""


NOT_NEEDED = Leave(None)


def leave_for(
    db: Database, act: Act, subject: str, who: str, moment: datetime, *, is_on: bool
) -> Leave | None:
    """None when it has to be approved first, which has then been asked for.

    Where there is but one city admin nobody could approve: it goes on, and the log says so.
    """
    if not is_on:
        return NOT_NEEDED
    if admins.count_active(db) < 2:
        audit.append(db, who, "done_alone", {"act": ACT_LABELS[act]}, moment)
        return NOT_NEEDED
    own = [
        a
        for a in approvals.alive(db, moment - LASTS)
        if (a.act, a.subject, a.asked_by) == (act, subject, who)
    ]
    approved = next((a for a in own if a.approved_by), None)
    if approved is not None:
        return Leave(approved.id)
    if not own:
        approvals.add(db, act, subject, who, moment)
        audit.append(db, who, "approval_asked", {"act": ACT_LABELS[act]}, moment)
    return None


def use_up(db: Database, leave: Leave, moment: datetime) -> None:
    """In the transaction in which the act is done: what fails or is cancelled keeps its leave."""
    if leave.approval_id is None or approvals.end(db, leave.approval_id, moment):
        return
    raise Refusal("approval_over", "双人确认已被另一位管理员取消，没有执行。请重新申请。", 409)


def may_go_on(
    db: Database, act: Act, subject: str, who: str, moment: datetime, *, is_on: bool
) -> bool:
    """For an act that this very transaction does."""
    leave = leave_for(db, act, subject, who, moment, is_on=is_on)
    if leave is not None:
        use_up(db, leave, moment)
    return leave is not None


def approve(db: Database, id: int, who: str, moment: datetime) -> None:
    found = _known(db, id, moment)
    if found.asked_by == who:
        raise Refusal("same_person", "不能确认自己的申请，请由另一位市级管理员确认。", 403)
    if approvals.approve(db, id, who, moment):
        detail = {"act": ACT_LABELS[found.act], "asked_by": found.asked_by}
        audit.append(db, who, "approval_given", detail, moment)


def decline(db: Database, id: int, who: str, moment: datetime) -> None:
    """By anyone, also by who asked."""
    found = _known(db, id, moment)
    if approvals.end(db, id, moment):
        detail = {"act": ACT_LABELS[found.act], "asked_by": found.asked_by}
        audit.append(db, who, "approval_declined", detail, moment)


def _known(db: Database, id: int, moment: datetime) -> Approval:
    found = next((a for a in approvals.alive(db, moment - LASTS) if a.id == id), None)
    if found is None:
        raise Refusal("approval_over", "这项申请已处理或已过期（30 分钟内有效）。", 409)
    return found
