"""Sessions: random tokens kept only as hashes, their cookie, and slowing down guesses."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from litestar.datastructures import Cookie

TRIES_WINDOW = timedelta(hours=1)
"""Wrong tries older than this are forgotten."""
FREE_TRIES_PER_ACCOUNT = 5
FREE_TRIES_PER_ADDRESS = 20
WAIT_S_FIRST = 15
WAIT_S_MAX = 900


def new_token() -> tuple[str, str]:
    """A token of 256 bits for the cookie, and its hash for the database."""
    token = secrets.token_urlsafe(32)
    return token, hash_token(token)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def session_cookie(name: str, token: str, *, is_https: bool) -> Cookie:
    # Labs speak plain HTTP, where a Secure cookie would never come back.
    return Cookie(key=name, value=token, httponly=True, samesite="lax", secure=is_https, path="/")


def ended_cookie(name: str) -> Cookie:
    return Cookie(key=name, value="", httponly=True, samesite="lax", max_age=0, path="/")


def tries_wait_s(tries: int, free: int = FREE_TRIES_PER_ACCOUNT) -> int:
    """Seconds to wait after so many wrong tries: grows, but never locks anyone out for good."""
    if tries < free:
        return 0
    return min(WAIT_S_FIRST << min(tries - free, 10), WAIT_S_MAX)


def wait_left_s(
    tries: Sequence[datetime], moment: datetime, free: int = FREE_TRIES_PER_ACCOUNT
) -> int:
    """Seconds still to wait before the next try, from the moments of the wrong ones."""
    recent = [t for t in tries if moment - t < TRIES_WINDOW]
    if not recent:
        return 0
    end = max(recent) + timedelta(seconds=tries_wait_s(len(recent), free))
    return max(0, int((end - moment).total_seconds() + 0.999))
