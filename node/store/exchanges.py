"""What went over the link to the hub: the last exchanges, and bytes by minute."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp

KEPT = 200
MINUTES_KEPT = 24 * 60


@dataclass(frozen=True, slots=True)
class Exchange:
    at: str
    kind: str
    """push | pull | video"""
    count: int
    """Events sent, items received, or videos fetched."""
    bytes: int
    ms: int
    problem: str
    """Chinese; empty when all went well."""


@dataclass(frozen=True, slots=True)
class Transfer:
    minute: int
    """Minutes since 1970."""
    bytes: int


def add(db: Database, exchange: Exchange) -> None:
    db.conn.execute(
        "INSERT INTO exchange (at, kind, count, bytes, ms, problem) VALUES (?, ?, ?, ?, ?, ?)",
        (
            exchange.at,
            exchange.kind,
            exchange.count,
            exchange.bytes,
            exchange.ms,
            exchange.problem,
        ),
    )
    db.conn.execute("DELETE FROM exchange WHERE id <= (SELECT max(id) FROM exchange) - ?", (KEPT,))


def record(
    db: Database, kind: str, moment: datetime, *, count: int, bytes: int, ms: int, problem: str = ""
) -> None:
    """One exchange, and its bytes towards its minute."""
    add(db, Exchange(stamp(moment), kind, count, bytes, ms, problem))
    add_bytes(db, moment, bytes)


def recent(db: Database, limit: int) -> list[Exchange]:
    """The newest first."""
    rows = db.conn.execute(
        "SELECT at, kind, count, bytes, ms, problem FROM exchange ORDER BY id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return [Exchange(**dict(row)) for row in rows]


def last_failed(db: Database) -> Exchange | None:
    row = db.conn.execute(
        """
        SELECT at, kind, count, bytes, ms, problem FROM exchange
        WHERE problem <> '' ORDER BY id DESC LIMIT 1
        """
    ).fetchone()
    return None if row is None else Exchange(*row)


def add_bytes(db: Database, moment: datetime, bytes: int) -> None:
    minute = minute_of(moment)
    db.conn.execute(
        "INSERT INTO transfer (minute, bytes) VALUES (?, ?)"
        " ON CONFLICT (minute) DO UPDATE SET bytes = transfer.bytes + excluded.bytes",
        (minute, bytes),
    )
    db.conn.execute("DELETE FROM transfer WHERE minute < ?", (minute - MINUTES_KEPT,))


def by_minute(db: Database, moment: datetime, minutes: int) -> list[Transfer]:
    """The last `minutes` that moved anything, oldest first."""
    rows = db.conn.execute(
        "SELECT minute, bytes FROM transfer WHERE minute > ? ORDER BY minute",
        (minute_of(moment) - minutes,),
    ).fetchall()
    return [Transfer(**dict(row)) for row in rows]


def minute_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
