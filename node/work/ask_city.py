"""A district's lead asks the city: it goes the way of all events, and survives a dead line."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from node.store import accounts, outbox, requests
from shared.kit.clock import stamp
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role
from shared.wire.requests import REQUEST_CHARACTERS_MAX, RequestBody, RequestKind

PHONE = re.compile(r"1\d{10}")
TEACHERS = (Role.MARKER, Role.LEADER)


@dataclass(frozen=True, slots=True)
class Wish:
    kind: RequestKind
    account_id: int
    """0: about nobody."""
    new_name: str
    new_phone: str
    text: str


def ask_city(db: Database, wish: Wish, asked_by: int, moment: datetime) -> None:
    _check(db, wish)
    about = accounts.account(db, wish.account_id)
    is_replacing = wish.kind == "replace"
    body = RequestBody(
        kind=wish.kind,
        account_id=wish.account_id,
        new_name=wish.new_name.strip() if is_replacing else "",
        new_phone=wish.new_phone.strip() if is_replacing else "",
        text=wish.text.strip(),
        asked_by=asked_by,
        asked_at=stamp(moment),
    )
    event_id = new_id(moment)
    words = f"{about.name} → {body.new_name} " if about and is_replacing else ""
    requests.add(db, event_id, wish.kind, wish.account_id, f"{words}{body.text}", asked_by, moment)
    outbox.put(db, 0, "request", 1, body, event_id, moment)


def _check(db: Database, wish: Wish) -> None:
    about = accounts.account(db, wish.account_id)
    if wish.kind != "other" and (
        about is None or about.state != "active" or about.role not in TEACHERS
    ):
        raise Refusal("invalid", "请选择要更换或调配的教师。", 400)
    if wish.kind == "replace":
        if not wish.new_name.strip() or len(wish.new_name) > 40:
            raise Refusal("invalid", "请填写新教师的姓名。", 400)
        if not PHONE.fullmatch(wish.new_phone.strip()):
            raise Refusal("invalid", "新教师的电话应为 11 位手机号码。", 400)
    if not wish.text.strip():
        raise Refusal("invalid", "请写明原因，市级据此办理。", 400)
    if len(wish.text) > REQUEST_CHARACTERS_MAX:
        raise Refusal("invalid", f"说明最多 {REQUEST_CHARACTERS_MAX} 个字。", 400)
