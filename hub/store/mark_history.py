"""The marks of one node or district, to compare them with the node's and to give them back."""

import sqlite3

from sqlite_utils import Database

from shared.wire.codes import Code
from shared.wire.meeting import MarkCard

_CODES = {"surplus": Code.SURPLUS, "refused": Code.REFUSED}


def ids_of_node(db: Database, node_id: int) -> dict[tuple[int, int, int], list[str]]:
    """Of the marks given on this node, by sitting, round and item group."""
    rows = db.conn.execute(
        """
        SELECT mark.sitting_id, mark.round, performance.item_group_id, mark.event_id
        FROM mark JOIN performance ON performance.id = mark.performance_id
        WHERE mark.node_id = ?
        """,
        (node_id,),
    )
    found: dict[tuple[int, int, int], list[str]] = {}
    for row in rows:
        found.setdefault((row[0], row[1], row[2]), []).append(row[3])
    return found


def page(db: Database, node_id: int, after: str, limit: int) -> list[MarkCard]:
    """Of all nodes of this node's district, by event_id, the next after this one."""
    rows = db.conn.execute(
        """
        SELECT m.event_id, m.sitting_id, m.task_id, m.account_id, m.gen, m.levels, m.exception,
               m.comment, m.revises, m.spent_ms, m.heard_percent, m.given_at, m.standing,
               m.node_id = ? AS is_own
        FROM mark m
        WHERE m.event_id > ?
          AND m.node_id IN (SELECT id FROM node WHERE district_id =
                            (SELECT district_id FROM node WHERE id = ?))
        ORDER BY m.event_id LIMIT ?
        """,
        (node_id, after, node_id, limit),
    )
    return [_card(row) for row in rows]


def _card(row: sqlite3.Row) -> MarkCard:
    return MarkCard(
        event_id=row["event_id"],
        sitting=row["sitting_id"],
        task_id=row["task_id"],
        account_id=row["account_id"],
        gen=row["gen"],
        levels=row["levels"],
        exception=row["exception"] or "",
        comment=row["comment"],
        revises=row["revises"] or "",
        spent_ms=row["spent_ms"],
        heard_percent=row["heard_percent"],
        given_at=row["given_at"],
        code=_CODES.get(row["standing"], Code.APPLIED),
        is_standing=row["standing"] in ("counted", "surplus"),
        is_own=bool(row["is_own"]),
    )
