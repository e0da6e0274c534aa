"""Signing in to the hub: guesses are slowed down by name and by address, both ways are audited."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from hub.store import admin_sessions, admins, attempts, audit
from hub.store.admins import Admin
from shared.kit import tries
from shared.kit.refusal import Refusal
from shared.kit.tokens import new_token

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
TOUCH_AFTER = timedelta(minutes=1)
"""A session is not written again within this time."""

WRONG = "账号、密码或动态码不对。"
PROVED = timedelta(minutes=5)
"""So long after the password was given, dangerous acts do not ask for it again."""


@dataclass(frozen=True, slots=True)
class Try:
    """Someone at `address` says to be `name`."""

    name: str
    address: str

    @property
    def by_name(self) -> str:
        return f"admin:{self.name}"

    @property
    def by_address(self) -> str:
        return f"address:{self.address}"


def check_pace(db: Database, attempt: Try, moment: datetime) -> None:
    """Before the password is looked at: a right one does not help who guesses too fast."""
    since = moment - tries.TRIES_WINDOW
    wait_s = max(
        tries.wait_left_s(attempts.since(db, attempt.by_name, since), moment),
        tries.wait_left_s(
            attempts.since(db, attempt.by_address, since), moment, tries.FREE_TRIES_PER_ADDRESS
        ),
    )
    if wait_s:
        raise Refusal("wait", f"试错次数较多，请等 {wait_s} 秒后再试。", 429)


def count_wrong(db: Database, attempt: Try, moment: datetime) -> None:
    attempts.add(db, attempt.by_name, moment)
    attempts.add(db, attempt.by_address, moment)
    attempts.prune(db, moment - tries.TRIES_WINDOW)
    audit.append(db, attempt.name, "sign_in_refused", {"address": attempt.address}, moment)


def sign_in(db: Database, admin: Admin, attempt: Try, moment: datetime) -> str:
    """The new session's token, for the cookie alone."""
    attempts.forget(db, attempt.by_name)
    admin_sessions.prune(db, moment - IDLE, moment - LONGEST)
    token, token_hash = new_token()
    admin_sessions.add(db, token_hash, admin.id, attempt.address, moment)
    audit.append(db, admin.name, "sign_in", {"address": attempt.address}, moment)
    return token


def find(db: Database, name: str) -> Admin | None:
    admin = admins.by_name(db, name)
    return admin if admin and admin.state == "active" else None
