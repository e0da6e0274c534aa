"""The videos the node's tasks need, and which of them are on its disk."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.wire.messages import VideoCard

TRIES_MAX = 5


@dataclass(frozen=True, slots=True)
class Video:
    sha256: str
    bytes: int
    duration_ms: int
    peaks: str
    loudness_db: float
    state: str
    """wanted | ready | failed"""
    tries: int
    problem: str
    ready_at: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """How many videos are still wanted, ready and failed; the bytes of all and of the ready."""

    wanted: int = 0
    ready: int = 0
    failed: int = 0
    bytes: int = 0
    bytes_ready: int = 0


def video(db: Database, sha256: str) -> Video | None:
    row = db.conn.execute(
        "SELECT sha256, bytes, duration_ms, peaks, loudness_db, state, tries, problem, ready_at"
        " FROM video WHERE sha256 = ?",
        (sha256,),
    ).fetchone()
    return None if row is None else _video(row)


def want(db: Database, card: VideoCard) -> None:
    db.conn.execute(
        "INSERT INTO video (sha256, bytes, duration_ms, peaks, loudness_db)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
        (card.sha256, card.bytes, card.duration_ms, card.peaks, card.loudness_db),
    )


def next_wanted(db: Database, limit: int) -> list[Video]:
    """In order of need: what somebody waits for, rounds 3 and 4, the groups as the
    technician wants them, then who comes to it soonest.

    How soon is how many tasks a marker still has before it in the item group's list, so that the
    quick are not kept waiting by the beginning of the lists of the slow. Model singings come
    before the lists that they belong to.
    """
    rows = db.conn.execute(
        """
        WITH need AS (
          SELECT t.video_sha256 AS sha256, t.round, s.state = 'open' AS is_now,
                 row_number() OVER (PARTITION BY t.account_id, t.item_group_id, s.id
                                    ORDER BY t.position, t.id) AS place,
                 coalesce(f.place, 0) AS group_place
          FROM task_here t JOIN sitting s ON s.id = t.sitting_id
                      LEFT JOIN fetch_order f ON f.item_group_id = t.item_group_id
          WHERE t.state = 'open' AND t.answered_gen < t.gen AND s.state IN ('prepared', 'open')
          UNION ALL
          SELECT g.model_sha256, 0, 1, 0, 0 FROM item_group g
          WHERE EXISTS (SELECT 1 FROM sitting WHERE state IN ('prepared', 'open')))
        SELECT v.sha256, v.bytes, v.duration_ms, v.peaks, v.loudness_db, v.state, v.tries,
               v.problem, v.ready_at
        FROM video v JOIN need n ON n.sha256 = v.sha256
        WHERE v.state = 'wanted'
        GROUP BY v.sha256
        ORDER BY v.wanted_first DESC, max(n.is_now) DESC, max(n.round >= 3) DESC, v.tries,
                 min(n.group_place), min(n.place), v.sha256
        LIMIT ?
        """,
        (limit,),
    ).fetchall()
    return [_video(row) for row in rows]


def want_first(db: Database, sha256: str) -> None:
    """Somebody waits for it: it is fetched before all others."""
    db.conn.execute(
        "UPDATE video SET wanted_first = 1, tries = 0,"
        "   state = CASE state WHEN 'failed' THEN 'wanted' ELSE state END"
        " WHERE sha256 = ? AND state <> 'ready'",
        (sha256,),
    )


def want_again(db: Database, sha256: str) -> None:
    """What is on the disk is in doubt: check it, and fetch it again where it is wrong."""
    db.conn.execute(
        "UPDATE video SET state = 'wanted', wanted_first = 1, tries = 0, problem = '',"
        "   ready_at = NULL WHERE sha256 = ?",
        (sha256,),
    )


def set_ready(db: Database, sha256: str, moment: datetime) -> None:
    db.conn.execute(
        "UPDATE video SET state = 'ready', wanted_first = 0, tries = 0, problem = '', ready_at = ?,"
        "   checked_at = ? WHERE sha256 = ?",
        (stamp(moment), stamp(moment), sha256),
    )


def set_failed(db: Database, sha256: str, problem: str) -> None:
    """One more try went wrong; after TRIES_MAX of them it waits for retry_failed."""
    db.conn.execute(
        "UPDATE video SET tries = tries + 1, problem = ?, ready_at = NULL,"
        "   state = CASE WHEN tries + 1 >= ? THEN 'failed' ELSE 'wanted' END"
        " WHERE sha256 = ?",
        (problem, TRIES_MAX, sha256),
    )


def set_gone(db: Database, sha256: str) -> None:
    """It is no longer on the disk; it is fetched again when a task needs it."""
    db.conn.execute(
        "UPDATE video SET state = 'wanted', ready_at = NULL WHERE sha256 = ?", (sha256,)
    )


def set_all_gone(db: Database) -> None:
    db.conn.execute("UPDATE video SET state = 'wanted', ready_at = NULL WHERE state = 'ready'")


def set_checked(db: Database, sha256: str, moment: datetime) -> None:
    """Its bytes were compared with its hash again, and are right."""
    db.conn.execute("UPDATE video SET checked_at = ? WHERE sha256 = ?", (stamp(moment), sha256))


def longest_unchecked(db: Database, before: datetime) -> Video | None:
    """Of those that were not checked since `before`."""
    row = db.conn.execute(
        "SELECT sha256, bytes, duration_ms, peaks, loudness_db, state, tries, problem, ready_at"
        " FROM video WHERE state = 'ready' AND checked_at < ? ORDER BY checked_at LIMIT 1",
        (stamp(before),),
    ).fetchone()
    return None if row is None else _video(row)


def retry_failed(db: Database) -> int:
    return db.conn.execute(
        "UPDATE video SET state = 'wanted', tries = 0 WHERE state = 'failed'"
    ).rowcount


def ready(db: Database) -> list[Video]:
    rows = db.conn.execute(
        "SELECT sha256, bytes, duration_ms, peaks, loudness_db, state, tries, problem, ready_at"
        " FROM video WHERE state = 'ready' ORDER BY sha256"
    ).fetchall()
    return [_video(row) for row in rows]


def failed(db: Database, limit: int) -> list[Video]:
    rows = db.conn.execute(
        "SELECT sha256, bytes, duration_ms, peaks, loudness_db, state, tries, problem, ready_at"
        " FROM video WHERE state = 'failed' ORDER BY sha256 LIMIT ?",
        (limit,),
    ).fetchall()
    return [_video(row) for row in rows]


def evictable(db: Database, limit: int) -> list[Video]:
    """Ready, and no open task needs them; first those whose marks can no longer be revised."""
    rows = db.conn.execute(
        """
        SELECT v.sha256, v.bytes, v.duration_ms, v.peaks, v.loudness_db, v.state, v.tries,
               v.problem, v.ready_at
        FROM video v LEFT JOIN task_here t ON t.video_sha256 = v.sha256 AND t.state <> 'withdrawn'
        WHERE v.state = 'ready'
          AND NOT EXISTS (SELECT 1 FROM item_group WHERE model_sha256 = v.sha256)
        GROUP BY v.sha256
        HAVING coalesce(max(t.state = 'open' AND t.answered_gen < t.gen), 0) = 0
        ORDER BY coalesce(max(t.locked = 0), 0), v.ready_at, v.sha256
        LIMIT ?
        """,
        (limit,),
    ).fetchall()
    return [_video(row) for row in rows]


def totals(db: Database) -> Held:
    row = db.conn.execute(
        "SELECT coalesce(sum(state = 'wanted'), 0) AS wanted,"
        "   coalesce(sum(state = 'ready'), 0) AS ready,"
        "   coalesce(sum(state = 'failed'), 0) AS failed,"
        "   coalesce(sum(bytes), 0) AS bytes,"
        "   coalesce(sum(CASE state WHEN 'ready' THEN bytes END), 0) AS bytes_ready FROM video"
        " WHERE state = 'ready' OR sha256 IN (SELECT video_sha256 FROM task_here)"
        "    OR sha256 NOT IN (SELECT video_sha256 FROM task)"
    ).fetchone()
    return Held(**dict(row))


def counts_by_group(db: Database) -> dict[int, Held]:
    """Over the videos of the open sitting's tasks, by item group.

    One whose tasks are all answered counts as ready: it may have made room for others.
    """
    rows = db.conn.execute(
        """
        SELECT item_group_id,
               sum(is_needed AND state = 'wanted') AS wanted,
               sum(state = 'ready' OR NOT is_needed) AS ready,
               sum(is_needed AND state = 'failed') AS failed, sum(bytes) AS bytes,
               sum(CASE WHEN state = 'ready' OR NOT is_needed THEN bytes ELSE 0 END) AS bytes_ready
        FROM (SELECT t.item_group_id, v.state, v.bytes,
                     max(t.state = 'open' AND t.answered_gen < t.gen) AS is_needed
              FROM task_here t JOIN video v ON v.sha256 = t.video_sha256
                          JOIN sitting s ON s.id = t.sitting_id AND s.state = 'open'
              WHERE t.state <> 'withdrawn'
              GROUP BY t.item_group_id, v.sha256)
        GROUP BY item_group_id
        """
    ).fetchall()
    return {
        row["item_group_id"]: Held(
            row["wanted"], row["ready"], row["failed"], row["bytes"], row["bytes_ready"]
        )
        for row in rows
    }


def _video(row: sqlite3.Row) -> Video:
    return Video(**dict(row))
