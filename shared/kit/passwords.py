"""Passwords: hash and check, bounded in time and memory for a morning of 80 sign-ins."""

import os
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each run takes 19 MiB and a core: more at a time would cost memory when a whole lab signs in,
# and let nobody in sooner.
_AT_A_TIME = threading.BoundedSemaphore(min(4, os.cpu_count() or 1))
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43

HASH_CHARACTERS_MAX = 200
_ONCE = "!"
"""Before the hash of a password that somebody else knows: its owner is to set another one."""


def hash_password(text: str) -> str:
    with _AT_A_TIME:
        return _HASHER.hash(text)


def hash_for_once(text: str) -> str:
    """Of a password on a slip of paper: it opens, and then a new one must be set."""
    return _ONCE + hash_password(text)


def is_for_once(password_hash: str | None) -> bool:
    return password_hash is not None and password_hash.startswith(_ONCE)


def is_hash(text: str) -> bool:
    """Whether it may be kept as a password's hash."""
    return len(text) <= HASH_CHARACTERS_MAX and text.removeprefix(_ONCE).startswith("$argon2id$")


def check_password(password_hash: str | None, text: str) -> bool:
    """None takes as long as a wrong password, so that nobody learns which accounts exist."""
    with _AT_A_TIME:
        try:
            right = _HASHER.verify((password_hash or _NOBODY).removeprefix(_ONCE), text)
        except (VerificationError, InvalidHashError):
            return False
    return right and password_hash is not None
