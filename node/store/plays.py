"""SQL of the access log: who opened which child's video, and when."""

from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp


def add(db: Database, account_id: int, task_id: int, moment: datetime) -> None:
    db.conn.execute(
        """
        INSERT INTO play (at, account_id, task_id) VALUES (?, ?, ?)
        ON CONFLICT (account_id, task_id, at) DO NOTHING
        """,
        (stamp(moment), account_id, task_id),
    )


def last(db: Database, account_id: int, task_id: int) -> str:
    """When this account last opened this task's video, "" for never."""
    row = db.conn.execute(
        "SELECT max(at) FROM play WHERE account_id = ? AND task_id = ?", (account_id, task_id)
    ).fetchone()
    return row[0] or ""
