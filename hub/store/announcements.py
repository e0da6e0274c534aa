"""Announcements of the city and of the system, and who has read them."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.rules.rounds import Milestone
from shared.rules.rubric import Role

Strength = Literal["normal", "important", "blocking"]
MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Announcement:
    id: int
    sitting_id: int | None
    kind: str
    """"manual", or a milestone."""
    strength: Strength
    text: str
    district_id: int
    """EVERY_DISTRICT, or the only one it is for."""
    roles: tuple[Role, ...]
    """Empty: for everyone."""
    author: str
    published_at: str


@dataclass(frozen=True, slots=True)
class NewAnnouncement:
    sitting_id: int | None
    kind: str
    strength: Strength
    text: str
    district_id: int
    roles: Collection[Role]
    author: str


def announcement(db: Database, id: int) -> Announcement | None:
    row = db.conn.execute(
        """
        SELECT id, sitting_id, kind, strength, text, district_id, roles, author, published_at
        FROM announcement WHERE id = ?
        """,
        (id,),
    ).fetchone()
    return _announcement(row) if row else None


def recent(db: Database, limit: int = 50) -> list[Announcement]:
    """The newest first."""
    rows = db.conn.execute(
        """
        SELECT id, sitting_id, kind, strength, text, district_id, roles, author, published_at
        FROM announcement ORDER BY id DESC LIMIT ?
        """,
        (limit,),
    )
    return [_announcement(row) for row in rows]


def milestones(db: Database, sitting_id: int) -> set[Milestone]:
    """Those that were announced."""
    rows = db.conn.execute(
        "SELECT kind FROM announcement WHERE sitting_id = ? AND kind <> 'manual'", (sitting_id,)
    )
    return {Milestone(row["kind"]) for row in rows}


def add(db: Database, new: NewAnnouncement, moment: datetime) -> int | None:
    """Its id; None for a milestone that was announced before."""
    row = db.conn.execute(
        """
        INSERT INTO announcement
          (sitting_id, kind, strength, text, district_id, roles, author, published_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        (
            new.sitting_id,
            new.kind,
            new.strength,
            new.text,
            new.district_id,
            json.dumps([role.value for role in new.roles]),
            new.author,
            stamp(moment),
        ),
    ).fetchone()
    return int(row[0]) if row else None


def put_receipt(db: Database, announcement_id: int, account_id: int, read_at: str) -> bool:
    """Whether this is news; what is not here any more cannot be read."""
    added = db.conn.execute(
        """
        INSERT INTO receipt (announcement_id, account_id, read_at)
        SELECT n.id, a.id, ? FROM announcement n, account a WHERE n.id = ? AND a.id = ?
        ON CONFLICT DO NOTHING
        """,
        (read_at, announcement_id, account_id),
    )
    return added.rowcount == 1


def read_counts(db: Database) -> dict[int, int]:
    """How many have read each announcement that anyone has read."""
    rows = db.conn.execute("SELECT announcement_id, count(*) FROM receipt GROUP BY announcement_id")
    return {row[0]: row[1] for row in rows}


def readers(db: Database, announcement_id: int) -> dict[int, str]:
    """The accounts that have read it, and when."""
    rows = db.conn.execute(
        """
        SELECT account_id, read_at FROM receipt WHERE announcement_id = ? ORDER BY account_id
        """,
        (announcement_id,),
    )
    return {row["account_id"]: row["read_at"] for row in rows}


def _announcement(row: sqlite3.Row) -> Announcement:
    return Announcement(
        id=row["id"],
        sitting_id=row["sitting_id"],
        kind=row["kind"],
        strength=row["strength"],
        text=row["text"],
        district_id=row["district_id"],
        roles=tuple(Role(role) for role in json.loads(row["roles"])),
        author=row["author"],
        published_at=row["published_at"],
    )
