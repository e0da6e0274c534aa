"""SQL of progress: how far the district's people are, by item group, round and person."""

from dataclasses import dataclass

from sqlite_utils import Database


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
    mean_spent_ms: float


def by_group(db: Database, sitting_id: int) -> list[Done]:
    rows = db.conn.execute(
        """
        SELECT item_group_id, 0 AS account_id, round, count(*) AS total,
               sum(state = 'done' OR answered_gen >= gen) AS done
          FROM task WHERE sitting_id = ? AND state <> 'withdrawn'
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
          FROM task WHERE sitting_id = ? AND state <> 'withdrawn'
         GROUP BY item_group_id, account_id, round
        """,
        (sitting_id,),
    )
    return [Done(*row) for row in rows]


def paces(db: Database, sitting_id: int) -> dict[int, Pace]:
    """Over each person's first marks; revisions are no new work."""
    rows = db.conn.execute(
        """
        SELECT account_id, count(*) AS marks, count(exception) AS exceptions,
               max(given_at) AS last_at, avg(spent_ms) AS mean_spent_ms
          FROM mark WHERE sitting_id = ? AND revises IS NULL
         GROUP BY account_id
        """,
        (sitting_id,),
    )
    return {row["account_id"]: Pace(*row) for row in rows}
