"""What this district's leads asked the city for, and whether the city has it."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row

from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.wire.requests import RequestKind


@dataclass(frozen=True, slots=True)
class Asked:
    kind: RequestKind
    account_id: int
    text: str
    asked_by: int
    asked_at: str
    is_sent: bool


def add(
    db: Database,
    event_id: str,
    kind: RequestKind,
    account_id: int,
    text: str,
    asked_by: int,
    moment: datetime,
) -> None:
    db.conn.execute(
        "INSERT INTO request (event_id, kind, account_id, text, asked_by, asked_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (event_id, kind, account_id, text, asked_by, stamp(moment)),
    )


def latest(db: Database, limit: int) -> list[Asked]:
    rows = db.conn.execute(
        """
        SELECT request.kind, request.account_id, request.text, request.asked_by,
               request.asked_at, outbox.state = 'acked'
          FROM request LEFT JOIN outbox ON outbox.event_id = request.event_id
         ORDER BY request.asked_at DESC, request.event_id LIMIT ?
        """,
        (limit,),
    )
    return [_asked(row) for row in rows]


def _asked(row: Row) -> Asked:
    values = list(row)
    # What was pruned from the outbox had reached the city.
    values[-1] = values[-1] is None or bool(values[-1])
    return Asked(*values)
