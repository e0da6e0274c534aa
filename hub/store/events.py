"""What nodes handed in: how far each node's stream is known, and what became of each event."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from hub.store.many import listed
from shared.kit.clock import stamp
from shared.wire import chain


@dataclass(frozen=True, slots=True)
class Stream:
    """How far the hub knows one life of one node's database."""

    acked_seq: int
    chain: str


@dataclass(frozen=True, slots=True)
class Known:
    body_sha256: str
    code: str
    reason: str


class Received(NamedTuple):
    event_id: str
    node_id: int
    node_inc: str
    seq: int
    sitting_id: int
    kind: str
    v: int
    body_sha256: str
    body: str | None
    """Kept for quarantined events only: the other kinds have tables of their own."""
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    event_id: str
    node_name: str
    kind: str
    v: int
    body: str
    reason: str
    received_at: str


def stream(db: Database, node_id: int, node_inc: str) -> Stream:
    row = db.conn.execute(
        "SELECT acked_seq, chain FROM node_stream WHERE node_id = ? AND node_inc = ?",
        (node_id, node_inc),
    ).fetchone()
    return Stream(0, chain.START) if row is None else Stream(row["acked_seq"], row["chain"])


def put_stream(db: Database, node_id: int, node_inc: str, stream: Stream) -> None:
    db.conn.execute(
        "INSERT INTO node_stream (node_id, node_inc, acked_seq, chain) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (node_id, node_inc) "
        "DO UPDATE SET acked_seq = excluded.acked_seq, chain = excluded.chain",
        (node_id, node_inc, stream.acked_seq, stream.chain),
    )


def known(db: Database, event_id: str) -> Known | None:
    row = db.conn.execute(
        "SELECT body_sha256, result, reason FROM event WHERE event_id = ?", (event_id,)
    ).fetchone()
    return None if row is None else Known(row["body_sha256"], row["result"], row["reason"])


def known_of(db: Database, event_ids: Collection[str]) -> dict[str, Known]:
    rows = db.conn.execute(
        """
        SELECT event_id, body_sha256, result, reason FROM event
        WHERE event_id IN (SELECT value FROM json_each(?))
        """,
        (listed(event_ids),),
    )
    return {row[0]: Known(row[1], row[2], row[3]) for row in rows}


def add(db: Database, received: Sequence[Received], moment: datetime) -> None:
    """An event of an id that is kept already is never overwritten."""
    text = stamp(moment)
    db.conn.executemany(
        """
        INSERT INTO event (event_id, node_id, node_inc, seq, sitting_id, kind, v,
                           body_sha256, body, result, reason, received_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (event_id) DO NOTHING
        """,
        [(*event, text) for event in received],
    )


def quarantined(db: Database, limit: int) -> list[Quarantined]:
    """Newest first, for a person to look at."""
    rows = db.conn.execute(
        """
        SELECT event.event_id, node.name, event.kind, event.v, event.body, event.reason,
               event.received_at
        FROM event JOIN node ON node.id = event.node_id
        WHERE event.result = 'quarantined' ORDER BY event.received_at DESC, event.seq DESC LIMIT ?
        """,
        (limit,),
    )
    return [Quarantined(*row) for row in rows]


def put_aside(db: Database) -> list[Received]:
    """In the order in which they came. Another body under a known id stays where it is."""
    rows = db.conn.execute(
        """
        SELECT event_id, node_id, node_inc, seq, sitting_id, kind, v, body_sha256, body,
               result, reason
        FROM event WHERE result = 'quarantined' AND instr(event_id, '/') = 0
        ORDER BY received_at, node_id, seq
        """
    )
    return [Received(*row) for row in rows]


def settle(db: Database, event_id: str, code: str, reason: str) -> None:
    """What was put aside has come to something after all."""
    db.conn.execute(
        "UPDATE event SET result = ?, reason = ?, body = NULL WHERE event_id = ?",
        (code, reason, event_id),
    )


class Unfit(Exception):
    """An event that the database cannot take: it breaks one of its laws."""


@contextmanager
def on_its_own(db: Database) -> Iterator[None]:
    """Inside a batch: what one event did is taken back when it fails; the others stay."""
    db.conn.execute("SAVEPOINT one_event")
    try:
        yield
    except BaseException as error:
        db.conn.execute("ROLLBACK TO one_event")
        if isinstance(error, (sqlite3.IntegrityError, ValueError, LookupError)):
            raise Unfit(str(error)) from error
        raise
    finally:
        db.conn.execute("RELEASE one_event")
