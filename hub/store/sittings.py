"""Sittings: the trial and the formal marking, each a world of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from shared.kit.clock import stamp

SittingKind = Literal["trial", "formal"]
SittingState = Literal["prepared", "open", "closed", "wiped"]


@dataclass(frozen=True, slots=True)
class Sitting:
    id: int
    kind: SittingKind
    state: SittingState
    seed: str
    """Sealed until the sitting is closed."""
    seed_hash: str
    """Published before anything is allocated."""
    opened_at: str | None
    closed_at: str | None
    wipe_at: str | None


@dataclass(frozen=True, slots=True)
class WipeConfirmation:
    """What a node says it dropped of a trial."""

    node_id: int
    marks: int
    tasks: int
    confirmed_at: str


def sitting(db: Database, id: int) -> Sitting | None:
    row = db.conn.execute(
        """
        SELECT id, kind, state, seed, seed_hash, opened_at, closed_at, wipe_at
        FROM sitting WHERE id = ?
        """,
        (id,),
    ).fetchone()
    return Sitting(*row) if row else None


def open_sitting(db: Database) -> Sitting | None:
    row = db.conn.execute(
        """
        SELECT id, kind, state, seed, seed_hash, opened_at, closed_at, wipe_at
        FROM sitting WHERE state = 'open'
        """
    ).fetchone()
    return Sitting(*row) if row else None


def current(db: Database) -> Sitting | None:
    """The open sitting, else the newest."""
    row = db.conn.execute(
        """
        SELECT id, kind, state, seed, seed_hash, opened_at, closed_at, wipe_at
        FROM sitting ORDER BY state = 'open' DESC, id DESC LIMIT 1
        """
    ).fetchone()
    return Sitting(*row) if row else None


def all_sittings(db: Database) -> list[Sitting]:
    rows = db.conn.execute(
        """
        SELECT id, kind, state, seed, seed_hash, opened_at, closed_at, wipe_at
        FROM sitting ORDER BY id
        """
    )
    return [Sitting(*row) for row in rows]


def add(db: Database, kind: SittingKind, seed: str, seed_hash: str) -> Sitting:
    row = db.conn.execute(
        """
        INSERT INTO sitting (kind, state, seed, seed_hash) VALUES (?, 'prepared', ?, ?)
        RETURNING id, kind, state, seed, seed_hash, opened_at, closed_at, wipe_at
        """,
        (kind, seed, seed_hash),
    ).fetchone()
    return Sitting(*row)


def adopt(
    db: Database,
    id: int,
    kind: SittingKind,
    state: SittingState,
    seed: str,
    seed_hash: str,
    moment: datetime,
) -> None:
    """One that was forgotten, under its old number."""
    text = stamp(moment)
    db.conn.execute(
        """
        INSERT INTO sitting (id, kind, state, seed, seed_hash, opened_at, closed_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (id, kind, state, seed, seed_hash, text, None if state == "open" else text),
    )


def set_open(db: Database, id: int, moment: datetime) -> bool:
    changed = db.conn.execute(
        "UPDATE sitting SET state = 'open', opened_at = ? WHERE id = ? AND state = 'prepared'",
        (stamp(moment), id),
    )
    return changed.rowcount == 1


def set_closed(db: Database, id: int, moment: datetime) -> bool:
    changed = db.conn.execute(
        "UPDATE sitting SET state = 'closed', closed_at = ? WHERE id = ? AND state = 'open'",
        (stamp(moment), id),
    )
    return changed.rowcount == 1


def set_wipe_at(db: Database, id: int, wipe_at: datetime | None) -> bool:
    changed = db.conn.execute(
        "UPDATE sitting SET wipe_at = ? WHERE id = ? AND kind = 'trial' AND state <> 'wiped'",
        (stamp(wipe_at) if wipe_at else None, id),
    )
    return changed.rowcount == 1


def set_wiped(db: Database, id: int, moment: datetime) -> bool:
    """Forget what belongs to a trial, and say so; False when it is none, or wiped already.

    Faults go before, with faults.delete_sitting: they are found by their tasks.
    """
    changed = db.conn.execute(
        """
        UPDATE sitting SET state = 'wiped', closed_at = coalesce(closed_at, ?)
        WHERE id = ? AND kind = 'trial' AND state <> 'wiped'
        """,
        (stamp(moment), id),
    )
    if changed.rowcount == 0:
        return False
    for statement in _FORGET:
        db.conn.execute(statement, (id,))
    return True


def due_for_wipe(db: Database, moment: datetime) -> list[Sitting]:
    rows = db.conn.execute(
        """
        SELECT id, kind, state, seed, seed_hash, opened_at, closed_at, wipe_at
        FROM sitting WHERE kind = 'trial' AND state IN ('open', 'closed') AND wipe_at <= ?
        ORDER BY id
        """,
        (stamp(moment),),
    )
    return [Sitting(*row) for row in rows]


def confirm_wipe(
    db: Database, id: int, node_id: int, marks: int, tasks: int, moment: datetime
) -> bool:
    """Whether this is news; an unknown sitting confirms nothing."""
    added = db.conn.execute(
        """
        INSERT INTO wipe (sitting_id, node_id, marks, tasks, confirmed_at)
        SELECT id, ?, ?, ?, ? FROM sitting WHERE id = ? AND state = 'wiped'
        ON CONFLICT DO NOTHING
        """,
        (node_id, marks, tasks, stamp(moment), id),
    )
    return added.rowcount == 1


def wipe_confirmations(db: Database, id: int) -> dict[int, WipeConfirmation]:
    rows = db.conn.execute(
        """
        SELECT node_id, marks, tasks, confirmed_at FROM wipe WHERE sitting_id = ? ORDER BY node_id
        """,
        (id,),
    )
    return {row["node_id"]: WipeConfirmation(*row) for row in rows}


# The rows that refer come before the rows they refer to.
_FORGET = (
    "DELETE FROM feed WHERE kind = 'task' AND ref IN (SELECT id FROM probe WHERE sitting_id = ?)",
    "DELETE FROM probe_mark WHERE probe_id IN (SELECT id FROM probe WHERE sitting_id = ?)",
    "DELETE FROM probe WHERE sitting_id = ?",
    "DELETE FROM feed WHERE kind = 'task' AND ref IN (SELECT id FROM task WHERE sitting_id = ?)",
    """
    DELETE FROM feed WHERE kind = 'announcement'
      AND ref IN (SELECT id FROM announcement WHERE sitting_id = ?)
    """,
    """
    DELETE FROM receipt
    WHERE announcement_id IN (SELECT id FROM announcement WHERE sitting_id = ?)
    """,
    "DELETE FROM announcement WHERE sitting_id = ?",
    "DELETE FROM event WHERE sitting_id = ? AND kind IN ('mark', 'fault', 'receipt')",
    "DELETE FROM outcome WHERE sitting_id = ?",
    "DELETE FROM load WHERE sitting_id = ?",
    "DELETE FROM hand WHERE sitting_id = ?",
    "DELETE FROM handing WHERE sitting_id = ?",
    "DELETE FROM correction WHERE sitting_id = ?",
    "DELETE FROM slot WHERE sitting_id = ?",
    "DELETE FROM mark WHERE sitting_id = ?",
    "DELETE FROM task WHERE sitting_id = ?",
)
