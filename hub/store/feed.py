"""The feed: which things changed, in order, for the nodes of which district; each once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT

Kind = Literal["exam", "sitting", "group", "account", "task", "announcement"]


@dataclass(frozen=True, slots=True)
class Change:
    seq: int
    kind: Kind
    ref: int
    """Id of the thing; the node is sent its present state, so a change is never out of date."""


def append(db: Database, district_id: int, kind: Kind, ref: int) -> None:
    append_many(db, [(district_id, kind, ref)])


def append_many(db: Database, rows: Iterable[tuple[int, Kind, int]]) -> None:
    """Rows are (district_id, kind, ref); district_id EVERY_DISTRICT tells all nodes.

    Only a thing's last change stays. So the feed never grows beyond what there is, no cursor is
    ever too old, and from its beginning it names everything that a node should hold.
    """
    once = [*dict.fromkeys(rows)]
    db.conn.executemany("DELETE FROM feed WHERE district_id = ? AND kind = ? AND ref = ?", once)
    db.conn.executemany("INSERT INTO feed (district_id, kind, ref) VALUES (?, ?, ?)", once)


def after(db: Database, district_id: int, after: int, limit: int) -> list[Change]:
    """The next changes for a district's nodes, at most `limit`, in order."""
    rows = db.conn.execute(
        """
        SELECT seq, kind, ref FROM (
          SELECT seq, kind, ref FROM (
            SELECT seq, kind, ref FROM feed
            WHERE district_id = ? AND seq > ? ORDER BY seq LIMIT ?) AS own
          UNION ALL
          SELECT seq, kind, ref FROM (
            SELECT seq, kind, ref FROM feed
            WHERE district_id = ? AND seq > ? ORDER BY seq LIMIT ?) AS everyones
        ) AS both
        ORDER BY seq LIMIT ?
        """,
        (district_id, after, limit, EVERY_DISTRICT, after, limit, limit),
    )
    return [Change(row["seq"], row["kind"], row["ref"]) for row in rows]


def heads(db: Database, after: int) -> dict[int, int]:
    """The newest change after `after` of each district that has one, for the bell."""
    # The index by district would give the groups in order, and be read from end to end.
    rows = db.conn.execute(
        """
        SELECT district_id, max(seq) AS seq FROM feed NOT INDEXED
        WHERE seq > ? GROUP BY district_id
        """,
        (after,),
    )
    return {row["district_id"]: row["seq"] for row in rows}


def last_seq(db: Database) -> int:
    row = db.conn.execute("SELECT coalesce(max(seq), 0) AS seq FROM feed").fetchone()
    return int(row["seq"])
