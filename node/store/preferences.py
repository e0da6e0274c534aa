"""SQL of what a person chose for the marking page, and for what it leads to."""

from sqlite_utils import Database

DEFAULTS = {"layout": "full", "theme": "light", "font": "standard", "chime": "on"}


def of_account(db: Database, account_id: int) -> dict[str, str]:
    rows = db.conn.execute("SELECT key, value FROM preference WHERE account_id = ?", (account_id,))
    return DEFAULTS | {row[0]: row[1] for row in rows}


def put(db: Database, account_id: int, key: str, value: str) -> None:
    db.conn.execute(
        """
        INSERT INTO preference (account_id, key, value) VALUES (?, ?, ?)
        ON CONFLICT (account_id, key) DO UPDATE SET value = excluded.value
        """,
        (account_id, key, value),
    )
