"""SQL of marks: every version that was submitted on this node, and what the hub said of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Row

from sqlite_utils import Database

from node.store.tasks import Task, task
from shared.wire.meeting import MarkCard
from shared.wire.messages import EventResult

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Mark:
    event_id: str
    sitting_id: int
    task_id: int
    account_id: int
    gen: int
    levels: str
    exception: str | None
    comment: str
    revises: str | None
    spent_ms: int
    heard_percent: int
    given_at: str
    result: str | None = None
    """A shared.wire.codes.Code once the hub has it, None before."""
    reason: str = ""


def mark(db: Database, event_id: str) -> Mark | None:
    row = db.conn.execute(_MARK + " WHERE mark.event_id = ?", (event_id,)).fetchone()
    return Mark(*row) if row else None


def add(db: Database, given: Mark) -> bool:
    """False when a mark of this id is there already."""
    added = db.conn.execute(
        """
        INSERT INTO mark (event_id, sitting_id, task_id, account_id, gen, levels, exception,
                          comment, revises, spent_ms, heard_percent, given_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (event_id) DO NOTHING
        """,
        (
            *(given.event_id, given.sitting_id, given.task_id, given.account_id, given.gen),
            *(given.levels, given.exception, given.comment, given.revises),
            *(given.spent_ms, given.heard_percent, given.given_at),
        ),
    )
    return added.rowcount == 1


def take_back(db: Database, card: MarkCard) -> None:
    """As the hub holds it; of one that is here only what became of it is news."""
    db.conn.execute(
        """
        INSERT INTO mark (event_id, sitting_id, task_id, account_id, gen, levels, exception,
                          comment, revises, spent_ms, heard_percent, given_at, result,
                          is_elsewhere)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT event_id FROM mark WHERE event_id = ?),
                ?, ?, ?, ?, ?)
        ON CONFLICT (event_id) DO UPDATE SET result = excluded.result, reason = ''
         WHERE mark.result IS NULL OR mark.result <> excluded.result
        """,
        (
            *(card.event_id, card.sitting, card.task_id, card.account_id, card.gen, card.levels),
            *(card.exception or None, card.comment, card.revises, card.spent_ms),
            *(card.heard_percent, card.given_at, card.code, not card.is_own),
        ),
    )


def confirmed(db: Database) -> dict[tuple[int, int, int], list[str]]:
    """What the hub said it keeps of this node's marks, by sitting, round and item group.

    What was given for probes is not among the hub's marks.
    """
    rows = db.conn.execute(
        """
        SELECT mark.sitting_id, task.round, task.item_group_id, mark.event_id
          FROM mark JOIN task ON task.id = mark.task_id
         WHERE mark.is_elsewhere = 0 AND task.is_probe = 0
           AND mark.result IN ('applied', 'duplicate', 'surplus', 'refused')
        """
    )
    found: dict[tuple[int, int, int], list[str]] = {}
    for row in rows:
        found.setdefault((row[0], row[1], row[2]), []).append(row[3])
    return found


def own(db: Database) -> list[Mark]:
    """Every version that was given on this node, in the order in which they were born."""
    rows = db.conn.execute(_MARK + " WHERE mark.is_elsewhere = 0 ORDER BY mark.event_id")
    return [Mark(*row) for row in rows]


def set_results(db: Database, results: Sequence[EventResult]) -> None:
    """What the hub decided; where it refused a revision, the earlier mark stands again."""
    db.conn.executemany(
        "UPDATE mark SET result = ?, reason = ? WHERE event_id = ?",
        [(result.code, result.reason, result.event_id) for result in results],
    )
    db.conn.executemany(
        """
        UPDATE task SET mark_id = (SELECT revises FROM mark WHERE event_id = ?)
         WHERE mark_id = ?
           AND (SELECT revises FROM mark WHERE event_id = ?) IS NOT NULL
        """,
        [(result.event_id,) * 3 for result in results if result.code == "refused"],
    )


def history(
    db: Database,
    account_id: int,
    sitting_id: int,
    item_group_id: int,
    before: str,
    query: str,
    *,
    with_exception: bool = False,
) -> list[tuple[Mark, Task]]:
    """One page, newest first: the standing version of each mark, and refused revisions.

    `item_group_id` 0 means all; `before` is exclusive, "" for the newest; `query` is part of a
    performance's code; `with_exception`: only those. One row more than a page says that there are
    older ones.
    """
    rows: list[Row] = db.conn.execute(
        _MARK
        + """
          JOIN task ON task.id = mark.task_id
         WHERE mark.account_id = ? AND mark.sitting_id = ?
           AND (task.mark_id = mark.event_id OR mark.result = 'refused')
           AND (? = 0 OR task.item_group_id = ?)
           AND (? = '' OR mark.given_at < ?)
           AND instr(task.performance, ?) > 0
           AND (NOT ? OR mark.exception IS NOT NULL)
         ORDER BY mark.given_at DESC, mark.event_id DESC
         LIMIT ?
        """,
        (
            *(account_id, sitting_id, item_group_id, item_group_id),
            *(before, before, query.strip().upper(), with_exception, PAGE_ROWS + 1),
        ),
    ).fetchall()
    marks = [Mark(*row) for row in rows]
    return [(m, t) for m in marks if (t := task(db, m.task_id)) is not None]


def results(db: Database, account_id: int, event_ids: Iterable[str]) -> dict[str, str | None]:
    """Of those that are here: what the hub made of each, None while it has not got it."""
    found: dict[str, str | None] = {}
    for event_id in event_ids:
        row = db.conn.execute(
            "SELECT result FROM mark WHERE event_id = ? AND account_id = ?", (event_id, account_id)
        ).fetchone()
        if row is not None:
            found[event_id] = row["result"]
    return found


def count_pending(db: Database, account_id: int) -> int:
    """Marks of this account that the hub has not got yet."""
    row = db.conn.execute(
        "SELECT count(*) FROM mark WHERE account_id = ? AND result IS NULL", (account_id,)
    ).fetchone()
    return int(row[0])


def recent_times(db: Database, account_id: int, limit: int) -> list[int]:
    """Milliseconds spent on the account's latest marks."""
    rows = db.conn.execute(
        "SELECT spent_ms FROM mark WHERE account_id = ? ORDER BY given_at DESC LIMIT ?",
        (account_id, limit),
    )
    return [int(row[0]) for row in rows]


