"""An account that is open at another PC: asked about there first, then taken over from here."""

import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from node.store import accounts, pcs, sessions
from node.store.accounts import Account
from node.work.sign_in import is_over
from shared.kit.refusal import Refusal
from shared.kit.tokens import hash_token, new_token

HEARD_OF = timedelta(minutes=2)
"""A page that is open asks more often than that; one that is not is taken over unasked."""
ANSWERED_WITHIN = timedelta(minutes=2)
OWN = ("127.0.0.1", "::1")


def open_elsewhere(db: Database, account_id: int, address: str, moment: datetime) -> str:
    """The other PC at which the account is open, as people call it; "" where there is none."""
    session = sessions.open_of(db, account_id)
    if session is None or session.address == address or is_over(session, moment):
        return ""
    if moment - session.seen_at > HEARD_OF:
        return ""
    return place_of(db, session.address)


def place_of(db: Database, address: str) -> str:
    """A PC as people call it."""
    if address in OWN:
        return "机房服务器"
    pc = pcs.at(db, address)
    return f"{pc.name} 号机" if pc else f"电脑 {address}"


@dataclass(frozen=True, slots=True)
class Offer:
    account: Account
    address: str
    token_hash: str
    until: datetime


class Offers:
    """Who has just proved the password and is asked; one offer an account, in memory only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offers: dict[int, Offer] = {}

    def offer(self, account: Account, address: str, moment: datetime) -> str:
        """The token that stands for the password, once and from this address alone."""
        token, token_hash = new_token()
        with self._lock:
            until = moment + ANSWERED_WITHIN
            self._offers[account.id] = Offer(account, address, token_hash, until)
        return token

    def take(self, db: Database, token: str, address: str, moment: datetime) -> Account:
        """Whose token it is; Refusal where it is of no use, or the account has changed since."""
        token_hash = hash_token(token)
        with self._lock:
            same = secrets.compare_digest
            found = [o for o in self._offers.values() if same(o.token_hash, token_hash)]
            for offer in found:
                del self._offers[offer.account.id]
        for offer in found:
            is_good = offer.address == address and moment <= offer.until
            if is_good and accounts.account(db, offer.account.id) == offer.account:
                return offer.account
        raise Refusal("offer_over", "等待的时间太长，请重新登录。", 422)
