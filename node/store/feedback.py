"""What the city told of a marker's probes: own levels beside those that were expected."""

from dataclasses import dataclass

import msgspec
from sqlite_utils import Database

from shared.wire.messages import EarlierMark


@dataclass(frozen=True, slots=True)
class Told:
    task_id: int
    performance: str
    item_group_id: int
    is_reference: bool
    levels: str
    """As given first."""
    expected: str
    note: str
    given_at: str
    is_video_ready: bool


def told(db: Database, account_id: int, sitting_id: int) -> list[Told]:
    """The newest first."""
    rows = db.conn.execute(
        """
        SELECT task.id, task.performance, task.item_group_id, task.position < 0 AS is_reference,
               mark.levels, task.earlier, mark.given_at, video.state = 'ready' AS is_video_ready
          FROM task JOIN mark ON mark.task_id = task.id AND mark.revises IS NULL
                    JOIN video ON video.sha256 = task.video_sha256
         WHERE task.account_id = ? AND task.sitting_id = ? AND task.is_probe = 1
           AND task.earlier <> '[]'
         ORDER BY mark.given_at DESC, task.id
        """,
        (account_id, sitting_id),
    )
    found = []
    for row in rows:
        expected = msgspec.json.decode(row["earlier"], type=list[EarlierMark])[0]
        found.append(
            Told(
                task_id=row["id"],
                performance=row["performance"],
                item_group_id=row["item_group_id"],
                is_reference=bool(row["is_reference"]),
                levels=row["levels"],
                expected=expected.levels,
                note=expected.comment,
                given_at=row["given_at"],
                is_video_ready=bool(row["is_video_ready"]),
            )
        )
    return found
