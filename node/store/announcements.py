"""What the city announced, and who on this node has read it."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.rules.rubric import Role
from shared.wire.messages import AnnouncementCard

SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Announcement:
    id: int
    sitting_id: int | None
    kind: str
    """manual, or a milestone of shared.rules.rounds"""
    strength: str
    """normal | important | blocking"""
    text: str
    roles: tuple[Role, ...]
    """Empty: for everyone."""
    published_at: str


def put(db: Database, card: AnnouncementCard, named_in: int = 0) -> None:
    db.conn.execute(
        "INSERT INTO announcement"
        " (id, sitting_id, kind, strength, text, roles, published_at, named_in)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET sitting_id = excluded.sitting_id, kind = excluded.kind,"
        "   strength = excluded.strength, text = excluded.text, roles = excluded.roles,"
        "   published_at = excluded.published_at, named_in = excluded.named_in",
        (
            card.announcement_id,
            card.sitting,
            card.kind,
            card.strength,
            card.text,
            ",".join(card.roles),
            card.published_at,
            named_in,
        ),
    )


def drop_unnamed(db: Database, snapshot: int) -> None:
    """What the hub no longer knows that it announced may not be true any more."""
    db.conn.execute(
        "DELETE FROM receipt WHERE announcement_id IN"
        " (SELECT id FROM announcement WHERE named_in < ?)",
        (snapshot,),
    )
    db.conn.execute("DELETE FROM announcement WHERE named_in < ?", (snapshot,))


def for_role(db: Database, role: Role) -> list[Announcement]:
    """The newest first."""
    rows = db.conn.execute(
        "SELECT id, sitting_id, kind, strength, text, roles, published_at FROM announcement"
        " WHERE roles = '' OR instr(',' || roles || ',', ',' || ? || ',')"
        " ORDER BY published_at DESC, id DESC LIMIT ?",
        (role.value, SHOWN_MAX),
    ).fetchall()
    return [
        Announcement(
            id=row["id"],
            sitting_id=row["sitting_id"],
            kind=row["kind"],
            strength=row["strength"],
            text=row["text"],
            roles=tuple(Role(name) for name in row["roles"].split(",") if name),
            published_at=row["published_at"],
        )
        for row in rows
    ]


def add_receipt(db: Database, announcement_id: int, account_id: int, moment: datetime) -> bool:
    """False: this account has read it before, or there is no such announcement."""
    cursor = db.conn.execute(
        "INSERT INTO receipt (announcement_id, account_id, read_at)"
        " SELECT id, ?, ? FROM announcement WHERE id = ?"
        " ON CONFLICT (announcement_id, account_id) DO NOTHING",
        (account_id, stamp(moment), announcement_id),
    )
    return cursor.rowcount == 1


def read_ids(db: Database, account_id: int) -> set[int]:
    rows = db.conn.execute(
        "SELECT announcement_id FROM receipt WHERE account_id = ?", (account_id,)
    ).fetchall()
    return {int(row["announcement_id"]) for row in rows}


def drop_sitting(db: Database, sitting_id: int) -> None:
    db.conn.execute(
        "DELETE FROM receipt WHERE announcement_id IN"
        " (SELECT id FROM announcement WHERE sitting_id = ?)",
        (sitting_id,),
    )
    db.conn.execute("DELETE FROM announcement WHERE sitting_id = ?", (sitting_id,))
