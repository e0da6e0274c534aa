"""Accounts: the people who mark, lead and look after nodes; a phone number names each."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from hub.store import hands
from shared.rules.rubric import Role, Stage

State = Literal["active", "disabled"]


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    phone: str
    name: str
    district_id: int
    role: Role
    scope: Stage | None
    capacity: int
    """100 is a full load."""
    password_hash: str | None
    """None: the initial password (the last four digits of the phone) still holds."""
    password_version: int
    state: State


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as the 人员 sheet lists it."""

    phone: str
    name: str
    district_id: int
    role: Role
    scope: Stage | None
    capacity: int
    state: State


def account(db: Database, id: int) -> Account | None:
    row = db.conn.execute(
        """
        SELECT id, phone, name, district_id, role, scope, capacity,
               password_hash, password_version, state
        FROM account WHERE id = ?
        """,
        (id,),
    ).fetchone()
    return _account(row) if row else None


def everyone(db: Database) -> list[Account]:
    rows = db.conn.execute(
        """
        SELECT id, phone, name, district_id, role, scope, capacity,
               password_hash, password_version, state
        FROM account ORDER BY id
        """
    )
    return [_account(row) for row in rows]


def active(db: Database, role: Role, stage: Stage | None) -> list[Account]:
    """Active accounts of a role, of one stage or (None) of all."""
    rows = db.conn.execute(
        """
        SELECT id, phone, name, district_id, role, scope, capacity,
               password_hash, password_version, state
        FROM account
        WHERE role = ? AND state = 'active' AND (scope = ? OR ? IS NULL)
        ORDER BY id
        """,
        (role.value, stage, stage),
    )
    return [_account(row) for row in rows]


def with_tasks(db: Database) -> set[int]:
    """Ids of accounts that hold or held a task of a sitting that was not wiped."""
    return {row[0] for row in db.conn.execute("SELECT DISTINCT account_id FROM task")}


def add_many(db: Database, people: Iterable[Listed]) -> None:
    """Who may take tasks follows at once, here and in change_many."""
    db.conn.executemany(
        """
        INSERT INTO account (name, district_id, role, scope, capacity, state, phone)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [_parameters(person) for person in people],
    )
    hands.follow(db)


def change_many(db: Database, people: Iterable[Listed]) -> None:
    """Change the accounts with these phones; passwords stay."""
    db.conn.executemany(
        """
        UPDATE account
        SET name = ?, district_id = ?, role = ?, scope = ?, capacity = ?, state = ?
        WHERE phone = ?
        """,
        [_parameters(person) for person in people],
    )
    hands.follow(db)


def set_password(db: Database, id: int, hash: str | None, version: int) -> bool:
    """Only a higher version wins, so an old change that arrives late is no change."""
    changed = db.conn.execute(
        """
        UPDATE account SET password_hash = ?, password_version = ?
        WHERE id = ? AND password_version < ?
        """,
        (hash, version, id, version),
    )
    return changed.rowcount > 0


def _parameters(person: Listed) -> tuple[str | int | None, ...]:
    return (
        person.name,
        person.district_id,
        person.role.value,
        person.scope.value if person.scope else None,
        person.capacity,
        person.state,
        person.phone,
    )


def _account(row: sqlite3.Row) -> Account:
    return Account(
        id=row["id"],
        phone=row["phone"],
        name=row["name"],
        district_id=row["district_id"],
        role=Role(row["role"]),
        scope=Stage(row["scope"]) if row["scope"] else None,
        capacity=row["capacity"],
        password_hash=row["password_hash"],
        password_version=row["password_version"],
        state=row["state"],
    )
