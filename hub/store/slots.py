"""Slots: the rounds a performance needs, and which mark fills each."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from sqlite_utils import Database

from hub.store import meta
from hub.store.many import listed
from hub.store.marks import Mark
from shared.kit.clock import stamp

SlotState = Literal["waiting", "assigned", "filled", "closed"]


class Slot(NamedTuple):
    sitting_id: int
    performance_id: int
    round: int
    criteria: int
    """Mask, see shared.rules.rubric.to_mask."""
    state: SlotState
    """waiting: nobody could be given it; closed: not needed any more."""
    gen: int
    """Rises with every hand-out and every change of the criteria, also over the lives of the
    database: no node holds a higher one."""
    task_id: int | None
    mark_id: str | None
    since: str


def of_performance(db: Database, sitting_id: int, performance_id: int) -> dict[int, Slot]:
    """By round."""
    return of_performances(db, sitting_id, [performance_id])[performance_id]


def of_performances(
    db: Database, sitting_id: int, performance_ids: Collection[int]
) -> dict[int, dict[int, Slot]]:
    """By performance and round."""
    rows = db.conn.execute(
        """
        SELECT sitting_id, performance_id, round, criteria, state, gen, task_id, mark_id, since
        FROM slot
        WHERE sitting_id = ? AND performance_id IN (SELECT value FROM json_each(?)) ORDER BY round
        """,
        (sitting_id, listed(performance_ids)),
    )
    found: dict[int, dict[int, Slot]] = {id: {} for id in performance_ids}
    for row in rows:
        slot = Slot(*row)
        found[slot.performance_id][slot.round] = slot
    return found


def of_sitting(db: Database, sitting_id: int) -> Iterator[Slot]:
    """All of them, by performance and round."""
    rows = db.conn.execute(
        """
        SELECT sitting_id, performance_id, round, criteria, state, gen, task_id, mark_id, since
        FROM slot WHERE sitting_id = ? ORDER BY performance_id, round
        """,
        (sitting_id,),
    )
    return (Slot(*row) for row in rows)


def waiting(db: Database, sitting_id: int, limit: int) -> list[Slot]:
    """What nobody could be given, the longest waiting first."""
    rows = db.conn.execute(
        """
        SELECT sitting_id, performance_id, round, criteria, state, gen, task_id, mark_id, since
        FROM slot WHERE sitting_id = ? AND state = 'waiting'
        ORDER BY since, performance_id, round LIMIT ?
        """,
        (sitting_id, limit),
    )
    return [Slot(*row) for row in rows]


def waiting_by_round(db: Database, sitting_id: int) -> dict[int, int]:
    rows = db.conn.execute(
        """
        SELECT round, count(*) FROM slot WHERE sitting_id = ? AND state = 'waiting' GROUP BY round
        """,
        (sitting_id,),
    )
    return {row[0]: row[1] for row in rows}


def exists(db: Database, sitting_id: int) -> bool:
    """Whether the sitting was allocated."""
    row = db.conn.execute("SELECT 1 FROM slot WHERE sitting_id = ? LIMIT 1", (sitting_id,))
    return row.fetchone() is not None


def add_dealt(db: Database, sitting_id: int) -> None:
    """A slot for each task of a sitting whose tasks were all dealt just now."""
    db.conn.execute(
        """
        INSERT INTO slot
          (sitting_id, performance_id, round, criteria, state, gen, task_id, mark_id, since)
        SELECT sitting_id, performance_id, round, criteria, 'assigned', gen, id, NULL, created_at
        FROM task WHERE sitting_id = ? ORDER BY performance_id, round
        """,
        (sitting_id,),
    )


def wait(
    db: Database,
    sitting_id: int,
    performance_id: int,
    round: int,
    criteria: int,
    moment: datetime,
) -> Slot:
    """Open a slot that is new, was closed, or was taken back; its gen rises."""
    return wait_all(db, sitting_id, [(performance_id, round, criteria)], moment)[0]


def wait_all(
    db: Database, sitting_id: int, wishes: Sequence[tuple[int, int, int]], moment: datetime
) -> list[Slot]:
    """The same of several of one sitting: performance, round and criteria of each."""
    first_gen, text = meta.number_base(db) + 1, stamp(moment)
    before = of_performances(db, sitting_id, [wish[0] for wish in wishes])
    opened = []
    for performance_id, round, criteria in wishes:
        old = before[performance_id].get(round)
        gen, mark_id = (max(old.gen + 1, first_gen), old.mark_id) if old else (first_gen, None)
        opened.append(
            Slot(sitting_id, performance_id, round, criteria, "waiting", gen, None, mark_id, text)
        )
    db.conn.executemany(
        """
        INSERT INTO slot
          (sitting_id, performance_id, round, criteria, state, gen, task_id, mark_id, since)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (sitting_id, performance_id, round) DO UPDATE SET
          criteria = excluded.criteria, state = excluded.state, gen = excluded.gen,
          task_id = NULL, since = excluded.since
        """,
        opened,
    )
    return opened


def assign(db: Database, taken: Sequence[tuple[Slot, int]], moment: datetime) -> None:
    """Slots that waited, each with the task that it was handed out as."""
    text = stamp(moment)
    db.conn.executemany(
        """
        UPDATE slot SET state = 'assigned', task_id = ?, since = ?
        WHERE sitting_id = ? AND performance_id = ? AND round = ? AND state = 'waiting'
        """,
        [(task, text, slot.sitting_id, slot.performance_id, slot.round) for slot, task in taken],
    )


def reshape(db: Database, slot: Slot, criteria: int) -> int:
    """Change what the slot asks for; the new gen."""
    row = db.conn.execute(
        """
        UPDATE slot SET criteria = ?, gen = max(gen, ?) + 1
        WHERE sitting_id = ? AND performance_id = ? AND round = ?
        RETURNING gen
        """,
        (criteria, meta.number_base(db), slot.sitting_id, slot.performance_id, slot.round),
    ).fetchone()
    return int(row[0])


def fill(db: Database, by: Sequence[Mark], moment: datetime) -> None:
    """Each with its first mark, or with the revision of the mark it has."""
    text = stamp(moment)
    db.conn.executemany(
        """
        UPDATE slot SET state = 'filled', task_id = ?, mark_id = ?, since = ?
        WHERE sitting_id = ? AND performance_id = ? AND round = ?
        """,
        [(m.task_id, m.event_id, text, m.sitting_id, m.performance_id, m.round) for m in by],
    )


def close(db: Database, slot: Slot, moment: datetime) -> None:
    db.conn.execute(
        """
        UPDATE slot SET state = 'closed', task_id = NULL, mark_id = NULL, since = ?
        WHERE sitting_id = ? AND performance_id = ? AND round = ?
        """,
        (stamp(moment), slot.sitting_id, slot.performance_id, slot.round),
    )
