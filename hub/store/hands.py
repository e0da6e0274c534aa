"""Hands: who may take tasks of a sitting, in the order in which they are to be asked."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from hub.store import handings
from shared.rules.choosing import Seat, hand_point
from shared.rules.parts import Hand
from shared.rules.rubric import Role, Stage

HandState = Literal["here", "away", "gone"]
"""away: takes nothing until the city says so; gone: the account is disabled or no marker's."""

MayTake = Callable[[Hand], bool]


@dataclass(frozen=True, slots=True)
class Pool:
    """The people among whom a slot's taker is to be found."""

    sitting_id: int
    role: Role
    stage: Stage


@dataclass(frozen=True, slots=True)
class Change:
    """An account that may take tasks now, or may no longer, or not as before."""

    account_id: int
    role: str
    scope: str
    district_id: int
    capacity: int
    state: HandState
    point: int
    total: int

    @property
    def standing(self) -> str:
        now = [self.role, self.scope, self.district_id, self.capacity, self.state]
        return json.dumps(now, separators=(",", ":"))


def first_in_district(
    db: Database, pool: Pool, district_id: int, may_take: MayTake, start: int
) -> Seat | None:
    """The least loaded who may take it, from a point of the circle on; reads a few rows."""
    key = (pool.sitting_id, pool.role.value, pool.stage.value, district_id)
    least = _first(
        db.conn.execute(
            """
            SELECT account_id, district_id, capacity, total, point, share FROM hand
            WHERE sitting_id = ? AND role = ? AND scope = ? AND district_id = ? AND state = 'here'
            ORDER BY share, point
            """,
            key,
        ),
        may_take,
    )
    if least is None:
        return None
    return (
        _first(
            db.conn.execute(
                """
            SELECT account_id, district_id, capacity, total, point, share FROM hand
            WHERE sitting_id = ? AND role = ? AND scope = ? AND district_id = ? AND state = 'here'
              AND share = ? AND point >= ?
            ORDER BY point
            """,
                (*key, least.share, start),
            ),
            may_take,
        )
        or least
    )


def first_in_city(db: Database, pool: Pool, may_take: MayTake, start: int) -> Seat | None:
    """The same among all; people who may not are passed over one by one: a district's at most."""
    key = (pool.sitting_id, pool.role.value, pool.stage.value)
    least = _first(
        db.conn.execute(
            """
            SELECT account_id, district_id, capacity, total, point, share FROM hand
            WHERE sitting_id = ? AND role = ? AND scope = ? AND state = 'here'
            ORDER BY share, point
            """,
            key,
        ),
        may_take,
    )
    if least is None:
        return None
    return (
        _first(
            db.conn.execute(
                """
            SELECT account_id, district_id, capacity, total, point, share FROM hand
            WHERE sitting_id = ? AND role = ? AND scope = ? AND state = 'here'
              AND share = ? AND point >= ?
            ORDER BY point
            """,
                (*key, least.share, start),
            ),
            may_take,
        )
        or least
    )


def move(db: Database, sitting_id: int, account_id: int, change: int) -> None:
    """So many tasks more, or less."""
    db.conn.execute(
        """
        UPDATE hand SET total = total + ?, share = CAST(total + ? AS REAL) / capacity
        WHERE sitting_id = ? AND account_id = ?
        """,
        (change, change, sitting_id, account_id),
    )


def follow(db: Database) -> int:
    """Make the hands of the open sitting what the accounts say; how many changed.

    Whoever is away stays away: only the city brings somebody back.
    """
    row = db.conn.execute("SELECT id, seed FROM sitting WHERE state = 'open'").fetchone()
    return follow_in(db, row["id"], row["seed"]) if row else 0


def follow_in(db: Database, sitting_id: int, seed: str) -> int:
    """The same in a sitting that need not be open."""
    changed = list(_changes(db, sitting_id, seed))
    for change in changed:
        put(db, sitting_id, change)
        handings.hand(db, sitting_id, change.account_id, change.standing)
    return len(changed)


