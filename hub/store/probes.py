"""Probes handed to markers, and what they gave: never among tasks, marks, loads or outcomes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row
from typing import Any

from sqlite_utils import Database

from hub.store.many import listed
from shared.kit.clock import stamp
from shared.rules.probes import ProbeKind
from shared.wire.messages import MarkBody


@dataclass(frozen=True, slots=True)
class Lacking:
    """A reference that a marker may get and has not got yet."""

    account_id: int
    district_id: int
    performance_id: int
    code: str
    levels: str


@dataclass(frozen=True, slots=True)
class Due:
    """A marker with so many marks of rounds 1 and 2, and so many second looks."""

    account_id: int
    district_id: int
    marks: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Own:
    """One of a marker's counted marks, the latest first."""

    performance_id: int
    code: str
    item_group_id: int
    levels: str
    is_asked: bool
    """It is a probe of theirs already, or cannot be asked for again."""


@dataclass(frozen=True, slots=True)
class NewProbe:
    id: int
    sitting_id: int
    kind: ProbeKind
    performance_id: int
    account_id: int
    round: int
    code: str
    position: int
    """Below 0: a reference, which its node deals in where it belongs."""
    expected: str


@dataclass(frozen=True, slots=True)
class Probe:
    id: int
    sitting_id: int
    account_id: int
    district_id: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The first version of what a marker gave: a later one is no measure any more."""

    probe_id: int
    kind: ProbeKind
    account_id: int
    performance_id: int
    levels: str
    expected: str
    given_at: str
    is_told: bool


def lacking(db: Database, sitting_id: int, home_district: str, limit: int) -> list[Lacking]:
    """Of people at work, who hold no task of it and, by the rule, are not from its district."""
    rows = db.conn.execute(
        """
        SELECT h.account_id, h.district_id, p.id, p.code, r.levels
        FROM reference r
        JOIN performance p ON p.id = r.performance_id AND p.video_id IS NOT NULL
        JOIN item_group g  ON g.id = p.item_group_id
        JOIN hand h        ON h.sitting_id = ? AND h.role = 'marker' AND h.state = 'here'
                          AND h.scope = g.stage
        WHERE r.state = 'active' AND (? <> 'exclude' OR h.district_id <> p.district_id)
          AND NOT EXISTS (SELECT 1 FROM probe o WHERE o.sitting_id = h.sitting_id
                          AND o.account_id = h.account_id AND o.performance_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM task t WHERE t.sitting_id = h.sitting_id
                          AND t.account_id = h.account_id AND t.performance_id = p.id)
        ORDER BY h.account_id, p.id LIMIT ?
        """,
        (sitting_id, home_district, limit),
    )
    return [Lacking(*row) for row in rows]


def due(db: Database, sitting_id: int) -> list[Due]:
    """Of people at work; marks by the loads, which are counted with every mark."""
    rows = db.conn.execute(
        """
        SELECT h.account_id, h.district_id, sum(l.done),
               (SELECT count(*) FROM probe o WHERE o.sitting_id = h.sitting_id
                AND o.account_id = h.account_id AND o.kind = 'repeat')
        FROM hand h JOIN load l ON l.sitting_id = h.sitting_id AND l.account_id = h.account_id
                               AND l.round < 3
        WHERE h.sitting_id = ? AND h.role = 'marker' AND h.state = 'here'
        GROUP BY h.sitting_id, h.account_id, h.district_id
        """,
        (sitting_id,),
    )
    return [Due(*row) for row in rows]


def own_marks(db: Database, sitting_id: int, account_id: int) -> list[Own]:
    rows = db.conn.execute(
        """
        SELECT p.id, p.code, p.item_group_id, m.levels,
               m.exception IS NOT NULL OR p.video_id IS NULL OR EXISTS (
                 SELECT 1 FROM probe o WHERE o.sitting_id = m.sitting_id
                 AND o.account_id = m.account_id AND o.performance_id = p.id)
        FROM mark m JOIN performance p ON p.id = m.performance_id
        WHERE m.sitting_id = ? AND m.account_id = ? AND m.round < 3 AND m.standing = 'counted'
        ORDER BY m.given_at DESC, m.event_id
        """,
        (sitting_id, account_id),
    )
    return [Own(*_last_as_bool(row)) for row in rows]


def open_places(db: Database, sitting_id: int, account_id: int) -> dict[int, list[int]]:
    """Positions of the open tasks of rounds 1 and 2, in order, by item group."""
    rows = db.conn.execute(
        """
        SELECT item_group_id, position FROM task
        WHERE account_id = ? AND sitting_id = ? AND state = 'open' AND round < 3
        ORDER BY position, id
        """,
        (account_id, sitting_id),
    )
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1])
    return found


def add_many(db: Database, new: Iterable[NewProbe], moment: datetime) -> None:
    db.conn.executemany(
        """
        INSERT INTO probe (id, sitting_id, kind, performance_id, account_id, round, code,
                           position, expected, state, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
        """,
        [
            (
                *(p.id, p.sitting_id, p.kind, p.performance_id, p.account_id, p.round, p.code),
                *(p.position, p.expected, stamp(moment)),
            )
            for p in new
        ],
    )


def probe(db: Database, id: int) -> Probe | None:
    row = db.conn.execute(
        """
        SELECT o.id, o.sitting_id, o.account_id, a.district_id
        FROM probe o JOIN account a ON a.id = o.account_id WHERE o.id = ?
        """,
        (id,),
    ).fetchone()
    return Probe(*row) if row else None


def add_mark(db: Database, event_id: str, body: MarkBody, node_id: int, moment: datetime) -> bool:
    """Every version is kept; False when this one is there already."""
    added = db.conn.execute(
        """
        INSERT INTO probe_mark (event_id, probe_id, node_id, levels, exception, comment, revises,
                                spent_ms, heard_percent, given_at, received_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (event_id) DO NOTHING
        """,
        (
            *(event_id, body.task_id, node_id, body.levels, body.exception or None, body.comment),
            *(body.revises, body.spent_ms, body.heard_percent, body.given_at, stamp(moment)),
        ),
    )
    return added.rowcount == 1


def is_given(db: Database, event_id: str, body: MarkBody) -> bool:
    """Whether this is kept already; when and how fast it was given may differ."""
    row = db.conn.execute(
        "SELECT probe_id, levels, coalesce(exception, ''), comment, revises FROM probe_mark"
        " WHERE event_id = ?",
        (event_id,),
    ).fetchone()
    said = (body.task_id, body.levels, body.exception, body.comment, body.revises)
    return row is not None and tuple(row) == said


def set_done(db: Database, id: int) -> bool:
    changed = db.conn.execute(
        "UPDATE probe SET state = 'done' WHERE id = ? AND state = 'open'", (id,)
    )
    return changed.rowcount == 1


def set_told(db: Database, ids: Iterable[int]) -> None:
    db.conn.executemany("UPDATE probe SET state = 'told' WHERE id = ?", [(id,) for id in ids])


def event_ids(db: Database, sitting_id: int) -> set[str]:
    """Of everything that was given for probes, every version."""
    rows = db.conn.execute(
        """
        SELECT m.event_id FROM probe_mark m JOIN probe o ON o.id = m.probe_id
        WHERE o.sitting_id = ?
        """,
        (sitting_id,),
    )
    return {row[0] for row in rows}


def expect(db: Database, performance_id: int, levels: str) -> None:
    """The experts corrected a reference; what was told already stays as it was told."""
    db.conn.execute(
        """
        UPDATE probe SET expected = ?
        WHERE performance_id = ? AND kind = 'reference' AND state <> 'told'
        """,
        (levels, performance_id),
    )


def answered(db: Database, sitting_id: int) -> list[Answered]:
    rows = db.conn.execute(
        """
        SELECT o.id, o.kind, o.account_id, o.performance_id, m.levels, o.expected, m.given_at,
               o.state = 'told'
        FROM probe o JOIN probe_mark m ON m.event_id = (
          SELECT min(f.event_id) FROM probe_mark f WHERE f.probe_id = o.id AND f.revises = '')
        WHERE o.sitting_id = ? ORDER BY m.given_at, m.event_id
        """,
        (sitting_id,),
    )
    return [Answered(*_last_as_bool(row)) for row in rows]


def answered_by(db: Database, sitting_id: int, account_id: int) -> list[Answered]:
    return [one for one in answered(db, sitting_id) if one.account_id == account_id]


def holders(db: Database, sitting_id: int, performance_ids: Collection[int]) -> dict[int, set[int]]:
    """By performance: who has it as a reference, or is asked for it again."""
    rows = db.conn.execute(
        """
        SELECT performance_id, account_id FROM probe
        WHERE performance_id IN (SELECT value FROM json_each(?)) AND sitting_id = ?
        """,
        (listed(performance_ids), sitting_id),
    )
    found: dict[int, set[int]] = {id: set() for id in performance_ids}
    for performance_id, account_id in rows:
        found[performance_id].add(account_id)
    return found


def _last_as_bool(row: Row) -> list[Any]:
    values = list(row)
    values[-1] = bool(values[-1])
    return values
