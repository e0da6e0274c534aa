"""Wrong tries, by whatever they are counted for: a name, an address, an enrolment."""

from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import parse_stamp, stamp


def add(db: Database, subject: str, moment: datetime) -> None:
    db.conn.execute("INSERT INTO attempt (subject, at) VALUES (?, ?)", (subject, stamp(moment)))


def since(db: Database, subject: str, since: datetime) -> list[datetime]:
    rows = db.conn.execute(
        "SELECT at FROM attempt WHERE subject = ? AND at >= ? ORDER BY at",
        (subject, stamp(since)),
    )
    return [parse_stamp(row["at"]) for row in rows]


def forget(db: Database, subject: str) -> None:
    db.conn.execute("DELETE FROM attempt WHERE subject = ?", (subject,))


def prune(db: Database, before: datetime) -> None:
    db.conn.execute("DELETE FROM attempt WHERE at < ?", (stamp(before),))
