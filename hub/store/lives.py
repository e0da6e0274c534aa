"""What a new life of the database must not take over from the one before."""

from dataclasses import dataclass

from sqlite_utils import Database

_NUMBERED = ("sitting", "task", "announcement", "feed")


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


def void_what_must_not_come_back(db: Database) -> None:
    """Codes and sessions that were used up or ended since."""
    db.conn.execute("UPDATE node SET code_hash = NULL, code_expires_at = NULL")
    db.conn.execute("DELETE FROM session")
