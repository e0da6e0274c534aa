"""The audit log: a hash chain of who did what, which shows any later change."""

import json
import sqlite3
from collections.abc import Mapping
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


def append(
    db: Database, who: str, action: str, detail: Mapping[str, Any], moment: datetime
) -> None:
    previous = head(db)
    at = stamp(moment)
    text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
    db.conn.execute(
        """
        INSERT INTO audit (at, who, action, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?)
        """,
        (at, who, action, text, previous, _link(previous, at, who, action, text)),
    )


def head(db: Database) -> str:
    """The hash that stands for everything written so far."""
    last = db.conn.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    return str(last["hash"]) if last else START


def broken_at(db: Database) -> int | None:
    """The first entry that is not what was written, or does not follow on the one before."""
    previous = START
    rows = db.conn.execute(
        "SELECT id, at, who, action, detail, previous, hash FROM audit ORDER BY id"
    )
    for row in rows:
        expected = _link(previous, row["at"], row["who"], row["action"], row["detail"])
        if row["previous"] != previous or row["hash"] != expected:
            return int(row["id"])
        previous = row["hash"]
    return None


def page(db: Database, before: int | None = None, limit: int = 50) -> list[Entry]:
    """The newest first, older than entry `before`."""
    rows = db.conn.execute(
        """
        SELECT id, at, who, action, detail, hash FROM audit
        WHERE id < ? OR ? IS NULL ORDER BY id DESC LIMIT ?
        """,
        (before, before, limit),
    )
    return [_entry(row) for row in rows]


def of_action(db: Database, action: str) -> list[Entry]:
    """The oldest first."""
    rows = db.conn.execute(
        "SELECT id, at, who, action, detail, hash FROM audit WHERE action = ? ORDER BY id",
        (action,),
    )
    return [_entry(row) for row in rows]


def _link(previous: str, at: str, who: str, action: str, detail: str) -> str:
    return sha256(json.dumps([previous, at, who, action, detail]).encode()).hexdigest()


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["id"], row["at"], row["who"], row["action"], json.loads(row["detail"]), row["hash"]
    )
