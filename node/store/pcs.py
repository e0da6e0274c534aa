"""SQL of the lab's PCs: where they sit, and what they found when they checked themselves."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import parse_stamp, stamp

KEPT_MAX = 300


@dataclass(frozen=True, slots=True)
class Pc:
    id: str
    seat: str
    """As the technician calls it; empty until then."""
    address: str
    agent: str
    measured: str
    """JSON of a shared.rules.site.Measured."""
    checked_at: datetime | None
    seen_at: datetime
    is_to_check_again: bool

    @property
    def name(self) -> str:
        return self.seat or self.address.rsplit(".", 1)[-1]


def pc(db: Database, pc_id: str) -> Pc | None:
    row = db.conn.execute(
        "SELECT id, seat, address, agent, measured, checked_at, seen_at, is_to_check_again"
        " FROM pc WHERE id = ?",
        (pc_id,),
    ).fetchone()
    return None if row is None else _pc(row)


def like(db: Database, address: str, agent: str, before: datetime) -> Pc | None:
    """One of this address and browser, not heard of since: a 还原卡 has taken its cookie."""
    row = db.conn.execute(
        "SELECT id, seat, address, agent, measured, checked_at, seen_at, is_to_check_again"
        " FROM pc WHERE address = ? AND agent = ? AND seen_at < ? ORDER BY seen_at DESC LIMIT 1",
        (address, agent, stamp(before)),
    ).fetchone()
    return None if row is None else _pc(row)


def at(db: Database, address: str) -> Pc | None:
    """The one that was last heard of there."""
    row = db.conn.execute(
        "SELECT id, seat, address, agent, measured, checked_at, seen_at, is_to_check_again"
        " FROM pc WHERE address = ? ORDER BY seen_at DESC LIMIT 1",
        (address,),
    ).fetchone()
    return None if row is None else _pc(row)


def everyone(db: Database) -> list[Pc]:
    """By seat, those without one by address."""
    rows = db.conn.execute(
        "SELECT id, seat, address, agent, measured, checked_at, seen_at, is_to_check_again FROM pc"
    ).fetchall()
    return sorted((_pc(row) for row in rows), key=lambda pc: (_natural(pc.name), pc.id))


def see(db: Database, pc_id: str, address: str, agent: str, moment: datetime) -> None:
    """A new one where the id is new; the one unseen for longest goes when they are too many."""
    db.conn.execute(
        "INSERT INTO pc (id, address, agent, seen_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET address = excluded.address, agent = excluded.agent,"
        "   seen_at = excluded.seen_at",
        (pc_id, address, agent, stamp(moment)),
    )
    db.conn.execute(
        "DELETE FROM pc WHERE id IN (SELECT id FROM pc ORDER BY seen_at DESC LIMIT -1 OFFSET ?)",
        (KEPT_MAX,),
    )


def measure(db: Database, pc_id: str, measured: str, moment: datetime) -> None:
    db.conn.execute(
        "UPDATE pc SET measured = ?, checked_at = ?, is_to_check_again = 0 WHERE id = ?",
        (measured, stamp(moment), pc_id),
    )


def rename(db: Database, pc_id: str, seat: str) -> None:
    db.conn.execute("UPDATE pc SET seat = ? WHERE id = ?", (seat, pc_id))


def forget(db: Database, pc_id: str) -> None:
    db.conn.execute("DELETE FROM pc WHERE id = ?", (pc_id,))


def check_again(db: Database, pc_id: str) -> None:
    db.conn.execute("UPDATE pc SET is_to_check_again = 1 WHERE id = ?", (pc_id,))


def check_all_again(db: Database) -> None:
    db.conn.execute("UPDATE pc SET is_to_check_again = 1")


def _natural(name: str) -> tuple[int, str]:
    """2 before 10."""
    digits = "".join(c for c in name if c.isascii() and c.isdigit())
    return (int(digits) if digits else 1_000_000, name)


def _pc(row: sqlite3.Row) -> Pc:
    values = dict(row)
    checked_at = values.pop("checked_at")
    return Pc(
        checked_at=parse_stamp(checked_at) if checked_at else None,
        seen_at=parse_stamp(values.pop("seen_at")),
        is_to_check_again=bool(values.pop("is_to_check_again")),
        **values,
    )
