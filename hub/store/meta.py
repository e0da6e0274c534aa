"""The hub's own few facts: who it is, and which life of its database this is."""

import secrets

from sqlite_utils import Database

NUMBERS_OF_A_LIFE = 2**28
"""More than one life of the database will ever give, with the gaps that every start leaves."""


def get(db: Database, key: str) -> str | None:
    row = db.conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def put(db: Database, key: str, value: str) -> None:
    db.conn.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def hub_id(db: Database) -> str:
    """Who this hub is; a node refuses any other."""
    return _known(db, "hub_id")


def hub_inc(db: Database) -> str:
    """The life of this database: a restored copy gets another one, so that nodes start afresh."""
    return _known(db, "hub_inc")


def ensure_identity(db: Database) -> None:
    """Make what is missing: everything at the first start, a new life after a restore."""
    if get(db, "hub_id") is None:
        put(db, "hub_id", secrets.token_hex(16))
    if get(db, "seal_key") is None:
        put(db, "seal_key", secrets.token_hex(32))
    if get(db, "hub_inc") is None:
        number = lives(db) + 1
        put(db, "lives", str(number))
        put(db, "hub_inc", f"{number}-{secrets.token_hex(8)}")


def lives(db: Database) -> int:
    """How many lives this database has had: one more for each time it was put back."""
    return int(get(db, "lives") or "0")


def number_base(db: Database) -> int:
    """Above all numbers that an earlier life gave and this one may have forgotten."""
    return max(lives(db) - 1, 0) * NUMBERS_OF_A_LIFE


def forget_incarnation(db: Database) -> None:
    """Done to every backup: whoever starts from it begins a new life of the database."""
    db.conn.execute("DELETE FROM meta WHERE key = 'hub_inc'")


def _known(db: Database, key: str) -> str:
    value = get(db, key)
    if value is None:
        raise LookupError(f"the hub has no {key} yet: ensure_identity() comes first")
    return value
