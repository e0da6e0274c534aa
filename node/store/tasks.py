"""SQL of tasks: what the hub handed to this district's markers, and what they have answered."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row

import msgspec
from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.rules.probes import is_probe
from shared.wire.messages import TaskCard


@dataclass(frozen=True, slots=True)
class Task:
    """A task with the video it needs."""

    id: int
    sitting_id: int
    performance: str
    item_group_id: int
    round: int
    account_id: int
    criteria: int
    gen: int
    state: str
    is_locked: bool
    earlier: str
    """JSON list of shared.wire.messages.EarlierMark."""
    mark_id: str | None
    answered_gen: int
    video_sha256: str
    video_bytes: int
    duration_ms: int
    peaks: str
    loudness_db: float
    is_video_ready: bool
    seal: str

    @property
    def is_answered(self) -> bool:
        return self.state == "done" or self.answered_gen >= self.gen


@dataclass(frozen=True, slots=True)
class RoundCount:
    """How far one account is in one item group and round."""

    item_group_id: int
    round: int
    total: int
    done: int


def task(db: Database, task_id: int) -> Task | None:
    row = db.conn.execute(_TASK + " WHERE task.id = ?", (task_id,)).fetchone()
    return _to_task(row) if row else None


def open_for(
    db: Database, account_id: int, sitting_id: int, item_group_id: int, limit: int
) -> list[Task]:
    """What may be marked now: later rounds first, then the marker's own order.

    Without references, which have no place of their own. A task set aside for a technical fault
    comes back when its video was fetched again.
    """
    rows = db.conn.execute(
        _TASK
        + """
         WHERE task.account_id = ? AND task.sitting_id = ? AND task.item_group_id = ?
           AND task.state = 'open' AND task.answered_gen < task.gen AND task.position >= 0
           AND (task.set_aside_at IS NULL OR video.ready_at > task.set_aside_at)
         ORDER BY video.state <> 'ready', max(task.round, 2) DESC,
                  task.position, task.id
         LIMIT ?
        """,
        (account_id, sitting_id, item_group_id, limit),
    )
    return [_to_task(row) for row in rows]


def references_for(db: Database, account_id: int, sitting_id: int, limit: int) -> list[Task]:
    """Reference clips still to be dealt in among the tasks, of all item groups."""
    rows = db.conn.execute(
        _TASK
        + """
         WHERE task.account_id = ? AND task.sitting_id = ? AND task.position < 0
           AND task.state = 'open' AND task.answered_gen < task.gen
           AND video.state = 'ready' AND task.set_aside_at IS NULL
         ORDER BY task.position DESC, task.id LIMIT ?
        """,
        (account_id, sitting_id, limit),
    )
    return [_to_task(row) for row in rows]


def counts_for(db: Database, account_id: int, sitting_id: int) -> list[RoundCount]:
    """As the marker sees it: with probes, but for references that were not dealt in yet."""
    rows = db.conn.execute(
        """
        SELECT item_group_id, round, count(*) AS total,
               sum(state = 'done' OR answered_gen >= gen) AS done
          FROM task
         WHERE account_id = ? AND sitting_id = ? AND state <> 'withdrawn'
           AND (position >= 0 OR state = 'done' OR answered_gen >= gen)
         GROUP BY item_group_id, round
        """,
        (account_id, sitting_id),
    )
    return [RoundCount(*row) for row in rows]


def put(db: Database, card: TaskCard, moment: datetime, named_in: int = 0) -> None:
    """Takes over the hub's word on a task; an older hand-out changes nothing.

    Only in a new snapshot (`named_in`) an older one stands: the hub was put back in time.
    """
    db.conn.execute(
        """
        INSERT INTO task (id, sitting_id, performance, item_group_id, round, account_id, criteria,
                          gen, state, locked, position, video_sha256, earlier, seal, arrived_at,
                          named_in, is_probe)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
          account_id = excluded.account_id, criteria = excluded.criteria, gen = excluded.gen,
          state = excluded.state, locked = excluded.locked, position = excluded.position,
          video_sha256 = excluded.video_sha256, earlier = excluded.earlier,
          seal = excluded.seal, named_in = excluded.named_in
         WHERE excluded.gen >= task.gen OR excluded.named_in > task.named_in
        """,
        (
            *(card.task_id, card.sitting, card.performance, card.group_id, card.round),
            *(card.account_id, card.criteria, card.gen, card.state, card.locked, card.position),
            *(card.video.sha256, msgspec.json.encode(card.earlier).decode(), card.seal),
            *(stamp(moment), named_in, is_probe(card.task_id)),
        ),
    )


def answer(db: Database, task_id: int, mark_id: str, gen: int) -> None:
    db.conn.execute(
        "UPDATE task SET mark_id = ?, answered_gen = max(answered_gen, ?) WHERE id = ?",
        (mark_id, gen, task_id),
    )


def withdraw_unnamed(db: Database, snapshot: int) -> int:
    """What the hub did not name in its snapshot is nobody's task; marks given for it stay."""
    return db.conn.execute(
        "UPDATE task SET state = 'withdrawn' WHERE named_in < ? AND state <> 'withdrawn'",
        (snapshot,),
    ).rowcount


def set_aside(db: Database, task_id: int, moment: datetime) -> None:
    db.conn.execute("UPDATE task SET set_aside_at = ? WHERE id = ?", (stamp(moment), task_id))


def drop_sitting(db: Database, sitting_id: int) -> int:
    """Forgets all tasks of a trial; its marks must have been dropped before."""
    return db.conn.execute("DELETE FROM task WHERE sitting_id = ?", (sitting_id,)).rowcount


_TASK = """
    SELECT task.id, task.sitting_id, task.performance, task.item_group_id, task.round,
           task.account_id, task.criteria, task.gen, task.state, task.locked, task.earlier,
           task.mark_id, task.answered_gen, task.video_sha256, video.bytes, video.duration_ms,
           video.peaks, video.loudness_db, video.state = 'ready' AS is_video_ready, task.seal
      FROM task JOIN video ON video.sha256 = task.video_sha256
"""


def _to_task(row: Row) -> Task:
    values = list(row)
    values[9], values[18] = bool(values[9]), bool(values[18])
    return Task(*values)
