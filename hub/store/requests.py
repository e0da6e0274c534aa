"""What leads of districts ask the city for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.wire.requests import RequestBody, RequestKind

State = Literal["open", "done", "declined"]


@dataclass(frozen=True, slots=True)
class Asked:
    event_id: str
    node_name: str
    district_id: int
    kind: RequestKind
    account_id: int | None
    account_name: str
    new_name: str
    new_phone: str
    text: str
    asked_by: str
    asked_at: str
    state: State
    closed_by: str
    closed_at: str | None


def add(db: Database, event_id: str, body: RequestBody, node_id: int) -> None:
    db.conn.execute(
        """
        INSERT INTO request (event_id, node_id, kind, account_id, new_name, new_phone, text,
                             asked_by, asked_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING
        """,
        (
            *(event_id, node_id, body.kind, body.account_id or None, body.new_name),
            *(body.new_phone, body.text, body.asked_by, body.asked_at),
        ),
    )


def latest(db: Database, limit: int) -> list[Asked]:
    """Open ones first, then by time, the newest first."""
    rows = db.conn.execute(
        _ASKED + " ORDER BY r.state <> 'open', r.asked_at DESC, r.event_id LIMIT ?", (limit,)
    )
    return [Asked(*row) for row in rows]


def asked(db: Database, event_id: str) -> Asked | None:
    row = db.conn.execute(_ASKED + " WHERE r.event_id = ?", (event_id,)).fetchone()
    return Asked(*row) if row else None


def count_open(db: Database) -> int:
    row = db.conn.execute("SELECT count(*) FROM request WHERE state = 'open'").fetchone()
    return int(row[0])


def close(db: Database, event_id: str, state: State, who: str, moment: datetime) -> bool:
    changed = db.conn.execute(
        """
        UPDATE request SET state = ?, closed_by = ?, closed_at = ?
        WHERE event_id = ? AND state = 'open'
        """,
        (state, who, stamp(moment), event_id),
    )
    return changed.rowcount == 1


_ASKED = """
    SELECT r.event_id, n.name, n.district_id, r.kind, r.account_id, coalesce(a.name, ''),
           r.new_name, r.new_phone, r.text, b.name, r.asked_at, r.state, r.closed_by, r.closed_at
    FROM request r
    JOIN node n         ON n.id = r.node_id
    JOIN account b      ON b.id = r.asked_by
    LEFT JOIN account a ON a.id = r.account_id
"""
