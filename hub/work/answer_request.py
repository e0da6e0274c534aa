"""The city does what a district's lead asked for, or declines; the lead reads the answer."""

from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from hub.sheets.cells import as_phone
from hub.store import accounts, audit, requests
from hub.store.accounts import Listed
from hub.store.requests import Asked
from hub.work import change_account
from hub.work.announce import announce
from hub.work.hand_out import take_back_all
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role
from shared.wire.requests import RequestKind

KIND_LABELS: dict[RequestKind, str] = {
    "replace": "更换教师",
    "shift": "调配任务",
    "other": "其他",
}


def grant(db: Database, event_id: str, who: str, moment: datetime) -> None:
    asked = _open(db, event_id)
    if asked.kind == "replace":
        told = _replace(db, asked, who, moment)
    elif asked.kind == "shift" and asked.account_id is not None:
        taken = take_back_all(db, asked.account_id, who, moment)
        told = f"{asked.account_name}未评的 {taken} 份任务已分给其他教师"
    else:
        told = "已处理"
    _close(db, asked, "done", told, who, moment)


def decline(db: Database, event_id: str, why: str, who: str, moment: datetime) -> None:
    if not why.strip():
        raise Refusal("no_reason", "请写明不同意的原因，申请人会看到。", 400)
    _close(db, _open(db, event_id), "declined", f"未同意：{why.strip()}", who, moment)


def _open(db: Database, event_id: str) -> Asked:
    asked = requests.asked(db, event_id)
    if asked is None or asked.state != "open":
        raise Refusal("not_open", "这项申请已经处理过，或者不存在。", 404)
    return asked


def _replace(db: Database, asked: Asked, who: str, moment: datetime) -> str:
    """The new person takes over role and scope; open tasks go out afresh, to anyone allowed."""
    old = accounts.account(db, asked.account_id or 0)
    phone = as_phone(asked.new_phone.strip())
    if old is None or phone is None or old.role not in (Role.MARKER, Role.LEADER):
        raise Refusal("bad_request", "申请中的教师或新教师的电话不对，请不同意并说明原因。", 400)
    new = Listed(
        phone, asked.new_name.strip(), old.district_id, old.role, old.scope, old.capacity, "active"
    )
    change_account.add_person(db, replace(new, capacity=old.capacity), who, moment)
    taken = change_account.disable(db, old.id, who, moment)
    return f"{old.name}已停用，{new.name}可用电话后四位登录；{taken} 份未评任务已重新分配"


def _close(
    db: Database, asked: Asked, state: requests.State, told: str, who: str, moment: datetime
) -> None:
    requests.close(db, asked.event_id, state, who, moment)
    label = KIND_LABELS[asked.kind]
    about = f"（{asked.account_name}）" if asked.account_name else ""
    text = f"申请“{label}{about}”：{told}。"
    announce(db, text, "normal", asked.district_id, [Role.LEAD], who, moment)
    detail = {"kind": label, "account": asked.account_id or "", "text": told}
    audit.append(db, who, "request_answered", detail, moment)
