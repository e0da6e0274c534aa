"""Signing in: who may, how often one may try, and when a session is over."""

from datetime import datetime, timedelta

from sqlite_utils import Database

from node.store import accounts, attempts, exam, sessions
from node.store.accounts import Account
from node.store.sessions import Session
from shared.kit.passwords import check_password
from shared.kit.refusal import Refusal
from shared.web.sessions import (
    FREE_TRIES_PER_ACCOUNT,
    FREE_TRIES_PER_ADDRESS,
    TRIES_WINDOW,
    new_token,
    wait_left_s,
)

IDLE_MAX = timedelta(minutes=60)
ABSOLUTE_MAX = timedelta(hours=12)
SEEN_EVERY = timedelta(seconds=30)


def check(
    db: Database, phone: str, password: str, address: str, moment: datetime
) -> Account | None:
    """The account when the password is right; Refusal while too many tries went wrong."""
    for subject, free in (
        (account_subject(phone), FREE_TRIES_PER_ACCOUNT),
        (address_subject(address), FREE_TRIES_PER_ADDRESS),
    ):
        tries = attempts.tries(db, subject, moment - TRIES_WINDOW)
        if wait_s := wait_left_s(tries, moment, free):
            raise Refusal(
                "wait", f"试错次数太多，请在 {wait_s} 秒后再试，或联系本机房技术员。", 429
            )
    account = accounts.by_phone(db, phone)
    return account if _is_right(account, password) and account else None


def begin(db: Database, account: Account, address: str, moment: datetime) -> str:
    """A new session, which takes over from the account's others; returns its token."""
    token, token_hash = new_token()
    sessions.add(db, token_hash, account.id, address, moment)
    attempts.forget(db, account_subject(account.phone))
    return token


def note_failure(db: Database, phone: str, address: str, moment: datetime) -> None:
    attempts.add(db, account_subject(phone), moment)
    attempts.add(db, address_subject(address), moment)


def is_over(session: Session, moment: datetime) -> bool:
    return (
        session.ended is not None
        or moment - session.seen_at > IDLE_MAX
        or moment - session.created_at > ABSOLUTE_MAX
    )


def must_change_password(db: Database, account: Account) -> bool:
    return account.password_hash is None and exam.policy(db).first_sign_in == "change"


def account_subject(phone: str) -> str:
    return f"account:{phone}"


def address_subject(address: str) -> str:
    return f"address:{address}"


def _is_right(account: Account | None, password: str) -> bool:
    if account is None or account.state != "active":
        return check_password(None, password)
    if account.password_hash is None:
        # The initial password follows from the phone number: a hash would hide nothing.
        return password == account.phone[-4:]
    return check_password(account.password_hash, password)
