"""What the technician says of the videos' downloads: paused or not, and which group comes first."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from node.store import meta

PAUSED_KEY = "fetch_paused"


@dataclass(frozen=True, slots=True)
class FailedVideo:
    sha256: str
    performance: str
    item_group_id: int
    bytes: int
    tries: int
    problem: str
    state: str
    """failed, or wanted: it is tried again."""


def is_paused(db: Database) -> bool:
    return meta.get(db, PAUSED_KEY) == "1"


def set_paused(db: Database, *, paused: bool) -> None:
    meta.put(db, PAUSED_KEY, "1" if paused else "0")


def order(db: Database) -> dict[int, int]:
    """Place by item group; groups without one come as their tasks do."""
    rows = db.conn.execute("SELECT item_group_id, place FROM fetch_order")
    return {row["item_group_id"]: row["place"] for row in rows}


def set_order(db: Database, group_ids: Sequence[int]) -> None:
    db.conn.execute("DELETE FROM fetch_order")
    db.conn.executemany(
        "INSERT INTO fetch_order (item_group_id, place) VALUES (?, ?)",
        [(group_id, place) for place, group_id in enumerate(group_ids, 1)],
    )


def verified_by_group(db: Database) -> dict[int, int]:
    """So many of the videos on the disk had their bytes compared with their hash."""
    rows = db.conn.execute(
        """
        SELECT t.item_group_id, count(DISTINCT v.sha256) AS n
        FROM task t JOIN video v ON v.sha256 = t.video_sha256
                    JOIN sitting s ON s.id = t.sitting_id AND s.state = 'open'
        WHERE t.state <> 'withdrawn' AND v.state = 'ready' AND v.checked_at <> ''
        GROUP BY t.item_group_id
        """
    )
    return {row["item_group_id"]: row["n"] for row in rows}


def troubled(db: Database, limit: int) -> list[FailedVideo]:
    """Those that went wrong at least once and are still not here, the worst first."""
    rows = db.conn.execute(
        """
        SELECT v.sha256, min(t.performance) AS performance, min(t.item_group_id) AS item_group_id,
               v.bytes, v.tries, v.problem, v.state
        FROM video v JOIN task t ON t.video_sha256 = v.sha256 AND t.state <> 'withdrawn'
        WHERE v.state = 'failed' OR (v.state = 'wanted' AND v.problem <> '')
        GROUP BY v.sha256 ORDER BY v.state, v.tries DESC, performance LIMIT ?
        """,
        (limit,),
    )
    return [FailedVideo(**dict(row)) for row in rows]
