"""Performances: one student's video for one item; the thing that is marked."""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from hub.store.many import listed
from shared.rules.allocation import Work


@dataclass(frozen=True, slots=True)
class Performance:
    id: int
    code: str
    """Opaque; all that a node ever learns of a student."""
    student: str
    school: str
    district_id: int
    item_group_id: int
    file_name: str
    video_id: int | None
    """None while no usable video is known."""


@dataclass(frozen=True, slots=True)
class VideoSize:
    video_id: int
    bytes: int


def performance(db: Database, id: int) -> Performance | None:
    return of_ids(db, [id]).get(id)


def of_ids(db: Database, ids: Collection[int]) -> dict[int, Performance]:
    rows = db.conn.execute(
        """
        SELECT id, code, student, school, district_id, item_group_id, file_name, video_id
        FROM performance WHERE id IN (SELECT value FROM json_each(?))
        """,
        (listed(ids),),
    )
    return {row["id"]: _performance(row) for row in rows}


def by_code(db: Database, code: str) -> Performance | None:
    row = db.conn.execute(
        """
        SELECT id, code, student, school, district_id, item_group_id, file_name, video_id
        FROM performance WHERE code = ?
        """,
        (code,),
    ).fetchone()
    return _performance(row) if row else None


def set_video(db: Database, id: int, video_id: int) -> None:
    db.conn.execute("UPDATE performance SET video_id = ? WHERE id = ?", (video_id, id))


def every(db: Database) -> list[Performance]:
    rows = db.conn.execute(
        """
        SELECT id, code, student, school, district_id, item_group_id, file_name, video_id
        FROM performance ORDER BY id
        """
    )
    return [_performance(row) for row in rows]


def works_of_group(db: Database, group_id: int) -> list[Work]:
    """Only those with a usable video: nothing else can be marked."""
    rows = db.conn.execute(
        """
        SELECT id, district_id FROM performance
        WHERE item_group_id = ? AND video_id IS NOT NULL ORDER BY id
        """,
        (group_id,),
    )
    return [Work(id=row["id"], district=row["district_id"]) for row in rows]


def works_left(db: Database, sitting_id: int, group_id: int) -> list[Work]:
    """Those with a usable video that came after the sitting was allocated."""
    rows = db.conn.execute(
        """
        SELECT id, district_id FROM performance
        WHERE item_group_id = ? AND video_id IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM slot WHERE sitting_id = ? AND performance_id = performance.id)
        ORDER BY id
        """,
        (group_id, sitting_id),
    )
    return [Work(id=row["id"], district=row["district_id"]) for row in rows]


def count_with_video(db: Database) -> int:
    """From an index alone."""
    row = db.conn.execute("SELECT count(*) FROM performance WHERE video_id IS NOT NULL").fetchone()
    return int(row[0])


def bytes_of_videos(db: Database) -> dict[int, VideoSize]:
    """The video and its size for each performance that has one, by the performance's id."""
    rows = db.conn.execute(
        """
        SELECT p.id, v.id AS video_id, v.bytes
        FROM performance p JOIN video v ON v.id = p.video_id
        """
    )
    return {row["id"]: VideoSize(row["video_id"], row["bytes"]) for row in rows}


def count_without_video(db: Database) -> int:
    row = db.conn.execute("SELECT count(*) FROM performance WHERE video_id IS NULL").fetchone()
    return int(row[0])


def without_video(db: Database, limit: int) -> list[Performance]:
    rows = db.conn.execute(
        """
        SELECT id, code, student, school, district_id, item_group_id, file_name, video_id
        FROM performance WHERE video_id IS NULL ORDER BY id LIMIT ?
        """,
        (limit,),
    )
    return [_performance(row) for row in rows]


def allocated(db: Database) -> set[int]:
    """Ids of performances that have slots in a sitting that was not wiped."""
    return {row[0] for row in db.conn.execute("SELECT DISTINCT performance_id FROM slot")}


def put_many(db: Database, performances: Iterable[Performance]) -> None:
    """Add performances, or change them except for id and code; ids are the caller's."""
    db.conn.executemany(
        """
        INSERT INTO performance
          (id, code, student, school, district_id, item_group_id, file_name, video_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
          student = excluded.student, school = excluded.school,
          district_id = excluded.district_id, item_group_id = excluded.item_group_id,
          file_name = excluded.file_name, video_id = excluded.video_id
        """,
        [
            (
                p.id,
                p.code,
                p.student,
                p.school,
                p.district_id,
                p.item_group_id,
                p.file_name,
                p.video_id,
            )
            for p in performances
        ],
    )


def remove_many(db: Database, ids: Iterable[int]) -> None:
    """The caller has made sure that none of them was ever allocated."""
    db.conn.executemany("DELETE FROM performance WHERE id = ?", [(id,) for id in ids])


def _performance(row: sqlite3.Row) -> Performance:
    return Performance(*row)
