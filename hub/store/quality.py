"""Reads what quality is measured from: pairs of rounds 1 and 2, and every marker's marks."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from hub.store.marks import Standing


@dataclass(frozen=True, slots=True)
class Pair:
    """Both marks of one performance, by round."""

    performance_id: int
    item_group_id: int
    first: int
    """The account that gave round 1."""
    second: int
    first_levels: str
    second_levels: str
    first_at: str
    second_at: str
    final: str | None
    """Of the outcome, like rules: a JSON array of six; None where there is none yet."""
    rules: str | None


@dataclass(frozen=True, slots=True)
class Given:
    """One version of a mark of rounds 1 to 3."""

    account_id: int
    levels: str
    standing: Standing
    is_revision: bool
    spent_ms: int
    heard_percent: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class OwnMark:
    """A counted mark of one marker beside the one that it was compared with."""

    performance_id: int
    code: str
    item_group_id: int
    round: int
    levels: str
    other_levels: str
    """Of rounds 1 and 2 the other one; empty for round 3, or while there is none."""
    exception: str | None
    spent_ms: int
    heard_percent: int
    given_at: str


@dataclass(frozen=True, slots=True)
class LongRow:
    """One level of one counted mark, for programs that take one observation a line."""

    code: str
    account_id: int
    district_id: int
    item_group_id: int
    round: int
    levels: str
    given_at: str
    kind: str = "mark"
    """mark, reference or repeat, or expert: what the experts gave a reference."""


def pairs(db: Database, sitting_id: int, *, incomplete_counts: bool) -> Iterator[Pair]:
    """Where both gave levels; 答案图像不全 with levels counts as levels if the policy says so."""
    rows = db.conn.execute(
        """
        SELECT m.performance_id, p.item_group_id, m.account_id, n.account_id,
               m.levels, n.levels, m.given_at, n.given_at, o.levels, o.rules
        FROM mark m
        JOIN mark n ON n.performance_id = m.performance_id AND n.sitting_id = m.sitting_id
                   AND n.round = 2 AND n.standing = 'counted'
        JOIN performance p ON p.id = m.performance_id
        LEFT JOIN outcome o ON o.sitting_id = m.sitting_id
                           AND o.performance_id = m.performance_id
        WHERE m.sitting_id = ? AND m.round = 1 AND m.standing = 'counted'
          AND m.levels <> '------' AND n.levels <> '------'
          AND (? OR (m.exception IS NULL AND n.exception IS NULL))
        """,
        (sitting_id, incomplete_counts),
    )
    return (Pair(*row) for row in rows)


def given(db: Database, sitting_id: int) -> Iterator[Given]:
    """In the order of time; marks that were refused say nothing of anybody."""
    rows = db.conn.execute(
        """
        SELECT m.account_id, m.levels, m.standing, m.revises IS NOT NULL,
               m.spent_ms, m.heard_percent, coalesce(v.duration_ms, 0)
        FROM mark m
        JOIN performance p ON p.id = m.performance_id
        LEFT JOIN video v ON v.id = p.video_id
        WHERE m.sitting_id = ? AND m.round < 4 AND m.standing <> 'refused'
        ORDER BY m.given_at, m.event_id
        """,
        (sitting_id,),
    )
    return (Given(*row) for row in rows)


def marks_of(db: Database, sitting_id: int, account_id: int) -> list[OwnMark]:
    """The newest first."""
    rows = db.conn.execute(
        """
        SELECT m.performance_id, p.code, p.item_group_id, m.round, m.levels,
               coalesce(n.levels, ''), m.exception, m.spent_ms, m.heard_percent, m.given_at
        FROM mark m
        JOIN performance p ON p.id = m.performance_id
        LEFT JOIN mark n ON n.performance_id = m.performance_id AND n.sitting_id = m.sitting_id
                        AND n.standing = 'counted' AND m.round < 3 AND n.round = 3 - m.round
        WHERE m.sitting_id = ? AND m.account_id = ? AND m.standing = 'counted'
        ORDER BY m.given_at DESC, m.event_id
        """,
        (sitting_id, account_id),
    )
    return [OwnMark(*row) for row in rows]


def long_rows(db: Database, sitting_id: int) -> Iterator[LongRow]:
    """Of rounds 1 to 3: a leader decides what was in dispute, and is no further observation."""
    rows = db.conn.execute(
        """
        SELECT p.code, m.account_id, a.district_id, p.item_group_id, m.round, m.levels, m.given_at
        FROM mark m
        JOIN performance p ON p.id = m.performance_id
        JOIN account a ON a.id = m.account_id
        WHERE m.sitting_id = ? AND m.round < 4 AND m.standing IN ('counted', 'surplus')
          AND m.levels <> '------'
        ORDER BY p.id, m.round, m.event_id
        """,
        (sitting_id,),
    )
    return (LongRow(*row) for row in rows)


def probe_rows(db: Database, sitting_id: int) -> Iterator[LongRow]:
    """References link markers who share no other performance; as they were given first."""
    rows = db.conn.execute(
        """
        SELECT p.code, o.account_id, a.district_id, p.item_group_id, o.round, m.levels,
               m.given_at, o.kind
        FROM probe o
        JOIN probe_mark m  ON m.probe_id = o.id AND m.revises = ''
        JOIN performance p ON p.id = o.performance_id
        JOIN account a     ON a.id = o.account_id
        WHERE o.sitting_id = ? AND m.levels <> '------'
        ORDER BY p.id, o.id, m.event_id
        """,
        (sitting_id,),
    )
    return (LongRow(*row) for row in rows)
