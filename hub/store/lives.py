"""What a new life of the database must not take over from the one before."""

import json
from dataclasses import dataclass

from sqlite_utils import Database

from hub.store import meta

_OFTEN_NUMBERED = ("task", "announcement", "feed")
_NUMBERED = ("sitting", *_OFTEN_NUMBERED)
GAP = 2**16
"""More than the hub gives in the seconds before its reach is safe on the disk."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a database had come; kept beside it, so that one that was put back is known."""

    hub_inc: str
    events: int
    """Handed in by nodes, ever; a wipe does not lessen it."""
    changes: int
    """In the feed, ever."""


def reach(db: Database, hub_inc: str) -> Reach:
    events = db.conn.execute("SELECT coalesce(sum(acked_seq), 0) FROM node_stream").fetchone()[0]
    changes = db.conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'feed'").fetchone()
    return Reach(hub_inc, events, changes[0] if changes else 0)


def raise_numbers(db: Database, base: int) -> None:
    """No number is given twice: nodes still know what an earlier life numbered."""
    for name in _NUMBERED:
        db.conn.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (base, name))
        db.conn.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
            (name, base, name),
        )


def leave_gap(db: Database) -> None:
    """At every start: a file that was put back unnoticed gives no number again that it forgot."""
    last = reach(db, "").changes
    if last:
        # Before the first change SQLite keeps no number that could be raised.
        meta.put(db, "feed_gaps", json.dumps([*_gaps(db), [last, last + GAP]]))
    for name in _OFTEN_NUMBERED:
        db.conn.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ?", (GAP, name))


def was_never_given(db: Database, change: int) -> bool:
    """A node that has seen this change of the feed heard it from a file that was since put back."""
    return any(first < change <= last for first, last in _gaps(db))


def forget_gaps(db: Database) -> None:
    """In a new life every node begins the feed anew."""
    meta.put(db, "feed_gaps", "[]")


def _gaps(db: Database) -> list[list[int]]:
    found: list[list[int]] = json.loads(meta.get(db, "feed_gaps") or "[]")
    return found


def void_what_must_not_come_back(db: Database) -> None:
    """Codes and sessions that were used up or ended since."""
    db.conn.execute("UPDATE node SET code_hash = NULL, code_expires_at = NULL")
    db.conn.execute("DELETE FROM session")
