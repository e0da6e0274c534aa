"""What the media check found, joined with the performances that need the files: read only."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the performances, and of the videos that are kept for them."""

    performances: int
    with_video: int
    videos: int
    bytes: int
    duration_ms: int
    transcoded: int
    bad_files: int


@dataclass(frozen=True, slots=True)
class Line:
    """A file that is wrong, missing, or had to be changed, or that another one equals."""

    file_name: str
    code: str
    district: str
    school: str
    problem: str
    """Chinese, with the remedy; empty where the file can be used."""
    note: str
    """Chinese; what had to be done to it."""


def totals(db: Database) -> Totals:
    row = db.conn.execute(
        """
        SELECT (SELECT count(*) FROM performance),
               (SELECT count(video_id) FROM performance),
               (SELECT count(*) FROM video),
               (SELECT coalesce(sum(bytes), 0) FROM video),
               (SELECT coalesce(sum(duration_ms), 0) FROM video),
               (SELECT count(*) FROM media_check WHERE note <> ''),
               (SELECT count(*) FROM media_check WHERE problem IS NOT NULL)
        """
    ).fetchone()
    return Totals(*row)


def lines(db: Database, limit: int) -> Iterator[Line]:
    """Those without a usable video first, then what was transcoded."""
    rows = db.conn.execute(
        """
        SELECT p.file_name, p.code, d.name, p.school,
               CASE WHEN p.video_id IS NOT NULL THEN ''
                    ELSE coalesce(c.problem, '导入时视频文件夹里没有这个文件。请补齐后再导入一次。')
               END AS problem,
               coalesce(c.note, '') AS note
        FROM performance p JOIN district d ON d.id = p.district_id
                           LEFT JOIN media_check c ON c.file_name = p.file_name
        WHERE p.video_id IS NULL OR c.note <> ''
        ORDER BY p.video_id IS NOT NULL, d.position, p.code
        LIMIT ?
        """,
        (limit,),
    )
    return (Line(*row) for row in rows)


def same_videos(db: Database, limit: int) -> Iterator[tuple[str, str]]:
    """Performances with one and the same recording: the codes, and the names of their files."""
    rows = db.conn.execute(
        """
        SELECT group_concat(code, '、'), group_concat(file_name, '、') FROM performance
        WHERE video_id IS NOT NULL GROUP BY video_id HAVING count(*) > 1 ORDER BY min(code) LIMIT ?
        """,
        (limit,),
    )
    return ((row[0], row[1]) for row in rows)