def since_reference(db: Database, account_id: int, sitting_id: int, begin: str) -> int | None:
    """Marks given first since the last reference, or since `begin`; None: none at all."""
    rows = db.conn.execute(
        """
        SELECT task.position < 0 FROM mark JOIN task ON task.id = mark.task_id
         WHERE mark.account_id = ? AND mark.sitting_id = ? AND mark.given_at >= ?
           AND mark.revises IS NULL
         ORDER BY mark.given_at DESC, mark.event_id DESC
        """,
        (account_id, sitting_id, begin),
    ).fetchall()
    are_references = [bool(row[0]) for row in rows]
    if not rows:
        return None
    return are_references.index(True) if True in are_references else len(rows)


def drop_sitting(db: Database, sitting_id: int) -> int:
    """Forgets the marks of a trial; a trigger refuses this for a formal sitting."""
    db.conn.execute("UPDATE mark SET revises = NULL WHERE sitting_id = ?", (sitting_id,))
    return db.conn.execute("DELETE FROM mark WHERE sitting_id = ?", (sitting_id,)).rowcount


_MARK = """
    SELECT mark.event_id, mark.sitting_id, mark.task_id, mark.account_id, mark.gen, mark.levels,
           mark.exception, mark.comment, mark.revises, mark.spent_ms, mark.heard_percent,
           mark.given_at, mark.result, mark.reason
      FROM mark
"""
