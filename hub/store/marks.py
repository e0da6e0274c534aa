"""Marks: every version that was ever submitted; only a mark's standing changes."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

from sqlite_utils import Database

from hub.store.many import listed
from shared.rules.rubric import (
    Levels,
    MarkException,
    levels_from_text,
    levels_to_text,
    to_mask,
)

Standing = Literal["counted", "replaced", "surplus", "refused"]


class Mark(NamedTuple):
    # A tuple, as Slot and Task are: thousands are made, at a fifth of what a dataclass costs.
    event_id: str
    sitting_id: int
    task_id: int
    performance_id: int
    round: int
    account_id: int
    node_id: int
    gen: int
    """The hand-out that it answers."""
    levels: Levels
    exception: MarkException | None
    comment: str
    revises: str | None
    spent_ms: int
    heard_percent: int
    given_at: str
    """By the node's clock: evidence, never order."""
    received_at: str
    standing: Standing

    def answers(self, criteria: int) -> bool:
        """Whether it says something of each of these criteria (a mask); an exception does."""
        if not self.levels:
            return True
        return to_mask(self.levels) & criteria == criteria


def mark(db: Database, event_id: str) -> Mark | None:
    row = db.conn.execute(
        """
        SELECT event_id, sitting_id, task_id, performance_id, round, account_id, node_id, gen,
               levels, exception, comment, revises, spent_ms, heard_percent,
               given_at, received_at, standing
        FROM mark WHERE event_id = ?
        """,
        (event_id,),
    ).fetchone()
    return _mark(row) if row else None


def counted(db: Database, sitting_id: int, performance_id: int) -> dict[int, Mark]:
    """By round."""
    return counted_of(db, sitting_id, [performance_id])[performance_id]


def counted_of(
    db: Database, sitting_id: int, performance_ids: Collection[int]
) -> dict[int, dict[int, Mark]]:
    """By performance and round."""
    rows = db.conn.execute(
        """
        SELECT event_id, sitting_id, task_id, performance_id, round, account_id, node_id, gen,
               levels, exception, comment, revises, spent_ms, heard_percent,
               given_at, received_at, standing
        FROM mark
        WHERE performance_id IN (SELECT value FROM json_each(?)) AND sitting_id = ?
          AND standing = 'counted'
        ORDER BY round
        """,
        (listed(performance_ids), sitting_id),
    )
    found: dict[int, dict[int, Mark]] = {id: {} for id in performance_ids}
    for row in rows:
        found[row["performance_id"]][row["round"]] = _mark(row)
    return found


def known(db: Database, event_ids: Collection[str]) -> set[str]:
    """Those of them that are marks here already."""
    rows = db.conn.execute(
        "SELECT event_id FROM mark WHERE event_id IN (SELECT value FROM json_each(?))",
        (listed(event_ids),),
    )
    return {row[0] for row in rows}


def all_counted(db: Database, sitting_id: int) -> Iterator[Mark]:
    """By performance and round."""
    rows = db.conn.execute(
        """
        SELECT event_id, sitting_id, task_id, performance_id, round, account_id, node_id, gen,
               levels, exception, comment, revises, spent_ms, heard_percent,
               given_at, received_at, standing
        FROM mark
        WHERE sitting_id = ? AND standing = 'counted' ORDER BY performance_id, round
        """,
        (sitting_id,),
    )
    return (_mark(row) for row in rows)


def sampled(db: Database, sitting_id: int, one_in: int) -> Iterator[Mark]:
    """Counted marks of one in so many performances, by performance and round."""
    rows = db.conn.execute(
        """
        SELECT event_id, sitting_id, task_id, performance_id, round, account_id, node_id, gen,
               levels, exception, comment, revises, spent_ms, heard_percent,
               given_at, received_at, standing
        FROM mark
        WHERE sitting_id = ? AND standing = 'counted' AND performance_id % ? = 0
        ORDER BY performance_id, round
        """,
        (sitting_id, one_in),
    )
    return (_mark(row) for row in rows)


def every(db: Database, sitting_id: int) -> Iterator[Mark]:
    """Every version and every standing, by performance, round and arrival."""
    rows = db.conn.execute(
        """
        SELECT event_id, sitting_id, task_id, performance_id, round, account_id, node_id, gen,
               levels, exception, comment, revises, spent_ms, heard_percent,
               given_at, received_at, standing
        FROM mark
        WHERE sitting_id = ? ORDER BY performance_id, round, received_at, event_id
        """,
        (sitting_id,),
    )
    return (_mark(row) for row in rows)


def of_performance(db: Database, sitting_id: int, performance_id: int) -> list[Mark]:
    """Every version and every standing, by round and arrival."""
    rows = db.conn.execute(
        """
        SELECT event_id, sitting_id, task_id, performance_id, round, account_id, node_id, gen,
               levels, exception, comment, revises, spent_ms, heard_percent,
               given_at, received_at, standing
        FROM mark
        WHERE performance_id = ? AND sitting_id = ? ORDER BY round, received_at, event_id
        """,
        (performance_id, sitting_id),
    )
    return [_mark(row) for row in rows]


def givers(db: Database, sitting_id: int, performance_ids: Collection[int]) -> dict[int, set[int]]:
    """Accounts that ever submitted a mark of each performance, whatever its standing."""
    rows = db.conn.execute(
        """
        SELECT performance_id, account_id FROM mark
        WHERE performance_id IN (SELECT value FROM json_each(?)) AND sitting_id = ?
        """,
        (listed(performance_ids), sitting_id),
    )
    found: dict[int, set[int]] = {id: set() for id in performance_ids}
    for performance_id, account_id in rows:
        found[performance_id].add(account_id)
    return found


def add(db: Database, new: Sequence[Mark]) -> None:
    """What is here already stays as it is."""
    db.conn.executemany(
        """
        INSERT INTO mark (event_id, sitting_id, task_id, performance_id, round, account_id,
                          node_id, gen, levels, exception, comment, revises, spent_ms,
                          heard_percent, given_at, received_at, standing)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (event_id) DO NOTHING
        """,
        [_parameters(mark) for mark in new],
    )


def replace(db: Database, event_id: str) -> bool:
    """A counted mark gives way to its revision."""
    changed = db.conn.execute(
        "UPDATE mark SET standing = 'replaced' WHERE event_id = ? AND standing = 'counted'",
        (event_id,),
    )
    return changed.rowcount == 1


def _parameters(mark: Mark) -> tuple[str | int | None, ...]:
    return (
        mark.event_id,
        mark.sitting_id,
        mark.task_id,
        mark.performance_id,
        mark.round,
        mark.account_id,
        mark.node_id,
        mark.gen,
        levels_to_text(mark.levels),
        mark.exception.value if mark.exception else None,
        mark.comment,
        mark.revises,
        mark.spent_ms,
        mark.heard_percent,
        mark.given_at,
        mark.received_at,
        mark.standing,
    )


def _mark(row: sqlite3.Row) -> Mark:
    values = list(row)
    values[8] = levels_from_text(row["levels"])
    values[9] = MarkException(row["exception"]) if row["exception"] else None
    return Mark(*values)
