"""Events on their way to the hub: numbered without gaps, chained, and never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.wire import chain
from shared.wire.messages import EventResult


@dataclass(frozen=True, slots=True)
class Row:
    seq: int
    event_id: str
    sitting_id: int
    kind: str
    v: int
    body: str
    chain: str


def put(
    db: Database,
    sitting: int,
    kind: str,
    v: int,
    body: msgspec.Struct,
    event_id: str,
    moment: datetime,
) -> int:
    """Write one event in the caller's transaction; `sitting` is 0 where it is of none."""
    text = msgspec.json.encode(body).decode()
    return put_text(db, sitting, kind, v, text, event_id, moment)


def put_text(
    db: Database, sitting: int, kind: str, v: int, text: str, event_id: str, moment: datetime
) -> int:
    """The body as it goes on the wire."""
    digest = chain.body_hash(text)
    link = chain.link(_tip(db), event_id, digest)
    cursor = db.conn.execute(
        "INSERT INTO outbox (event_id, sitting_id, kind, v, body, body_sha256, chain, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
        (event_id, sitting, kind, v, text, digest, link, stamp(moment)),
    )
    return int(cursor.fetchone()["seq"])


def pending(db: Database, limit: int) -> list[Row]:
    """The oldest that the hub has not confirmed, contiguous."""
    rows = db.conn.execute(
        "SELECT seq, event_id, sitting_id, kind, v, body, chain FROM outbox"
        " WHERE state = 'pending' ORDER BY seq LIMIT ?",
        (limit,),
    ).fetchall()
    return [Row(**dict(row)) for row in rows]


def after(db: Database, seq: int, limit: int) -> list[Row]:
    rows = db.conn.execute(
        "SELECT seq, event_id, sitting_id, kind, v, body, chain FROM outbox"
        " WHERE seq > ? ORDER BY seq LIMIT ?",
        (seq, limit),
    ).fetchall()
    return [Row(**dict(row)) for row in rows]


def prune(db: Database) -> int:
    """The exam is archived: lets go of what the hub has, but for the chain's end."""
    return db.conn.execute(
        "DELETE FROM outbox WHERE state = 'acked' AND seq < (SELECT max(seq) FROM outbox)"
    ).rowcount


def pending_count(db: Database) -> int:
    row = db.conn.execute("SELECT count(*) AS n FROM outbox WHERE state = 'pending'").fetchone()
    return int(row["n"])


def pending_by_kind(db: Database) -> dict[str, int]:
    rows = db.conn.execute(
        "SELECT kind, count(*) AS n FROM outbox WHERE state = 'pending' GROUP BY kind"
    )
    return {row["kind"]: row["n"] for row in rows}


def acked_count(db: Database) -> int:
    row = db.conn.execute("SELECT count(*) AS n FROM outbox WHERE state = 'acked'").fetchone()
    return int(row["n"])


def ack(db: Database, results: Sequence[EventResult], acked_seq: int) -> None:
    db.conn.executemany(
        """
        UPDATE outbox SET result = ?, state = CASE WHEN seq <= ? THEN 'acked' ELSE state END
        WHERE event_id = ?
        """,
        [(result.code, acked_seq, result.event_id) for result in results],
    )
    db.conn.execute(
        "UPDATE outbox SET state = 'acked' WHERE state = 'pending' AND seq <= ?", (acked_seq,)
    )


def align(db: Database, expected_seq: int) -> None:
    """The hub holds exactly what is before `expected_seq`: everything from there is pending."""
    db.conn.execute(
        "UPDATE outbox SET state = 'acked' WHERE state = 'pending' AND seq < ?", (expected_seq,)
    )
    db.conn.execute(
        "UPDATE outbox SET state = 'pending' WHERE state = 'acked' AND seq >= ?", (expected_seq,)
    )


def acked_seq(db: Database) -> int:
    """How far the hub has confirmed this life of the database."""
    row = db.conn.execute(
        "SELECT coalesce(max(seq), 0) AS seq FROM outbox WHERE state = 'acked'"
    ).fetchone()
    return int(row["seq"])


def last_seq(db: Database) -> int:
    row = db.conn.execute("SELECT coalesce(max(seq), 0) AS seq FROM outbox").fetchone()
    return int(row["seq"])


def chain_at(db: Database, seq: int) -> str | None:
    """The chain's hash after event `seq`; None where the outbox holds no such event."""
    if seq == 0:
        return chain.START
    row = db.conn.execute("SELECT chain FROM outbox WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else str(row["chain"])


def of_event(db: Database, event_id: str) -> Row | None:
    row = db.conn.execute(
        "SELECT seq, event_id, sitting_id, kind, v, body, chain FROM outbox WHERE event_id = ?",
        (event_id,),
    ).fetchone()
    return None if row is None else Row(**dict(row))


def wipes_set_aside(db: Database, sitting_id: int) -> int:
    """How many reports of the wipe of a trial the hub has quarantined."""
    row = db.conn.execute(
        """
        SELECT count(*) FROM outbox
        WHERE kind = 'wiped' AND result = 'quarantined' AND json_extract(body, '$.sitting') = ?
        """,
        (sitting_id,),
    ).fetchone()
    return int(row[0])


def whole_row(db: Database, seq: int) -> Row | None:
    """None also where the body is not what it was when it was written."""
    row = db.conn.execute(
        "SELECT seq, event_id, sitting_id, kind, v, body, chain, body_sha256 FROM outbox"
        " WHERE seq = ?",
        (seq,),
    ).fetchone()
    if row is None or chain.body_hash(row["body"]) != row["body_sha256"]:
        return None
    return Row(**{key: row[key] for key in row.keys() if key != "body_sha256"})  # noqa: SIM118


def broken_at(db: Database) -> str:
    """Where the numbers or the chain are not as they were written; empty when they are."""
    head, last = chain.START, 0
    for row in db.conn.execute("SELECT seq, event_id, body, chain FROM outbox ORDER BY seq"):
        linked = chain.link(head, row["event_id"], chain.body_hash(row["body"]))
        # Of an archived exam only the last event is left, and nothing to link it to.
        is_first_left = last == 0 and row["seq"] > 1
        if not is_first_left and (row["seq"] != last + 1 or row["chain"] != linked):
            return f"the outbox is broken at {row['seq']}"
        head, last = row["chain"], row["seq"]
    return ""


def _tip(db: Database) -> str:
    row = db.conn.execute("SELECT chain FROM outbox ORDER BY seq DESC LIMIT 1").fetchone()
    return chain.START if row is None else str(row["chain"])
