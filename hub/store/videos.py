"""Videos that passed the media check, and what the check said of every file."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Video:
    id: int
    sha256: str
    bytes: int
    duration_ms: int
    width: int
    height: int
    peaks: str
    """Hex, two digits a peak, evenly over the whole length."""
    loudness_db: float


@dataclass(frozen=True, slots=True)
class NewVideo:
    sha256: str
    bytes: int
    duration_ms: int
    width: int
    height: int
    peaks: str
    loudness_db: float


@dataclass(frozen=True, slots=True)
class MediaCheck:
    """What the check said of a file; size and time tell whether the file is still that one."""

    file_name: str
    bytes: int
    mtime_ns: int
    video_id: int | None
    problem: str | None
    """Chinese; set exactly when there is no video."""
    sha256: str | None = None
    """The video's, as read with the check."""
    note: str = ""
    """Chinese; what had to be done to the file."""


def video(db: Database, id: int) -> Video | None:
    row = db.conn.execute(
        """
        SELECT id, sha256, bytes, duration_ms, width, height, peaks, loudness_db
        FROM video WHERE id = ?
        """,
        (id,),
    ).fetchone()
    return Video(*row) if row else None


def by_sha256(db: Database, sha256: str) -> Video | None:
    row = db.conn.execute(
        """
        SELECT id, sha256, bytes, duration_ms, width, height, peaks, loudness_db
        FROM video WHERE sha256 = ?
        """,
        (sha256,),
    ).fetchone()
    return Video(*row) if row else None


def add(db: Database, video: NewVideo) -> int:
    """The video's id; the same bytes again are the same video."""
    db.conn.execute(
        """
        INSERT INTO video (sha256, bytes, duration_ms, width, height, peaks, loudness_db)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING
        """,
        (
            video.sha256,
            video.bytes,
            video.duration_ms,
            video.width,
            video.height,
            video.peaks,
            video.loudness_db,
        ),
    )
    row = db.conn.execute("SELECT id FROM video WHERE sha256 = ?", (video.sha256,)).fetchone()
    return int(row["id"])


def checks(db: Database) -> dict[str, MediaCheck]:
    """By file name."""
    rows = db.conn.execute(
        """
        SELECT c.file_name, c.bytes, c.mtime_ns, c.video_id, c.problem, v.sha256, c.note
        FROM media_check c LEFT JOIN video v ON v.id = c.video_id
        """
    )
    return {row["file_name"]: _check(row) for row in rows}


def put_check(db: Database, check: MediaCheck, moment: datetime) -> None:
    db.conn.execute(
        """
        INSERT INTO media_check (file_name, bytes, mtime_ns, video_id, problem, checked_at, note)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (file_name) DO UPDATE SET
          bytes = excluded.bytes, mtime_ns = excluded.mtime_ns, video_id = excluded.video_id,
          problem = excluded.problem, checked_at = excluded.checked_at, note = excluded.note
        """,
        (
            check.file_name,
            check.bytes,
            check.mtime_ns,
            check.video_id,
            check.problem,
            stamp(moment),
            check.note,
        ),
    )


def _check(row: sqlite3.Row) -> MediaCheck:
    return MediaCheck(*row)
