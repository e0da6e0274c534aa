"""Signing in: who may, how often one may try, and when a session is over."""

import hmac
from datetime import datetime, timedelta

from sqlite_utils import Database

from node.store import accounts, attempts, exam, sessions
from node.store.accounts import Account
from node.store.sessions import Session
from shared.kit.passwords import check_password, is_for_once
from shared.kit.refusal import Refusal
from shared.kit.tokens import new_token
from shared.kit.tries import (
    FREE_TRIES_PER_ACCOUNT,
    FREE_TRIES_PER_ADDRESS,
    TRIES_WINDOW,
    wait_left_s,
)

IDLE_MAX = timedelta(minutes=60)
ABSOLUTE_MAX = timedelta(hours=12)
SEEN_EVERY = timedelta(seconds=30)


def begin_try(db: Database, phone: str, address: str, moment: datetime) -> Account | None:
    """The account asked for; Refusal while too many tries went wrong.

    The try counts as a wrong one until `begin` forgets it: many at the same time, before any of
    them is answered, are no way around the waiting.
    """
    wait_s = max(
        account_wait_s(db, phone, moment),
        _wait_s(db, address_subject(address), FREE_TRIES_PER_ADDRESS, moment),
    )
    if wait_s:
        raise Refusal("wait", f"试错次数太多，请在 {wait_s} 秒后再试，或联系本机房技术员。", 429)
    attempts.add(db, account_subject(phone), moment)
    return accounts.by_phone(db, phone)


def is_right(account: Account | None, password: str) -> bool:
    """Slow on purpose, so outside any transaction; as slow for a number that nobody has."""
    if account is None or account.state != "active":
        return check_password(None, password)
    if account.password_hash is None:
        check_password(None, password)
        # The initial password follows from the phone number: a hash would hide nothing.
        return hmac.compare_digest(password.encode(), account.phone[-4:].encode())
    return check_password(account.password_hash, password)


def begin(db: Database, account: Account, address: str, moment: datetime) -> str:
    """A new session, which takes over from the account's others; returns its token."""
    token, token_hash = new_token()
    sessions.add(db, token_hash, account.id, address, moment)
    attempts.forget(db, account_subject(account.phone))
    return token


def note_failure(db: Database, address: str, moment: datetime) -> None:
    """Of the PC; that of the account was counted when the try began."""
    attempts.add(db, address_subject(address), moment)


def account_wait_s(db: Database, phone: str, moment: datetime) -> int:
    """Seconds until the next try for this account, 0 when it is not held up."""
    return _wait_s(db, account_subject(phone), FREE_TRIES_PER_ACCOUNT, moment)


def is_over(session: Session, moment: datetime) -> bool:
    return (
        session.ended is not None
        or moment - session.seen_at > IDLE_MAX
        or moment - session.created_at > ABSOLUTE_MAX
    )


def must_change_password(db: Database, account: Account) -> bool:
    """What others know, too: a slip's password always, the initial one by the policy."""
    if account.password_hash is None:
        return exam.policy(db).first_sign_in == "change"
    return is_for_once(account.password_hash)


def account_subject(phone: str) -> str:
    return f"account:{phone}"


def address_subject(address: str) -> str:
    return f"address:{address}"


def _wait_s(db: Database, subject: str, free: int, moment: datetime) -> int:
    return wait_left_s(attempts.tries(db, subject, moment - TRIES_WINDOW), moment, free)
