"""Tasks: slots handed to people; every change of state is counted in the loads at once."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlite_utils import Database

from hub.store import handings, loads
from hub.store.many import listed
from shared.kit.clock import stamp

ADOPTED = -1

TaskState = Literal["open", "done", "withdrawn"]


class NewTask(NamedTuple):
    sitting_id: int
    performance_id: int
    item_group_id: int
    round: int
    account_id: int
    criteria: int
    """Mask, see shared.rules.rubric.to_mask."""
    gen: int
    position: int
    """ADOPTED: a life of the database that was forgotten gave it a place, nobody knows which."""

    @property
    def load_key(self) -> loads.LoadKey:
        return loads.LoadKey(self.sitting_id, self.account_id, self.item_group_id, self.round)


class Task(NamedTuple):
    id: int
    sitting_id: int
    performance_id: int
    item_group_id: int
    round: int
    account_id: int
    criteria: int
    gen: int
    state: TaskState
    locked: bool
    """A later round has begun: its mark can no longer be revised."""
    position: int
    created_at: str
    district_id: int
    """The account's."""

    @property
    def load_key(self) -> loads.LoadKey:
        return loads.LoadKey(self.sitting_id, self.account_id, self.item_group_id, self.round)


@dataclass(frozen=True, slots=True)
class Placed:
    """A task and the district whose nodes hold it."""

    id: int
    district_id: int


def task(db: Database, id: int) -> Task | None:
    return of_ids(db, [id]).get(id)


def of_ids(db: Database, ids: Collection[int]) -> dict[int, Task]:
    """Those that there are, by id."""
    rows = db.conn.execute(
        """
        SELECT t.id, t.sitting_id, t.performance_id, t.item_group_id, t.round, t.account_id,
               t.criteria, t.gen, t.state, t.locked, t.position, t.created_at, a.district_id
        FROM task t JOIN account a ON a.id = t.account_id
        WHERE t.id IN (SELECT value FROM json_each(?))
        """,
        (listed(ids),),
    )
    return {row["id"]: _task(row) for row in rows}


def of_performance(db: Database, sitting_id: int, performance_id: int) -> list[Task]:
    """All that were ever handed out, the oldest first."""
    return of_performances(db, sitting_id, [performance_id])[performance_id]


def of_performances(
    db: Database, sitting_id: int, performance_ids: Collection[int]
) -> dict[int, list[Task]]:
    """The same of each of these performances."""
    rows = db.conn.execute(
        """
        SELECT t.id, t.sitting_id, t.performance_id, t.item_group_id, t.round, t.account_id,
               t.criteria, t.gen, t.state, t.locked, t.position, t.created_at, a.district_id
        FROM task t JOIN account a ON a.id = t.account_id
        WHERE t.performance_id IN (SELECT value FROM json_each(?)) AND t.sitting_id = ?
        ORDER BY t.id
        """,
        (listed(performance_ids), sitting_id),
    )
    found: dict[int, list[Task]] = {id: [] for id in performance_ids}
    for row in rows:
        found[row["performance_id"]].append(_task(row))
    return found


def open_of_account(db: Database, account_id: int, sitting_id: int) -> list[Task]:
    rows = db.conn.execute(
        """
        SELECT t.id, t.sitting_id, t.performance_id, t.item_group_id, t.round, t.account_id,
               t.criteria, t.gen, t.state, t.locked, t.position, t.created_at, a.district_id
        FROM task t JOIN account a ON a.id = t.account_id
        WHERE t.account_id = ? AND t.sitting_id = ? AND t.state = 'open' ORDER BY t.id
        """,
        (account_id, sitting_id),
    )
    return [_task(row) for row in rows]


def unbegun_of_account(db: Database, account_id: int, group_id: int, sitting_id: int) -> list[Task]:
    """Open tasks of rounds 1 and 2 of an item group, the last to be worked on first."""
    held = open_of_account(db, account_id, sitting_id)
    own = [task for task in held if task.item_group_id == group_id and task.round <= 2]
    return sorted(own, key=lambda task: (task.position, task.id), reverse=True)


def first_hand_outs(db: Database, sitting_id: int) -> Iterator[Task]:
    """What was dealt before marking began, whatever became of it: rounds 1 and 2 in order."""
    rows = db.conn.execute(
        """
        SELECT t.id, t.sitting_id, t.performance_id, t.item_group_id, t.round, t.account_id,
               t.criteria, t.gen, t.state, t.locked, t.position, t.created_at, a.district_id
        FROM task t JOIN account a ON a.id = t.account_id
        WHERE t.id IN (SELECT min(id) FROM task
                       WHERE sitting_id = ? AND round <= 2 AND position <> ?
                       GROUP BY performance_id, round)
        ORDER BY t.performance_id, t.round
        """,
        (sitting_id, ADOPTED),
    )
    return (_task(row) for row in rows)


def of_sitting(db: Database, sitting_id: int) -> Iterator[Task]:
    """All that were ever handed out, in order."""
    rows = db.conn.execute(
        """
        SELECT t.id, t.sitting_id, t.performance_id, t.item_group_id, t.round, t.account_id,
               t.criteria, t.gen, t.state, t.locked, t.position, t.created_at, a.district_id
        FROM task t JOIN account a ON a.id = t.account_id WHERE t.sitting_id = ? ORDER BY t.id
        """,
        (sitting_id,),
    )
    return (_task(row) for row in rows)


