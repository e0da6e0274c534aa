"""What one city admin asked for and another has approved, or not yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from shared.kit.clock import stamp

Act = Literal["wipe", "reopen", "export"]


@dataclass(frozen=True, slots=True)
class Approval:
    id: int
    act: Act
    subject: str
    """What it is done to, e.g. a sitting."""
    asked_by: str
    asked_at: str
    approved_by: str | None
    approved_at: str | None


def alive(db: Database, since: datetime) -> list[Approval]:
    """Asked for since then, and neither done nor declined; the newest first."""
    rows = db.conn.execute(
        """
        SELECT id, act, subject, asked_by, asked_at, approved_by, approved_at
        FROM approval WHERE ended_at IS NULL AND asked_at >= ? ORDER BY id DESC
        """,
        (stamp(since),),
    )
    return [Approval(*row) for row in rows]


def add(db: Database, act: Act, subject: str, who: str, moment: datetime) -> None:
    db.conn.execute(
        "INSERT INTO approval (act, subject, asked_by, asked_at) VALUES (?, ?, ?, ?)",
        (act, subject, who, stamp(moment)),
    )


def approve(db: Database, id: int, who: str, moment: datetime) -> bool:
    """False when it is over, approved already, or was asked for by the same person."""
    changed = db.conn.execute(
        """
        UPDATE approval SET approved_by = ?, approved_at = ?
        WHERE id = ? AND ended_at IS NULL AND approved_by IS NULL AND asked_by <> ?
        """,
        (who, stamp(moment), id, who),
    )
    return changed.rowcount > 0


def end(db: Database, id: int, moment: datetime) -> bool:
    """Done, or declined: it works no more."""
    changed = db.conn.execute(
        "UPDATE approval SET ended_at = ? WHERE id = ? AND ended_at IS NULL", (stamp(moment), id)
    )
    return changed.rowcount > 0
