"""Seals: the hub's proof that it handed a task out, though it may have forgotten it since."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from sqlite_utils import Database

from hub.store import meta

_PROOF_LENGTH = 32


@dataclass(frozen=True, slots=True)
class HandOut:
    """All that it takes to know a task again.

    What was to be marked, and by whom, is not named by ids alone: people and performances that are
    imported again after a restore may have got them in another order.
    """

    task_id: int
    sitting_id: int
    account_id: int
    phone: str
    performance_id: int
    video_sha256: str
    round: int
    criteria: int
    gen: int


class Claim(NamedTuple):
    """What a seal says before it is proved."""

    performance_id: int
    round: int
    criteria: int
    gen: int


def key(db: Database) -> bytes:
    """The same in every life of the database, so that a restored hub knows its own seals."""
    return bytes.fromhex(meta.get(db, "seal_key") or "")


def seal(key: bytes, given: HandOut) -> str:
    said = f"{given.performance_id}.{given.round}.{given.criteria}.{given.gen}"
    whose = f"{given.task_id}.{given.sitting_id}.{given.account_id}.{given.phone}"
    whole = f"{whose}.{given.video_sha256}.{said}"
    return f"{said}.{hmac.new(key, whole.encode(), sha256).hexdigest()[:_PROOF_LENGTH]}"


def claim_of(text: str) -> Claim | None:
    """None when it is no seal at all."""
    parts = text.split(".")
    if len(parts) != 5 or not all(p.isascii() and p.isdigit() for p in parts[:4]):
        return None
    return Claim(*(int(part[:15]) for part in parts[:4]))


def is_ours(key: bytes, text: str, given: HandOut) -> bool:
    """Whether that is what was sealed, down to the person and the video."""
    return bool(key) and hmac.compare_digest(seal(key, given).encode(), text.encode())
