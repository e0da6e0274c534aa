"""Reference clips: performances with the levels that the experts agreed on."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row

from sqlite_utils import Database

from shared.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Reference:
    performance_id: int
    code: str
    item_group_id: int
    levels: str
    note: str
    is_active: bool
    who: str
    at: str


def everything(db: Database) -> list[Reference]:
    """Those in use first, by item group and code."""
    rows = db.conn.execute(
        """
        SELECT r.performance_id, p.code, p.item_group_id, r.levels, r.note, r.state = 'active',
               r.who, r.at
        FROM reference r JOIN performance p ON p.id = r.performance_id
        ORDER BY r.state, p.item_group_id, p.code
        """
    )
    return [_reference(row) for row in rows]


def put(
    db: Database, performance_id: int, levels: str, note: str, who: str, moment: datetime
) -> None:
    db.conn.execute(
        """
        INSERT INTO reference (performance_id, levels, note, state, who, at)
        VALUES (?, ?, ?, 'active', ?, ?)
        ON CONFLICT (performance_id) DO UPDATE SET levels = excluded.levels, note = excluded.note,
          state = 'active', who = excluded.who, at = excluded.at
        """,
        (performance_id, levels, note, who, stamp(moment)),
    )


def retire(db: Database, performance_id: int) -> bool:
    """Nobody else gets it; what was given stays, and is still to be marked."""
    changed = db.conn.execute(
        "UPDATE reference SET state = 'retired' WHERE performance_id = ? AND state = 'active'",
        (performance_id,),
    )
    return changed.rowcount == 1


def _reference(row: Row) -> Reference:
    values = list(row)
    values[5] = bool(values[5])
    return Reference(*values)
