"""The rule of two: what cannot be undone is asked for by one city admin, approved by another."""

from datetime import datetime, timedelta

from sqlite_utils import Database

from hub.store import admins, approvals, audit
from hub.store.approvals import Act, Approval
from shared.kit.refusal import Refusal

LASTS = timedelta(minutes=30)
"""From the asking until it is done."""
ASKED = "已提交申请。请另一位市级管理员在“双人确认”中确认，然后在 30 分钟内回到这里再操作一次。"
ACT_LABELS: dict[Act, str] = {"wipe": "清空试阅", "reopen": "重新开放作品", "export": "导出结果"}


def may_go_on(
    db: Database, act: Act, subject: str, who: str, moment: datetime, *, is_on: bool
) -> bool:
    """True when it may be done now, which uses the approval up; else it has been asked for.

    Where there is but one city admin nobody could approve: it goes on, and the log says so.
    """
    if not is_on:
        return True
    if admins.count_active(db) < 2:
        audit.append(db, who, "done_alone", {"act": ACT_LABELS[act]}, moment)
        return True
    own = [
        a
        for a in approvals.alive(db, moment - LASTS)
        if (a.act, a.subject, a.asked_by) == (act, subject, who)
    ]
    approved = next((a for a in own if a.approved_by), None)
    if approved is not None:
        approvals.end(db, approved.id, moment)
        return True
    if not own:
        approvals.add(db, act, subject, who, moment)
        audit.append(db, who, "approval_asked", {"act": ACT_LABELS[act]}, moment)
    return False


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
