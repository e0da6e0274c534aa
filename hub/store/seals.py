"""Seals: the hub's proof that it handed a task out, though it may have forgotten it since."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from sqlite_utils import Database

from hub.store import meta

_PROOF_LENGTH = 32


@dataclass(frozen=True, slots=True)
class HandOut:
    """All that it takes to know a task again."""

    task_id: int
    sitting_id: int
    account_id: int
    performance_id: int
    round: int
    criteria: int
    gen: int


def key(db: Database) -> bytes:
    """The same in every life of the database, so that a restored hub knows its own seals."""
    return bytes.fromhex(meta.get(db, "seal_key") or "")


def seal(key: bytes, given: HandOut) -> str:
    said = f"{given.performance_id}.{given.round}.{given.criteria}.{given.gen}"
    whole = f"{given.task_id}.{given.sitting_id}.{given.account_id}.{said}"
    return f"{said}.{hmac.new(key, whole.encode(), sha256).hexdigest()[:_PROOF_LENGTH]}"


def opened(key: bytes, text: str, task_id: int, sitting_id: int, account_id: int) -> HandOut | None:
    """What was handed out; None when it is no seal of ours for this task and person."""
    parts = text.split(".")
    if not key or len(parts) != 5 or not all(p.isascii() and p.isdigit() for p in parts[:4]):
        return None
    performance_id, round, criteria, gen = (int(part[:15]) for part in parts[:4])
    given = HandOut(task_id, sitting_id, account_id, performance_id, round, criteria, gen)
    return given if hmac.compare_digest(seal(key, given).encode(), text.encode()) else None
