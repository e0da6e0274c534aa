"""SQL of sessions: who is signed in where; tokens are kept as hashes only."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import parse_stamp, stamp


@dataclass(frozen=True, slots=True)
class Session:
    token_hash: str
    account_id: int
    address: str
    created_at: datetime
    seen_at: datetime
    ended: str | None
    """Why it is over: "signed_out" or "taken_over"."""
    is_locked: bool = False
    """The PC was left for a while: only the password opens the page again."""


def session(db: Database, token_hash: str) -> Session | None:
    row = db.conn.execute(
        """
        SELECT token_hash, account_id, address, created_at, seen_at, ended, locked_at
          FROM session WHERE token_hash = ?
        """,
        (token_hash,),
    ).fetchone()
    if row is None:
        return None
    created_at, seen_at = parse_stamp(row[3]), parse_stamp(row[4])
    return Session(row[0], row[1], row[2], created_at, seen_at, row[5], row[6] is not None)


def open_of(db: Database, account_id: int) -> Session | None:
    """The one that has not ended; there is no more than one."""
    row = db.conn.execute(
        "SELECT token_hash FROM session WHERE account_id = ? AND ended IS NULL"
        " ORDER BY seen_at DESC LIMIT 1",
        (account_id,),
    ).fetchone()
    return None if row is None else session(db, row[0])


def add(db: Database, token_hash: str, account_id: int, address: str, moment: datetime) -> None:
    """A new session takes over from the account's other ones."""
    db.conn.execute(
        "UPDATE session SET ended = 'taken_over' WHERE account_id = ? AND ended IS NULL",
        (account_id,),
    )
    db.conn.execute(
        """
        INSERT INTO session (token_hash, account_id, address, created_at, seen_at)
        VALUES (?, ?, ?, ?, ?)
        """,
        (token_hash, account_id, address, stamp(moment), stamp(moment)),
    )


def see(db: Database, token_hash: str, moment: datetime) -> None:
    db.conn.execute(
        "UPDATE session SET seen_at = ? WHERE token_hash = ?", (stamp(moment), token_hash)
    )


def lock(db: Database, token_hash: str, moment: datetime) -> None:
    db.conn.execute(
        "UPDATE session SET locked_at = ? WHERE token_hash = ?", (stamp(moment), token_hash)
    )


def unlock(db: Database, token_hash: str) -> None:
    db.conn.execute("UPDATE session SET locked_at = NULL WHERE token_hash = ?", (token_hash,))


def end(db: Database, token_hash: str) -> None:
    db.conn.execute(
        "UPDATE session SET ended = 'signed_out' WHERE token_hash = ? AND ended IS NULL",
        (token_hash,),
    )


def end_all_of(db: Database, account_id: int) -> None:
    db.conn.execute(
        "UPDATE session SET ended = 'signed_out' WHERE account_id = ? AND ended IS NULL",
        (account_id,),
    )


def online(db: Database, since: datetime) -> dict[int, str]:
    """Accounts heard of since then, with the address of their PC."""
    rows = db.conn.execute(
        "SELECT account_id, address FROM session WHERE ended IS NULL AND seen_at >= ?",
        (stamp(since),),
    )
    return {row[0]: row[1] for row in rows}


def prune(db: Database, before: datetime) -> int:
    return db.conn.execute("DELETE FROM session WHERE seen_at < ?", (stamp(before),)).rowcount


def accounts_seen(db: Database) -> set[int]:
    """Accounts that have ever signed in here."""
    return {row[0] for row in db.conn.execute("SELECT DISTINCT account_id FROM session")}
