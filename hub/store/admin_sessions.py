"""Sessions of the hub's own people: only the hash of the token is kept."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from hub.store.admins import Admin
from shared.kit.clock import parse_stamp, stamp


@dataclass(frozen=True, slots=True)
class Session:
    admin: Admin
    address: str
    created_at: datetime
    seen_at: datetime
    proved_at: datetime
    """When the password was last asked for."""


def add(db: Database, token_hash: str, admin_id: int, address: str, moment: datetime) -> None:
    at = stamp(moment)
    db.conn.execute(
        """
        INSERT INTO session (token_hash, admin_id, address, created_at, seen_at, proved_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (token_hash, admin_id, address, at, at, at),
    )


def session(db: Database, token_hash: str) -> Session | None:
    """Of an active admin only: who is disabled is signed out everywhere."""
    row = db.conn.execute(
        """
        SELECT a.id, a.name, a.password_hash, a.role, a.state, a.totp_secret, a.totp_step,
               s.address, s.created_at, s.seen_at, coalesce(s.proved_at, s.created_at)
        FROM session s JOIN admin a ON a.id = s.admin_id
        WHERE s.token_hash = ? AND a.state = 'active'
        """,
        (token_hash,),
    ).fetchone()
    if row is None:
        return None
    return Session(Admin(*row[:7]), row[7], *(parse_stamp(row[n]) for n in (8, 9, 10)))


def touch(db: Database, token_hash: str, moment: datetime) -> None:
    db.conn.execute(
        "UPDATE session SET seen_at = ? WHERE token_hash = ?", (stamp(moment), token_hash)
    )


def prove(db: Database, token_hash: str, moment: datetime) -> None:
    db.conn.execute(
        "UPDATE session SET proved_at = ? WHERE token_hash = ?", (stamp(moment), token_hash)
    )


def end_others(db: Database, admin_id: int, token_hash: str) -> None:
    """After a new password every other place is signed out."""
    db.conn.execute(
        "DELETE FROM session WHERE admin_id = ? AND token_hash <> ?", (admin_id, token_hash)
    )


def end(db: Database, token_hash: str) -> None:
    db.conn.execute("DELETE FROM session WHERE token_hash = ?", (token_hash,))


def prune(db: Database, seen_before: datetime, created_before: datetime) -> None:
    db.conn.execute(
        "DELETE FROM session WHERE seen_at < ? OR created_at < ?",
        (stamp(seen_before), stamp(created_before)),
    )


def end_all(db: Database, admin_id: int) -> None:
    """Signed out everywhere, after a new password."""
    db.conn.execute("DELETE FROM session WHERE admin_id = ?", (admin_id,))
