"""SQL of what markers flagged or wrote a comment on, and of the pace for the hall board."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row

from sqlite_utils import Database

from shared.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Flagged:
    """The latest version of a mark that carries an exception or a comment."""

    task_id: int
    performance: str
    item_group_id: int
    round: int
    account_id: int
    levels: str
    exception: str | None
    comment: str
    given_at: str
    video_sha256: str
    is_video_ready: bool


def flagged(db: Database, sitting_id: int) -> list[Flagged]:
    """The newest first."""
    rows = db.conn.execute(
        """
        SELECT task.id, task.performance, task.item_group_id, task.round, task.account_id,
               mark.levels, mark.exception, mark.comment, mark.given_at, task.video_sha256,
               video.state = 'ready'
          FROM mark JOIN task ON task.id = mark.task_id AND task.mark_id = mark.event_id
                    JOIN video ON video.sha256 = task.video_sha256
         WHERE mark.sitting_id = ? AND task.is_probe = 0
           AND (mark.exception IS NOT NULL OR mark.comment <> '')
         ORDER BY mark.given_at DESC, mark.event_id
        """,
        (sitting_id,),
    )
    return [_flagged(row) for row in rows]


def count_since(db: Database, sitting_id: int, since: datetime) -> int:
    """Marks given first since then: revisions are no new work."""
    row = db.conn.execute(
        """
        SELECT count(*) FROM mark JOIN task ON task.id = mark.task_id
         WHERE mark.sitting_id = ? AND revises IS NULL AND given_at >= ? AND task.is_probe = 0
        """,
        (sitting_id, stamp(since)),
    ).fetchone()
    return int(row[0])


def _flagged(row: Row) -> Flagged:
    values = [*row]
    values[-1] = bool(values[-1])
    return Flagged(*values)
