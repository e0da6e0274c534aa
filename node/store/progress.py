"""SQL of progress: how far the district's people are, by item group, round and person.

Probes are no part of it: the city counts none either.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Done:
    """One cell pair of the progress tables."""

    item_group_id: int
    account_id: int
    """0 where the row is over all people."""
    round: int
    total: int
    done: int


@dataclass(frozen=True, slots=True)
class Pace:
    account_id: int
    marks: int
    exceptions: int
    last_at: str
    median_spent_ms: float


@dataclass(frozen=True, slots=True)
class Work:
    """What is there to do in a sitting."""

    tasks: int
    open: int
    playable: int
    """Open ones whose video is on the disk."""


def by_group(db: Database, sitting_id: int) -> list[Done]:
    rows = db.conn.execute(
        """
        SELECT item_group_id, 0 AS account_id, round, count(*) AS total,
               sum(state = 'done' OR answered_gen >= gen) AS done
          FROM task WHERE sitting_id = ? AND state <> 'withdrawn' AND is_probe = 0
         GROUP BY item_group_id, round
        """,
        (sitting_id,),
    )
    return [Done(*row) for row in rows]


def by_account(db: Database, sitting_id: int) -> list[Done]:
    rows = db.conn.execute(
        """
        SELECT item_group_id, account_id, round, count(*) AS total,
               sum(state = 'done' OR answered_gen >= gen) AS done
          FROM task WHERE sitting_id = ? AND state <> 'withdrawn' AND is_probe = 0
         GROUP BY item_group_id, account_id, round
        """,
        (sitting_id,),
    )
    return [Done(*row) for row in rows]


def paces(db: Database, sitting_id: int, item_group_id: int) -> dict[int, Pace]:
    """Over each person's first marks, since revisions are no new work; group 0 means all."""
    rows = db.conn.execute(
        """
        WITH given AS (
          SELECT mark.account_id, mark.exception, mark.given_at, mark.spent_ms,
                 row_number() OVER (PARTITION BY mark.account_id ORDER BY mark.spent_ms) AS place,
                 count(*) OVER (PARTITION BY mark.account_id) AS marks
            FROM mark JOIN task ON task.id = mark.task_id
           WHERE mark.sitting_id = ? AND mark.revises IS NULL AND task.is_probe = 0
             AND (? = 0 OR task.item_group_id = ?)
        )
        SELECT account_id, marks, count(exception) AS exceptions, max(given_at) AS last_at,
               avg(CASE WHEN place IN ((marks + 1) / 2, (marks + 2) / 2) THEN spent_ms END)
                 AS median_spent_ms
          FROM given GROUP BY account_id
        """,
        (sitting_id, item_group_id, item_group_id),
    )
    return {row["account_id"]: Pace(*row) for row in rows}


def given_in_spans(
    db: Database, sitting_id: int, account_id: int, since: datetime
) -> dict[datetime, int]:
    """One person's first marks since then, by the ten minutes in which they were given."""
    rows = db.conn.execute(
        """
        SELECT substr(mark.given_at, 1, 15) AS span, count(*)
          FROM mark JOIN task ON task.id = mark.task_id
         WHERE mark.sitting_id = ? AND mark.account_id = ? AND mark.given_at >= ?
           AND mark.revises IS NULL AND task.is_probe = 0
         GROUP BY span
        """,
        (sitting_id, account_id, stamp(since)),
    )
    return {datetime.fromisoformat(f"{span}0+00:00"): count for span, count in rows}


def work(db: Database, sitting_id: int) -> Work:
    row = db.conn.execute(
        """
        SELECT count(*) AS tasks,
               coalesce(sum(task.state = 'open' AND answered_gen < gen), 0) AS open,
               coalesce(sum(task.state = 'open' AND answered_gen < gen
                            AND video.state = 'ready'), 0) AS playable
          FROM task JOIN video ON video.sha256 = task.video_sha256
         WHERE task.sitting_id = ? AND task.state <> 'withdrawn' AND task.is_probe = 0
        """,
        (sitting_id,),
    ).fetchone()
    return Work(*row)
