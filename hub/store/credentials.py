"""The secrets of a node beside the one in use: the next one, and those that are over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from shared.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Credential:
    secret: str
    state: Literal["current", "next", "retired"]
    since: str


def of_node(db: Database, node_id: int) -> list[Credential]:
    """The next one first, then the last that was retired."""
    rows = db.conn.execute(
        "SELECT secret, state, since FROM credential WHERE node_id = ? "
        "ORDER BY state = 'next' DESC, since DESC",
        (node_id,),
    )
    return [Credential(*row) for row in rows]


def put_next(db: Database, node_id: int, secret: str, moment: datetime) -> None:
    db.conn.execute(
        "INSERT INTO credential (secret, node_id, state, since) VALUES (?, ?, 'next', ?)",
        (secret, node_id, stamp(moment)),
    )


def promote(db: Database, node_id: int, moment: datetime) -> None:
    """The node uses the next one: it is the one in use now, and the one before is over."""
    if not any(c.state == "next" for c in of_node(db, node_id)):
        return
    retire_current(db, node_id, moment)
    db.conn.execute(
        """
        UPDATE node SET secret =
          (SELECT secret FROM credential WHERE node_id = ? AND state = 'next')
        WHERE id = ?
        """,
        (node_id, node_id),
    )
    db.conn.execute("DELETE FROM credential WHERE node_id = ? AND state = 'next'", (node_id,))


def retire_all(db: Database, node_id: int, moment: datetime) -> None:
    """The slot is given to another PC, or to none."""
    retire_current(db, node_id, moment)
    db.conn.execute(
        "UPDATE credential SET state = 'retired', since = ? WHERE node_id = ? AND state = 'next'",
        (stamp(moment), node_id),
    )


def retire_current(db: Database, node_id: int, moment: datetime) -> None:
    db.conn.execute(
        """
        INSERT INTO credential (secret, node_id, state, since)
        SELECT secret, id, 'retired', ? FROM node WHERE id = ? AND secret IS NOT NULL
        ON CONFLICT (node_id, secret) DO UPDATE SET state = 'retired', since = excluded.since
        """,
        (stamp(moment), node_id),
    )
