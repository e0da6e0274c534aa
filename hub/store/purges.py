"""Orders to delete all cached videos, and what each node did about them."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Purge:
    ordered_at: str
    who: str


@dataclass(frozen=True, slots=True)
class Purged:
    node_id: int
    videos: int
    bytes: int
    confirmed_at: str


def add(db: Database, who: str, moment: datetime) -> None:
    """A second order in the same moment is the same order."""
    db.conn.execute(
        "INSERT INTO purge (ordered_at, who) VALUES (?, ?) ON CONFLICT (ordered_at) DO NOTHING",
        (stamp(moment), who),
    )


def last(db: Database) -> Purge | None:
    row = db.conn.execute(
        "SELECT ordered_at, who FROM purge ORDER BY ordered_at DESC LIMIT 1"
    ).fetchone()
    return Purge(*row) if row else None


def confirm(
    db: Database, ordered_at: str, node_id: int, videos: int, bytes: int, moment: datetime
) -> None:
    """The first word of a node counts."""
    db.conn.execute(
        "INSERT INTO purged (ordered_at, node_id, videos, bytes, confirmed_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (ordered_at, node_id) DO NOTHING",
        (ordered_at, node_id, videos, bytes, stamp(moment)),
    )


def confirmed(db: Database, ordered_at: str) -> dict[int, Purged]:
    """By node."""
    rows = db.conn.execute(
        "SELECT node_id, videos, bytes, confirmed_at FROM purged WHERE ordered_at = ?",
        (ordered_at,),
    )
    return {row["node_id"]: Purged(*row) for row in rows}
