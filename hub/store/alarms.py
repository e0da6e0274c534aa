"""Alarms about a node's credential; while one is open, the node gets no new work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from shared.kit.clock import stamp

AlarmKind = Literal["two_programs", "retired_secret"]


@dataclass(frozen=True, slots=True)
class Alarm:
    node_id: int
    kind: AlarmKind
    raised_at: str


def put(db: Database, node_id: int, kind: AlarmKind, moment: datetime) -> bool:
    """Whether this is news."""
    added = db.conn.execute(
        "INSERT INTO alarm (node_id, kind, raised_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (node_id, kind, stamp(moment)),
    )
    return added.rowcount == 1


def is_open(db: Database, node_id: int) -> bool:
    row = db.conn.execute(
        "SELECT 1 FROM alarm WHERE node_id = ? AND cleared_at IS NULL LIMIT 1", (node_id,)
    ).fetchone()
    return row is not None


def all_open(db: Database) -> list[Alarm]:
    rows = db.conn.execute(
        "SELECT node_id, kind, raised_at FROM alarm WHERE cleared_at IS NULL ORDER BY id"
    )
    return [Alarm(*row) for row in rows]


def clear(db: Database, node_id: int, moment: datetime) -> int:
    """How many were open."""
    return db.conn.execute(
        "UPDATE alarm SET cleared_at = ? WHERE node_id = ? AND cleared_at IS NULL",
        (stamp(moment), node_id),
    ).rowcount
