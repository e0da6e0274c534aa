"""Reads what an export needs: every performance with its outcome, every mark in long form."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from sqlite_utils import Database

from hub.store.marks import Standing
from hub.store.outcomes import OutcomeState
from shared.rules.rubric import Levels, MarkException, Stage, levels_from_text


@dataclass(frozen=True, slots=True)
class ResultRow:
    performance_id: int
    student: str
    school: str
    district: str
    stage: Stage
    item: str
    code: str
    has_video: bool
    is_allocated: bool
    """In the sitting that was asked for."""
    state: OutcomeState | None
    levels: tuple[Fraction | None, ...]
    """In the order of CRITERIA, like rounds; None where nothing is decided."""
    rounds: tuple[tuple[int, ...], ...]
    """Who decided; empty where nobody has yet."""
    exception: MarkException | None


@dataclass(frozen=True, slots=True)
class MarkRow:
    event_id: str
    code: str
    student: str
    stage: Stage
    item: str
    round: int
    account_id: int
    phone: str
    name: str
    district: str
    """The marker's, not the student's."""
    node: str
    levels: Levels
    exception: MarkException | None
    comment: str
    standing: Standing
    revises: str | None
    spent_ms: int
    heard_percent: int
    given_at: str
    received_at: str


def count(db: Database, sitting_id: int) -> int:
    """How many rows results() and marks() give together."""
    row = db.conn.execute(
        """
        SELECT (SELECT count(*) FROM performance)
             + (SELECT count(*) FROM mark WHERE sitting_id = ?)
        """,
        (sitting_id,),
    ).fetchone()
    return int(row[0])


def results(db: Database, sitting_id: int) -> Iterator[ResultRow]:
    """All performances, by student and item."""
    rows = db.conn.execute(
        """
        SELECT p.id, p.student, p.school, d.name AS district, g.stage, g.item, p.code,
               p.video_id IS NOT NULL AS has_video,
               EXISTS (SELECT 1 FROM slot s
                       WHERE s.sitting_id = ? AND s.performance_id = p.id) AS is_allocated,
               o.state, o.levels, o.rounds, o.exception
        FROM performance p
        JOIN district d ON d.id = p.district_id
        JOIN item_group g ON g.id = p.item_group_id
        LEFT JOIN outcome o ON o.performance_id = p.id AND o.sitting_id = ?
        ORDER BY p.student, g.position
        """,
        (sitting_id, sitting_id),
    )
    return (_result(row) for row in rows)


def remarks(db: Database, sitting_id: int) -> dict[int, list[tuple[int, MarkException]]]:
    """Round and exception of the counted marks that have one, by performance."""
    rows = db.conn.execute(
        """
        SELECT performance_id, round, exception FROM mark
        WHERE sitting_id = ? AND standing = 'counted' AND exception IS NOT NULL
        ORDER BY performance_id, round
        """,
        (sitting_id,),
    )
    found: dict[int, list[tuple[int, MarkException]]] = {}
    for row in rows:
        exception = MarkException(row["exception"])
        found.setdefault(row["performance_id"], []).append((row["round"], exception))
    return found


def marks(db: Database, sitting_id: int) -> Iterator[MarkRow]:
    """Every version of every mark, whatever its standing."""
    rows = db.conn.execute(
        """
        SELECT m.event_id, p.code, p.student, g.stage, g.item, m.round, m.account_id,
               a.phone, a.name, d.name AS district, n.name AS node,
               m.levels, m.exception, m.comment, m.standing, m.revises,
               m.spent_ms, m.heard_percent, m.given_at, m.received_at
        FROM mark m
        JOIN performance p ON p.id = m.performance_id
        JOIN item_group g ON g.id = p.item_group_id
        JOIN account a ON a.id = m.account_id
        JOIN district d ON d.id = a.district_id
        JOIN node n ON n.id = m.node_id
        WHERE m.sitting_id = ?
        ORDER BY p.student, g.position, m.round, m.received_at, m.event_id
        """,
        (sitting_id,),
    )
    return (_mark(row) for row in rows)


def _result(row: sqlite3.Row) -> ResultRow:
    levels: list[str | None] = json.loads(row["levels"]) if row["levels"] else [None] * 6
    rounds: list[list[int] | None] = json.loads(row["rounds"]) if row["rounds"] else [None] * 6
    return ResultRow(
        performance_id=row["id"],
        student=row["student"],
        school=row["school"],
        district=row["district"],
        stage=Stage(row["stage"]),
        item=row["item"],
        code=row["code"],
        has_video=bool(row["has_video"]),
        is_allocated=bool(row["is_allocated"]),
        state=row["state"],
        levels=tuple(None if level is None else _fraction(level) for level in levels),
        rounds=tuple(tuple(by or ()) for by in rounds),
        exception=MarkException(row["exception"]) if row["exception"] else None,
    )


# There are a dozen of them, in hundreds of thousands of places.
_fraction = cache(Fraction)


def _mark(row: sqlite3.Row) -> MarkRow:
    levels = levels_from_text(row["levels"])
    return MarkRow(
        event_id=row["event_id"],
        code=row["code"],
        student=row["student"],
        stage=Stage(row["stage"]),
        item=row["item"],
        round=row["round"],
        account_id=row["account_id"],
        phone=row["phone"],
        name=row["name"],
        district=row["district"],
        node=row["node"],
        levels=levels,
        exception=MarkException(row["exception"]) if row["exception"] else None,
        comment=row["comment"],
        standing=row["standing"],
        revises=row["revises"],
        spent_ms=row["spent_ms"],
        heard_percent=row["heard_percent"],
        given_at=row["given_at"],
        received_at=row["received_at"],
    )
