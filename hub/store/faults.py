"""Technical faults that markers reported: not marks, not exceptions."""

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Fault:
    event_id: str
    task_id: int
    account_id: int
    node_id: int
    fault: str
    reported_at: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A fault as the city sees it: what does not play, and where."""

    performance: str
    performance_id: int
    node_name: str
    fault: str
    reported_at: str
    task_is_open: bool


def add(db: Database, fault: Fault) -> bool:
    """False when it was reported before."""
    done = db.conn.execute(
        """
        INSERT INTO fault (event_id, task_id, account_id, node_id, fault, reported_at)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING
        """,
        (
            fault.event_id,
            fault.task_id,
            fault.account_id,
            fault.node_id,
            fault.fault,
            fault.reported_at,
        ),
    )
    return done.rowcount == 1


def recent(db: Database, limit: int) -> list[Reported]:
    """Newest first; of a wiped trial nothing is left."""
    rows = db.conn.execute(
        """
        SELECT performance.code, performance.id, node.name, fault.fault, fault.reported_at,
               coalesce(task.state, probe.state) = 'open'
        FROM fault
        LEFT JOIN task   ON task.id = fault.task_id
        LEFT JOIN probe  ON probe.id = fault.task_id
        JOIN performance ON performance.id = coalesce(task.performance_id, probe.performance_id)
        JOIN node        ON node.id = fault.node_id
        ORDER BY fault.reported_at DESC LIMIT ?
        """,
        (limit,),
    )
    return [Reported(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]


def delete_sitting(db: Database, sitting_id: int) -> int:
    """Before the tasks of a wiped trial go."""
    done = db.conn.execute(
        """
        DELETE FROM fault WHERE task_id IN (
          SELECT id FROM task WHERE sitting_id = ? UNION SELECT id FROM probe WHERE sitting_id = ?)
        """,
        (sitting_id, sitting_id),
    )
    return done.rowcount
