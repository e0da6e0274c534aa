"""Corrections: performances that got another video during a sitting, and are marked afresh."""

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Correction:
    sitting_id: int
    performance_id: int
    video_before: int | None
    video_id: int
    last_task: int
    """Marks of tasks up to this one were given to the video before."""
    at: str


def add(db: Database, new: Correction) -> None:
    db.conn.execute(
        """
        INSERT INTO correction
          (sitting_id, performance_id, video_before, video_id, last_task, at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (
            new.sitting_id,
            new.performance_id,
            new.video_before,
            new.video_id,
            new.last_task,
            new.at,
        ),
    )


def of_sitting(db: Database, sitting_id: int) -> list[Correction]:
    """In order."""
    rows = db.conn.execute(
        """
        SELECT sitting_id, performance_id, video_before, video_id, last_task, at
        FROM correction WHERE sitting_id = ? ORDER BY id
        """,
        (sitting_id,),
    )
    return [Correction(*row) for row in rows]


def is_of_earlier_video(db: Database, sitting_id: int, performance_id: int, task_id: int) -> bool:
    """Whether a task was handed out before the performance got its present video."""
    row = db.conn.execute(
        """
        SELECT 1 FROM correction
        WHERE performance_id = ? AND sitting_id = ? AND last_task >= ? LIMIT 1
        """,
        (performance_id, sitting_id, task_id),
    ).fetchone()
    return row is not None
