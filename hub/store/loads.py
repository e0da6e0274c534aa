"""Loads: how many tasks each account has and has done, always equal to what table task says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlite_utils import Database

from hub.store import hands


class LoadKey(NamedTuple):
    """Whose load, of what."""

    sitting_id: int
    account_id: int
    item_group_id: int
    round: int


@dataclass(frozen=True, slots=True)
class Load:
    total: int
    """Tasks that were not withdrawn."""
    done: int


def count(db: Database, key: LoadKey, total: int, done: int) -> None:
    """Add to a load (or, with negative numbers, take away)."""
    parameters = (total, done, *key)
    changed = db.conn.execute(
        """
        UPDATE load SET total = total + ?, done = done + ?
        WHERE sitting_id = ? AND account_id = ? AND item_group_id = ? AND round = ?
        """,
        parameters,
    )
    if changed.rowcount == 0:
        db.conn.execute(
            """
            INSERT INTO load (total, done, sitting_id, account_id, item_group_id, round)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            parameters,
        )
    if total:
        hands.move(db, key.sitting_id, key.account_id, total)


def count_given(db: Database, given: Mapping[LoadKey, int]) -> None:
    """So many more tasks; whoever got them has moved on the circle of hands already."""
    db.conn.executemany(
        """
        INSERT INTO load (total, done, sitting_id, account_id, item_group_id, round)
        VALUES (?, 0, ?, ?, ?, ?)
        ON CONFLICT (sitting_id, account_id, item_group_id, round) DO UPDATE SET
          total = load.total + excluded.total
        """,
        [(more, *key) for key, more in given.items()],
    )


def count_done(db: Database, done: Mapping[LoadKey, int]) -> None:
    """So many more are done of tasks that are counted already."""
    db.conn.executemany(
        """
        UPDATE load SET done = done + ?
        WHERE sitting_id = ? AND account_id = ? AND item_group_id = ? AND round = ?
        """,
        [(more, *key) for key, more in done.items()],
    )


def count_dealt(db: Database, sitting_id: int) -> None:
    """The loads of a sitting whose tasks were all dealt just now."""
    db.conn.execute(
        """
        INSERT INTO load (sitting_id, account_id, item_group_id, round, total, done)
        SELECT sitting_id, account_id, item_group_id, round, count(*), 0
        FROM task WHERE sitting_id = ? AND state = 'open'
        GROUP BY sitting_id, account_id, item_group_id, round
        """,
        (sitting_id,),
    )


def of_sitting(db: Database, sitting_id: int) -> dict[LoadKey, Load]:
    rows = db.conn.execute(
        """
        SELECT sitting_id, account_id, item_group_id, round, total, done
        FROM load WHERE sitting_id = ? AND total > 0
        """,
        (sitting_id,),
    )
    return {LoadKey(*row[:4]): Load(*row[4:]) for row in map(tuple, rows)}


def recounted(db: Database, sitting_id: int) -> dict[LoadKey, Load]:
    """The same as of_sitting, from the tasks themselves (slow: for the check)."""
    rows = db.conn.execute(
        """
        SELECT sitting_id, account_id, item_group_id, round, count(*),
               count(*) FILTER (WHERE state = 'done')
        FROM task WHERE sitting_id = ? AND state <> 'withdrawn'
        GROUP BY sitting_id, account_id, item_group_id, round
        """,
        (sitting_id,),
    )
    return {LoadKey(*row[:4]): Load(*row[4:]) for row in map(tuple, rows)}


def by_round(db: Database, sitting_id: int) -> dict[int, Load]:
    """City-wide, for the rounds that have tasks."""
    rows = db.conn.execute(
        """
        SELECT round, sum(total) AS total, sum(done) AS done
        FROM load WHERE sitting_id = ? GROUP BY round ORDER BY round
        """,
        (sitting_id,),
    )
    return {row["round"]: Load(row["total"], row["done"]) for row in rows}
