"""How ready each node's lab is, as the node last said."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.wire.ready import ReadyReport


@dataclass(frozen=True, slots=True)
class Readiness:
    report: ReadyReport
    said_at: str


def put(db: Database, node_id: int, report: ReadyReport, moment: datetime) -> None:
    db.conn.execute(
        "INSERT INTO readiness (node_id, report, said_at) VALUES (?, ?, ?) "
        "ON CONFLICT (node_id) DO UPDATE SET report = excluded.report, said_at = excluded.said_at",
        (node_id, msgspec.json.encode(report).decode(), stamp(moment)),
    )


def by_node(db: Database) -> dict[int, Readiness]:
    rows = db.conn.execute("SELECT node_id, report, said_at FROM readiness")
    return {
        row["node_id"]: Readiness(
            msgspec.json.decode(row["report"], type=ReadyReport), row["said_at"]
        )
        for row in rows
    }
