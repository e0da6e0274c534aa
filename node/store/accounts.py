"""The district's accounts, as the hub last described them."""

import sqlite3
from dataclasses import dataclass

from sqlite_utils import Database

from shared.rules.rubric import Role, Stage
from shared.wire.messages import AccountCard


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    phone: str
    name: str
    role: Role
    scope: Stage | None
    password_hash: str | None
    """None: the initial password (the phone's last four digits) still holds."""
    password_version: int
    state: str
    """active | disabled"""


def account(db: Database, account_id: int) -> Account | None:
    row = db.conn.execute(
        "SELECT id, phone, name, role, scope, password_hash, password_version, state"
        " FROM account WHERE id = ?",
        (account_id,),
    ).fetchone()
    return None if row is None else _account(row)


def by_phone(db: Database, phone: str) -> Account | None:
    """The active one, should the hub have disabled another of the same number."""
    row = db.conn.execute(
        "SELECT id, phone, name, role, scope, password_hash, password_version, state"
        " FROM account WHERE phone = ? ORDER BY state = 'active' DESC, id DESC LIMIT 1",
        (phone,),
    ).fetchone()
    return None if row is None else _account(row)


def everyone(db: Database) -> list[Account]:
    rows = db.conn.execute(
        "SELECT id, phone, name, role, scope, password_hash, password_version, state"
        " FROM account ORDER BY id"
    ).fetchall()
    return [_account(row) for row in rows]


def put(db: Database, card: AccountCard, named_in: int = 0) -> None:
    """A password changed here stays until the hub knows of a later one."""
    db.conn.execute(
        "INSERT INTO account"
        " (id, phone, name, role, scope, password_hash, password_version, state, named_in)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET phone = excluded.phone, name = excluded.name,"
        "   role = excluded.role, scope = excluded.scope, state = excluded.state,"
        "   named_in = excluded.named_in",
        (
            card.account_id,
            card.phone,
            card.name,
            card.role,
            card.scope,
            card.password_hash,
            card.password_version,
            card.state,
            named_in,
        ),
    )
    set_password(db, card.account_id, card.password_hash, card.password_version)


def disable_unnamed(db: Database, snapshot: int) -> int:
    """Who the hub did not name in its snapshot has no business here."""
    return db.conn.execute(
        "UPDATE account SET state = 'disabled' WHERE named_in < ? AND state <> 'disabled'",
        (snapshot,),
    ).rowcount


def set_password(db: Database, account_id: int, password_hash: str | None, version: int) -> bool:
    """Only a higher version wins."""
    cursor = db.conn.execute(
        "UPDATE account SET password_hash = ?, password_version = ?"
        " WHERE id = ? AND password_version < ?",
        (password_hash, version, account_id, version),
    )
    return cursor.rowcount == 1


def _account(row: sqlite3.Row) -> Account:
    return Account(
        id=row["id"],
        phone=row["phone"],
        name=row["name"],
        role=Role(row["role"]),
        scope=None if row["scope"] is None else Stage(row["scope"]),
        password_hash=row["password_hash"],
        password_version=row["password_version"],
        state=row["state"],
    )