def set_state(db: Database, sitting_id: int, account_id: int, is_here: bool) -> bool:
    """Whether this changed anything; those who are gone stay gone."""
    state = "here" if is_here else "away"
    row = db.conn.execute(
        """
        UPDATE hand SET state = ?
        WHERE sitting_id = ? AND account_id = ? AND state NOT IN ('gone', ?)
        RETURNING role, scope, district_id, capacity, state
        """,
        (state, sitting_id, account_id, state),
    ).fetchone()
    if row is None:
        return False
    handings.hand(db, sitting_id, account_id, json.dumps([*row], separators=(",", ":")))
    return True


def count_here(db: Database, pool: Pool) -> int:
    row = db.conn.execute(
        """
        SELECT count(*) FROM hand
        WHERE sitting_id = ? AND role = ? AND scope = ? AND state = 'here'
        """,
        (pool.sitting_id, pool.role.value, pool.stage.value),
    ).fetchone()
    return int(row[0])


def here(db: Database, pool: Pool) -> list[Hand]:
    """By id."""
    rows = db.conn.execute(
        """
        SELECT account_id, district_id, capacity FROM hand
        WHERE sitting_id = ? AND role = ? AND scope = ? AND state = 'here' ORDER BY account_id
        """,
        (pool.sitting_id, pool.role.value, pool.stage.value),
    )
    return [Hand(*row) for row in rows]


def states(db: Database, sitting_id: int) -> dict[int, HandState]:
    rows = db.conn.execute("SELECT account_id, state FROM hand WHERE sitting_id = ?", (sitting_id,))
    return {row[0]: row[1] for row in rows}


def totals(db: Database, sitting_id: int) -> dict[int, int]:
    """Of those who have any."""
    rows = db.conn.execute(
        "SELECT account_id, total FROM hand WHERE sitting_id = ? AND total > 0", (sitting_id,)
    )
    return {row[0]: row[1] for row in rows}


def _first(rows: Iterator[tuple[int, ...]], may_take: MayTake) -> Seat | None:
    for account_id, district_id, capacity, total, point, _ in rows:
        hand = Hand(account_id, district_id, capacity)
        if may_take(hand):
            return Seat(hand, total, point)
    return None


def _changes(db: Database, sitting_id: int, seed: str) -> Iterator[Change]:
    rows = db.conn.execute(
        """
        SELECT a.id, a.role, a.scope, a.district_id, a.capacity, a.state = 'active' AS is_active,
               h.role AS was_role, h.scope AS was_scope, h.district_id AS was_district,
               h.capacity AS was_capacity, h.state AS was_state, h.point,
               coalesce(h.total, (SELECT sum(l.total) FROM load l
                                  WHERE l.sitting_id = ? AND l.account_id = a.id), 0) AS total
        FROM account a LEFT JOIN hand h ON h.account_id = a.id AND h.sitting_id = ?
        ORDER BY a.id
        """,
        (sitting_id, sitting_id),
    ).fetchall()
    for row in rows:
        can_take = row["is_active"] and row["role"] in ("marker", "leader")
        if row["was_state"] is None and not can_take:
            continue
        was = (row["was_role"], row["was_scope"], row["was_district"], row["was_capacity"])
        keeps = row["was_state"] == "away"
        state: HandState = ("away" if keeps else "here") if can_take else "gone"
        # Of somebody who marks no more the last role stays, for the record.
        role, scope = (row["role"], row["scope"]) if can_take else was[:2]
        point = row["point"] if row["point"] is not None else hand_point(seed, row["id"])
        now = (role, scope, row["district_id"], row["capacity"])
        if (*now, state) != (*was, row["was_state"]):
            yield Change(row["id"], *now, state, point, row["total"])


def put(db: Database, sitting_id: int, change: Change) -> None:
    """The account's standing; the tasks that it has already stay counted."""
    db.conn.execute(
        """
        INSERT INTO hand (sitting_id, account_id, role, scope, district_id, capacity, state,
                          point, total, share)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS REAL) / ?)
        ON CONFLICT (sitting_id, account_id) DO UPDATE SET
          role = excluded.role, scope = excluded.scope, district_id = excluded.district_id,
          capacity = excluded.capacity, state = excluded.state, share = excluded.share
        """,
        (
            sitting_id,
            change.account_id,
            change.role,
            change.scope,
            change.district_id,
            change.capacity,
            change.state,
            change.point,
            change.total,
            change.total,
            change.capacity,
        ),
    )
