"""The hub's own people: city admins, and viewers who only read."""

import sqlite3
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

AdminRole = Literal["city_admin", "city_viewer"]


@dataclass(frozen=True, slots=True)
class Admin:
    id: int
    name: str
    password_hash: str
    role: AdminRole
    state: Literal["active", "disabled"]
    totp_secret: str | None = None
    """Of the second factor, where one is set up."""
    totp_step: int = 0
    """The last time step whose code was used: no code works twice."""


def by_name(db: Database, name: str) -> Admin | None:
    row = db.conn.execute(
        """
        SELECT id, name, password_hash, role, state, totp_secret, totp_step
        FROM admin WHERE name = ?
        """,
        (name,),
    ).fetchone()
    return _admin(row) if row else None


def by_id(db: Database, id: int) -> Admin | None:
    row = db.conn.execute(
        """
        SELECT id, name, password_hash, role, state, totp_secret, totp_step
        FROM admin WHERE id = ?
        """,
        (id,),
    ).fetchone()
    return _admin(row) if row else None


def add(db: Database, name: str, password_hash: str, role: AdminRole) -> bool:
    """False when the name is taken."""
    added = db.conn.execute(
        """
        INSERT INTO admin (name, password_hash, role) VALUES (?, ?, ?)
        ON CONFLICT (name) DO NOTHING
        """,
        (name, password_hash, role),
    )
    return added.rowcount > 0


def set_password(db: Database, id: int, password_hash: str) -> bool:
    """Whether there is such an admin."""
    changed = db.conn.execute(
        "UPDATE admin SET password_hash = ? WHERE id = ?", (password_hash, id)
    )
    return changed.rowcount > 0


def set_totp(db: Database, id: int, secret: str | None) -> bool:
    """None takes the second factor away. Whether there is such an admin."""
    changed = db.conn.execute(
        "UPDATE admin SET totp_secret = ?, totp_step = 0 WHERE id = ?", (secret, id)
    )
    return changed.rowcount > 0


def use_step(db: Database, id: int, step: int) -> bool:
    """False when this time step or a later one was used before."""
    changed = db.conn.execute(
        "UPDATE admin SET totp_step = ? WHERE id = ? AND totp_step < ?", (step, id, step)
    )
    return changed.rowcount > 0


def count_active(db: Database) -> int:
    """City admins who could be the second person."""
    row = db.conn.execute(
        "SELECT count(*) FROM admin WHERE role = 'city_admin' AND state = 'active'"
    ).fetchone()
    return int(row[0])


def _admin(row: sqlite3.Row) -> Admin:
    return Admin(*row)