def state_by_id(db: Database, sitting_id: int) -> dict[int, TaskState]:
    """Of the tasks that were not withdrawn."""
    rows = db.conn.execute(
        "SELECT id, state FROM task WHERE sitting_id = ? AND state <> 'withdrawn'", (sitting_id,)
    )
    return {row["id"]: row["state"] for row in rows}


def last_id(db: Database) -> int:
    return int(db.conn.execute("SELECT coalesce(max(id), 0) FROM task").fetchone()[0])


def placed(db: Database, sitting_id: int) -> list[Placed]:
    """The sitting's tasks in the order in which they will be worked on."""
    rows = db.conn.execute(
        """
        SELECT t.id, a.district_id FROM task t JOIN account a ON a.id = t.account_id
        WHERE t.sitting_id = ? ORDER BY t.position, t.id
        """,
        (sitting_id,),
    )
    return [Placed(*row) for row in rows]


def add(db: Database, new: Sequence[NewTask], moment: datetime) -> list[int]:
    """Their ids. Whoever gets one has moved on the circle of hands already."""
    before = last_id(db)
    add_dealt(db, new, moment)
    loads.count_given(db, Counter(one.load_key for one in new))
    rows = db.conn.execute("SELECT id FROM task WHERE id > ? ORDER BY id", (before,))
    return [row[0] for row in rows]


def adopt(db: Database, id: int, given: NewTask, moment: datetime) -> None:
    """A hand-out that was forgotten, under its old number; as withdrawn it counts for nobody."""
    db.conn.execute(
        """
        INSERT INTO task (id, sitting_id, performance_id, item_group_id, round, account_id,
                          criteria, gen, state, position, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'withdrawn', ?, ?)
        """,
        (id, *_parameters(given, stamp(moment))),
    )


def add_dealt(db: Database, dealt: Iterable[NewTask], moment: datetime) -> None:
    """The caller counts the loads: of a whole new sitting once, with loads.count_dealt."""
    text = stamp(moment)
    db.conn.executemany(
        """
        INSERT INTO task (sitting_id, performance_id, item_group_id, round, account_id,
                          criteria, gen, state, position, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)
        """,
        (_parameters(new, text) for new in dealt),
    )


def finish(db: Database, marked: Sequence[Task]) -> None:
    """Open tasks are done; so is a withdrawn one whose mark still filled the slot."""
    for task in marked:
        if task.state == "withdrawn":
            handings.kept(db, task.sitting_id, task.id)
            loads.count(db, task.load_key, total=1, done=0)
    news = [task for task in marked if task.state != "done"]
    db.conn.execute(
        "UPDATE task SET state = 'done' WHERE id IN (SELECT value FROM json_each(?))",
        (listed([task.id for task in news]),),
    )
    loads.count_done(db, Counter(task.load_key for task in news))


def withdraw(db: Database, task: Task) -> bool:
    """Only an open task can be: what was done stays done."""
    changed = db.conn.execute(
        "UPDATE task SET state = 'withdrawn' WHERE id = ? AND state = 'open'", (task.id,)
    )
    if changed.rowcount == 0:
        return False
    handings.taken(db, task.sitting_id, task.id)
    loads.count(db, task.load_key, total=-1, done=0)
    return True


def undo(db: Database, task: Task) -> bool:
    """Withdraw it even if it was done: what was marked is to be marked afresh."""
    if task.state != "done":
        return withdraw(db, task)
    db.conn.execute("UPDATE task SET state = 'withdrawn' WHERE id = ?", (task.id,))
    handings.taken(db, task.sitting_id, task.id)
    loads.count(db, task.load_key, total=-1, done=-1)
    return True


def reshape(db: Database, id: int, criteria: int, gen: int) -> None:
    db.conn.execute("UPDATE task SET criteria = ?, gen = ? WHERE id = ?", (criteria, gen, id))


def lock_before(
    db: Database, sitting_id: int, performance_ids: Collection[int], round: int
) -> list[Placed]:
    """Lock what is left unlocked of the earlier rounds; the tasks that this changed."""
    if not performance_ids:
        return []
    rows = db.conn.execute(
        """
        SELECT t.id, a.district_id FROM task t JOIN account a ON a.id = t.account_id
        WHERE t.performance_id IN (SELECT value FROM json_each(?)) AND t.sitting_id = ?
          AND t.round < ? AND t.locked = 0 AND t.state <> 'withdrawn'
        """,
        (listed(performance_ids), sitting_id, round),
    )
    changed = [Placed(*row) for row in rows]
    db.conn.execute(
        "UPDATE task SET locked = 1 WHERE id IN (SELECT value FROM json_each(?))",
        (listed([task.id for task in changed]),),
    )
    return changed


def _parameters(new: NewTask, created_at: str) -> tuple[int | str, ...]:
    return (
        new.sitting_id,
        new.performance_id,
        new.item_group_id,
        new.round,
        new.account_id,
        new.criteria,
        new.gen,
        new.position,
        created_at,
    )


def _task(row: sqlite3.Row) -> Task:
    values = list(row)
    values[9] = bool(values[9])
    return Task(*values)
