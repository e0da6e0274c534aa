"""Marks that the city did not count as they were given: the conflicts, which should be none."""

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class RefusedMark:
    given_at: str
    performance: str
    round: int
    name: str
    result: str
    """refused or quarantined, see shared.wire.codes"""
    reason: str
    """Chinese, as the city said it."""


def refused(db: Database, limit: int) -> list[RefusedMark]:
    """The newest first."""
    rows = db.conn.execute(
        """
        SELECT mark.given_at, task.performance, task.round, account.name, mark.result, mark.reason
          FROM mark JOIN task ON task.id = mark.task_id
                    JOIN account ON account.id = mark.account_id
         WHERE mark.result IN ('refused', 'quarantined') AND mark.is_elsewhere = 0
         ORDER BY mark.given_at DESC LIMIT ?
        """,
        (limit,),
    )
    return [RefusedMark(*row) for row in rows]
