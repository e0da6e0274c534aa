"""SQL of failed sign-ins, per account and per PC."""

from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import parse_stamp, stamp


def add(db: Database, subject: str, moment: datetime) -> None:
    db.conn.execute("INSERT INTO attempt (subject, at) VALUES (?, ?)", (subject, stamp(moment)))


def tries(db: Database, subject: str, since: datetime) -> list[datetime]:
    rows = db.conn.execute(
        "SELECT at FROM attempt WHERE subject = ? AND at >= ?", (subject, stamp(since))
    )
    return [parse_stamp(row[0]) for row in rows]


def forget(db: Database, subject: str) -> None:
    db.conn.execute("DELETE FROM attempt WHERE subject = ?", (subject,))


def prune(db: Database, before: datetime) -> int:
    return db.conn.execute("DELETE FROM attempt WHERE at < ?", (stamp(before),)).rowcount
