"""Who said hello, with which program, in which life; and whose marks are the same as ours."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.rules.hello import Protocols
from shared.wire.meeting import HelloRequest


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a node's marks and the hub's last compared."""

    hub_inc: str
    differs: int
    """At least so many marks were on one side only."""
    at: str


def put(db: Database, node_id: int, hub_inc: str, said: HelloRequest, moment: datetime) -> None:
    """`hub_inc`: the life of our database in which it was said."""
    db.conn.execute(
        """
        INSERT INTO hello (node_id, hub_inc, node_inc, boot_id, protocol_min, protocol_max, caps,
                           app_version, schema, said_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (node_id) DO UPDATE SET
          hub_inc = excluded.hub_inc, node_inc = excluded.node_inc, boot_id = excluded.boot_id,
          protocol_min = excluded.protocol_min, protocol_max = excluded.protocol_max,
          caps = excluded.caps, app_version = excluded.app_version, schema = excluded.schema,
          said_at = excluded.said_at
        """,
        (
            *(node_id, hub_inc, said.node_inc[:64], said.boot_id[:64]),
            *(said.protocol_min, said.protocol_max, ",".join(said.caps)[:200]),
            *(said.app_version[:40], said.schema, stamp(moment)),
        ),
    )


def protocols(db: Database, node_id: int) -> Protocols | None:
    """None: it never said hello."""
    row = db.conn.execute(
        "SELECT protocol_min, protocol_max FROM hello WHERE node_id = ?", (node_id,)
    ).fetchone()
    return None if row is None else Protocols(row["protocol_min"], row["protocol_max"])


def put_comparison(
    db: Database,
    node_id: int,
    hub_inc: str,
    differs: int,
    moment: datetime,
    node_inc: str = "",
    acked_seq: int = 0,
) -> None:
    """`node_inc`, `acked_seq`: how far the node's history went."""
    db.conn.execute(
        """
        INSERT INTO comparison (node_id, hub_inc, differs, at, node_inc, acked_seq)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (node_id) DO UPDATE SET
          hub_inc = excluded.hub_inc, differs = excluded.differs, at = excluded.at,
          node_inc = excluded.node_inc, acked_seq = excluded.acked_seq
        """,
        (node_id, hub_inc, differs, stamp(moment), node_inc, acked_seq),
    )


def comparisons(db: Database) -> dict[int, Comparison]:
    """By node; the last one of each."""
    rows = db.conn.execute("SELECT node_id, hub_inc, differs, at FROM comparison")
    return {row[0]: Comparison(row[1], row[2], row[3]) for row in rows}


def out_of_step(db: Database) -> list[str]:
    """Names of enrolled nodes whose marks were not the same as ours when last compared."""
    rows = db.conn.execute(
        """
        SELECT node.name FROM node JOIN comparison ON comparison.node_id = node.id
        WHERE node.state = 'enrolled' AND comparison.differs > 0 ORDER BY node.name
        """
    )
    return [row["name"] for row in rows]


def not_compared_since(db: Database) -> list[str]:
    """Names of enrolled nodes that handed in marks after they last compared."""
    rows = db.conn.execute(
        """
        SELECT node.name FROM node
        LEFT JOIN comparison
          ON comparison.node_id = node.id AND comparison.node_inc = node.node_inc
        WHERE node.state = 'enrolled' AND EXISTS (
          SELECT 1 FROM event
          WHERE event.node_id = node.id AND event.node_inc = node.node_inc
            AND event.seq > coalesce(comparison.acked_seq, 0) AND event.kind = 'mark'
        )
        ORDER BY node.district_id, node.name
        """
    )
    return [row["name"] for row in rows]


def understands(db: Database, node_id: int, cap: str) -> bool:
    """An older program would not."""
    row = db.conn.execute("SELECT caps FROM hello WHERE node_id = ?", (node_id,)).fetchone()
    return row is not None and cap in row["caps"].split(",")


def not_heard_in(db: Database, hub_inc: str) -> list[str]:
    """Names of enrolled nodes that have not, in this life, said hello and compared as equal."""
    rows = db.conn.execute(
        """
        SELECT node.name FROM node
        LEFT JOIN hello      ON hello.node_id = node.id AND hello.hub_inc = ?
        LEFT JOIN comparison ON comparison.node_id = node.id AND comparison.hub_inc = ?
        WHERE node.state = 'enrolled'
          AND (hello.node_id IS NULL OR coalesce(comparison.differs, 1) > 0)
        ORDER BY node.district_id, node.name
        """,
        (hub_inc, hub_inc),
    )
    return [row["name"] for row in rows]
