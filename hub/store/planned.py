"""Announcements that wait for their time, and what became of them."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from hub.store.announcements import Strength
from shared.kit.clock import stamp
from shared.rules.rubric import Role


@dataclass(frozen=True, slots=True)
class Planned:
    id: int
    publish_at: str
    strength: Strength
    text: str
    district_id: int
    """EVERY_DISTRICT, or the only one it is for."""
    roles: tuple[Role, ...]
    author: str


def waiting(db: Database) -> list[Planned]:
    """The next one first."""
    rows = db.conn.execute(
        """
        SELECT id, publish_at, strength, text, district_id, roles, author
        FROM planned WHERE state = 'waiting' ORDER BY publish_at, id
        """
    )
    return [_planned(row) for row in rows]


def due(db: Database, moment: datetime) -> list[Planned]:
    rows = db.conn.execute(
        """
        SELECT id, publish_at, strength, text, district_id, roles, author
        FROM planned WHERE state = 'waiting' AND publish_at <= ? ORDER BY publish_at, id
        """,
        (stamp(moment),),
    )
    return [_planned(row) for row in rows]


def add(
    db: Database,
    publish_at: datetime,
    strength: Strength,
    text: str,
    district_id: int,
    roles: Collection[Role],
    author: str,
) -> None:
    db.conn.execute(
        """
        INSERT INTO planned (publish_at, strength, text, district_id, roles, author)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (
            stamp(publish_at),
            strength,
            text,
            district_id,
            json.dumps([role.value for role in roles]),
            author,
        ),
    )


def set_published(db: Database, id: int, announcement_id: int) -> None:
    db.conn.execute(
        "UPDATE planned SET state = 'published', announcement_id = ? WHERE id = ?",
        (announcement_id, id),
    )


def cancel(db: Database, id: int) -> bool:
    """False when it was published or cancelled before."""
    changed = db.conn.execute(
        "UPDATE planned SET state = 'cancelled' WHERE id = ? AND state = 'waiting'", (id,)
    )
    return changed.rowcount > 0


def _planned(row: sqlite3.Row) -> Planned:
    values = list(row)
    values[5] = tuple(Role(role) for role in json.loads(row["roles"]))
    return Planned(*values)
