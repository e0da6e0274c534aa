"""The nodes: the district slots that were invited, enrolled, retired, and when last heard of."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.wire.messages import NodeStatus

SILENT_AFTER_S = 90
"""More than three long-polls: a node in step has been heard of since."""


@dataclass(frozen=True, slots=True)
class Node:
    id: int
    name: str
    district_id: int
    state: Literal["invited", "enrolled", "retired"]
    code_hash: str | None
    code_expires_at: str | None
    code_tries: int
    enrol_nonce: str | None
    """The nonce that used up the code; None while the code is unused."""
    enrolled_at: str | None
    secret: str | None
    node_inc: str | None
    last_seen_at: str | None
    address: str
    status: NodeStatus | None
    """What the node last said of itself; None before its first pull."""
    check_digits: str
    """Of an enrolment that is to be confirmed; else empty."""


def all_nodes(db: Database) -> list[Node]:
    rows = db.conn.execute("SELECT * FROM node ORDER BY district_id, name")
    return [_node(row) for row in rows]


def node(db: Database, node_id: int) -> Node | None:
    row = db.conn.execute("SELECT * FROM node WHERE id = ?", (node_id,)).fetchone()
    return None if row is None else _node(row)


def by_name(db: Database, name: str) -> Node | None:
    row = db.conn.execute("SELECT * FROM node WHERE name = ?", (name,)).fetchone()
    return None if row is None else _node(row)


def with_code(db: Database) -> list[Node]:
    """Nodes whose enrolment code has not been withdrawn; a few dozen at most."""
    rows = db.conn.execute("SELECT * FROM node WHERE code_hash IS NOT NULL ORDER BY id")
    return [_node(row) for row in rows]


def pending_events(db: Database) -> int:
    """Events that enrolled nodes still held when they last reported."""
    known = [n.status for n in all_nodes(db) if n.state == "enrolled" and n.status]
    return sum(status.pending_events for status in known)


def count_enrolled(db: Database, district_id: int) -> int:
    row = db.conn.execute(
        "SELECT count(*) FROM node WHERE district_id = ? AND state = 'enrolled'", (district_id,)
    ).fetchone()
    return int(row[0])


def silent(db: Database, moment: datetime) -> list[Node]:
    """Enrolled nodes not heard of for so long that what they hold is unknown."""
    since = stamp(moment - timedelta(seconds=SILENT_AFTER_S))
    rows = db.conn.execute(
        "SELECT * FROM node WHERE state = 'enrolled' "
        "AND coalesce(last_seen_at, enrolled_at, '') < ? ORDER BY district_id, name",
        (since,),
    )
    return [_node(row) for row in rows]


def invite(db: Database, name: str, district_id: int, code_hash: str, expires_at: str) -> None:
    """A fresh code for this slot; a node already at work keeps its secret until it is replaced."""
    db.conn.execute(
        """
        INSERT INTO node (name, district_id, state, code_hash, code_expires_at)
        VALUES (?, ?, 'invited', ?, ?)
        ON CONFLICT (name) DO UPDATE SET
          state           = CASE node.state WHEN 'enrolled' THEN 'enrolled' ELSE 'invited' END,
          code_hash       = excluded.code_hash,
          code_expires_at = excluded.code_expires_at,
          code_tries      = 0,
          enrol_nonce     = NULL
        """,
        (name, district_id, code_hash, expires_at),
    )


def count_try(db: Database, node_id: int) -> None:
    db.conn.execute("UPDATE node SET code_tries = code_tries + 1 WHERE id = ?", (node_id,))


def enrol(
    db: Database, node_id: int, secret: str, nonce: str, node_inc: str, moment: datetime
) -> bool:
    """Use up the code; False when another enrolment was first."""
    done = db.conn.execute(
        """
        UPDATE node SET state = 'enrolled', secret = ?, enrol_nonce = ?, node_inc = ?,
                        enrolled_at = ?, last_seen_at = NULL, status = '{}'
        WHERE id = ? AND enrol_nonce IS NULL AND code_hash IS NOT NULL
        """,
        (secret, nonce, node_inc, stamp(moment), node_id),
    )
    return done.rowcount == 1


def put_check_digits(db: Database, node_id: int, digits: str) -> None:
    """Empty: there is nothing to confirm, or it is confirmed."""
    db.conn.execute("UPDATE node SET check_digits = ? WHERE id = ?", (digits, node_id))


def retire(db: Database, node_id: int) -> bool:
    done = db.conn.execute(
        "UPDATE node SET state = 'retired', secret = NULL, code_hash = NULL "
        "WHERE id = ? AND state <> 'retired'",
        (node_id,),
    )
    return done.rowcount == 1


def seen(db: Database, node_id: int, address: str, status: NodeStatus, moment: datetime) -> None:
    """Heard of: what the node said, and one heartbeat for the minute."""
    db.conn.execute(
        "UPDATE node SET last_seen_at = ?, address = ?, status = ? WHERE id = ?",
        (stamp(moment), address, msgspec.json.encode(status).decode(), node_id),
    )
    db.conn.execute(
        "INSERT INTO heartbeat (node_id, minute, pending) VALUES (?, ?, ?) "
        "ON CONFLICT (node_id, minute) DO UPDATE SET pending = excluded.pending",
        (node_id, int(moment.timestamp()) // 60, status.pending_events),
    )


def seen_life(db: Database, node_id: int, node_inc: str) -> None:
    """The life of the node's database that it now speaks for."""
    db.conn.execute("UPDATE node SET node_inc = ? WHERE id = ?", (node_inc, node_id))


def heartbeats(db: Database, node_id: int, since: datetime) -> list[tuple[int, int]]:
    """(minute since 1970, pending events) of each minute in which the node was heard of."""
    rows = db.conn.execute(
        "SELECT minute, pending FROM heartbeat WHERE node_id = ? AND minute >= ? ORDER BY minute",
        (node_id, int(since.timestamp()) // 60),
    )
    return [(row["minute"], row["pending"]) for row in rows]


def prune_heartbeats(db: Database, before: datetime) -> int:
    done = db.conn.execute(
        "DELETE FROM heartbeat WHERE minute < ?", (int(before.timestamp()) // 60,)
    )
    return done.rowcount


def _node(row: sqlite3.Row) -> Node:
    return Node(
        id=row["id"],
        name=row["name"],
        district_id=row["district_id"],
        state=row["state"],
        code_hash=row["code_hash"],
        code_expires_at=row["code_expires_at"],
        code_tries=row["code_tries"],
        enrol_nonce=row["enrol_nonce"],
        enrolled_at=row["enrolled_at"],
        secret=row["secret"],
        node_inc=row["node_inc"],
        last_seen_at=row["last_seen_at"],
        address=row["address"],
        status=_status(row["status"]),
        check_digits=row["check_digits"],
    )


def _status(text: str) -> NodeStatus | None:
    return None if text == "{}" else msgspec.json.decode(text, type=NodeStatus)
