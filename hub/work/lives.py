"""The hub's lives: a database that was put back in time is noticed, and begins a new one."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import hands, lives, meta
from hub.store.lives import Reach
from hub.work import recovery

RESTORED = "从备份恢复"
PUT_BACK = "数据库文件被换成了较早的版本"
AHEAD = "节点持有市级中心已经没有的记录"


def start(db: Database, seen: Reach | None, moment: datetime) -> None:
    """At every start. `seen`: how far this hub was known to have come."""
    reason = RESTORED
    if seen is not None and _is_behind(db, seen):
        meta.forget_incarnation(db)
        reason = PUT_BACK
    is_first = meta.lives(db) == 0
    _count_lives(db, seen.hub_inc if seen else "")
    is_new = meta.get(db, "hub_inc") is None
    meta.ensure_identity(db)
    if is_new and not is_first:
        _begin(db, reason, moment)
    lives.leave_gap(db)
    # A sitting that was opened by the first version has its tasks, but no list of takers yet.
    hands.follow(db)


def begin_again(db: Database, reason: str, moment: datetime, known: str = "") -> None:
    """A new life from here on: the nodes hand in again what is missing.

    `known`: the last life that somebody else knows of, which this file may have forgotten.
    """
    meta.forget_incarnation(db)
    _count_lives(db, known)
    meta.ensure_identity(db)
    _begin(db, reason, moment)


def _begin(db: Database, reason: str, moment: datetime) -> None:
    lives.raise_numbers(db, meta.number_base(db))
    lives.forget_gaps(db)
    lives.void_what_must_not_come_back(db)
    recovery.begin(db, reason, moment)


def _count_lives(db: Database, known: str) -> None:
    """The count was put back with the file; no life's numbers may be given by another one."""
    if number_of(known) > meta.lives(db):
        meta.put(db, "lives", str(number_of(known)))


def _is_behind(db: Database, seen: Reach) -> bool:
    inc = meta.get(db, "hub_inc")
    if inc is None:
        return False
    if inc != seen.hub_inc:
        # Another life than the last one that ran here; lives are numbered.
        return number_of(inc) < number_of(seen.hub_inc)
    now = lives.reach(db, inc)
    return now.events < seen.events or now.changes < seen.changes


def number_of(hub_inc: str) -> int:
    """Of a life; 0 for none."""
    number = hub_inc.partition("-")[0]
    return int(number) if number.isdigit() else 0
