"""The audit log: a hash chain of who did what, which shows any later change."""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlite_utils import Database

from shared.kit.clock import stamp

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    at: str
    who: str
    action: str
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as anybody may see it: a person who does not know the salt learns nothing."""

    id: int
    at: str
    action: str
    who_hash: str
    detail_hash: str
    hash: str
    is_bare: bool
    """Of before there were salts: no hash but the last is to be published."""
    detail: str
    detail_salt: str
    """Together they show what detail_hash stands for."""


def append(
    db: Database, who: str, action: str, detail: Mapping[str, Any], moment: datetime
) -> None:
    previous = head(db)
    at = stamp(moment)
    text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
    salt = secrets.token_hex(16)
    db.conn.execute(
        """
        INSERT INTO audit (at, who, action, detail, previous, hash, salt)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (at, who, action, text, previous, _link(previous, at, who, action, text, salt), salt),
    )


def head(db: Database) -> str:
    """The hash that stands for everything written so far."""
    last = db.conn.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    return str(last["hash"]) if last else START


def broken_at(db: Database) -> int | None:
    """The first entry that is not what was written, or does not follow on the one before."""
    previous = START
    rows = db.conn.execute(
        "SELECT id, at, who, action, detail, previous, hash, salt FROM audit ORDER BY id"
    )
    for row in rows:
        said = (row["at"], row["who"], row["action"], row["detail"], row["salt"])
        expected = _link(previous, *said)
        if row["previous"] != previous or row["hash"] != expected:
            return int(row["id"])
        previous = row["hash"]
    return None


def page(
    db: Database, before: int | None = None, limit: int = 50, action: str = "", who: str = ""
) -> list[Entry]:
    """The newest first, older than entry `before`; of one action and one person, where named."""
    rows = db.conn.execute(
        """
        SELECT id, at, who, action, detail, hash FROM audit
        WHERE (id < ? OR ? IS NULL) AND (? = '' OR action = ?) AND (? = '' OR who = ?)
        ORDER BY id DESC LIMIT ?
        """,
        (before, before, action, action, who, who, limit),
    )
    return [_entry(row) for row in rows]


def of_action(db: Database, action: str) -> list[Entry]:
    """The oldest first."""
    rows = db.conn.execute(
        "SELECT id, at, who, action, detail, hash FROM audit WHERE action = ? ORDER BY id",
        (action,),
    )
    return [_entry(row) for row in rows]


def links(db: Database) -> Iterator[Link]:
    """The whole chain, in order."""
    rows = db.conn.execute("SELECT id, at, who, action, detail, hash, salt FROM audit ORDER BY id")
    for id, at, who, action, detail, hash, salt in rows:
        yield Link(
            id=id,
            at=at,
            action=action,
            who_hash=_salted(salt, "who", who),
            detail_hash=_salted(salt, "detail", detail),
            hash=hash,
            is_bare=not salt,
            detail=detail,
            detail_salt=_salt_of(salt, "detail"),
        )


def _link(previous: str, at: str, who: str, action: str, detail: str, salt: str) -> str:
    if not salt:
        return _hash([previous, at, who, action, detail])
    hidden = (_salted(salt, "who", who), _salted(salt, "detail", detail))
    return _hash([previous, at, action, *hidden])


def _salted(salt: str, part: str, text: str) -> str:
    return _hash([_salt_of(salt, part), text])


def _salt_of(salt: str, part: str) -> str:
    """Each part has its own, so that one can be shown without the other."""
    return _hash([salt, part])


def _hash(parts: list[str]) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["id"], row["at"], row["who"], row["action"], json.loads(row["detail"]), row["hash"]
    )
