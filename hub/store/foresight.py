"""Counts that the forecast is made from: what agreed so far, how fast, by how many people."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median

from sqlite_utils import Database

from hub.store import meta
from shared.rules.forecast import Seen
from shared.rules.rubric import Role, Stage

PACE_MARKS = 3000
"""The newest marks, whose median is the pace."""
_TRIAL = "trial_seen"


@dataclass(frozen=True, slots=True)
class People:
    """Who may be given tasks."""

    district_id: int
    role: Role
    stage: Stage
    count: int


def seen_by_group(db: Database, sitting_id: int) -> dict[int, Seen]:
    """All but one number from the loads, which are few; the compared are counted one by one."""
    compared = dict(
        map(
            tuple,
            db.conn.execute(
                """
                SELECT p.item_group_id, count(*)
                FROM outcome o JOIN performance p ON p.id = o.performance_id
                WHERE o.sitting_id = ? GROUP BY p.item_group_id
                """,
                (sitting_id,),
            ),
        )
    )
    loads: dict[int, dict[int, tuple[int, int]]] = {}
    for group_id, round, total, done in db.conn.execute(
        """
        SELECT item_group_id, round, sum(total), sum(done)
        FROM load WHERE sitting_id = ? GROUP BY item_group_id, round
        """,
        (sitting_id,),
    ):
        loads.setdefault(group_id, {})[round] = (total, done)
    nothing = (0, 0)
    return {
        group_id: Seen(
            performances=rounds.get(1, nothing)[0],
            compared=compared.get(group_id, 0),
            third=rounds.get(3, nothing)[0],
            third_done=rounds.get(3, nothing)[1],
            leader=rounds.get(4, nothing)[0],
        )
        for group_id, rounds in loads.items()
    }


def seen_when(db: Database, sitting_id: int, share: float) -> dict[int, Seen]:
    """What was to be seen when so large a share had both first marks. Slow: reads all marks."""
    until = _moment_when(db, sitting_id, share)
    if until is None:
        return {}
    rows = db.conn.execute(
        """
        SELECT p.item_group_id, count(DISTINCT p.id),
               sum(p.id IN (SELECT performance_id FROM mark
                            WHERE sitting_id = ? AND round = 1 AND received_at <= ?
                              AND revises IS NULL)
                   AND p.id IN (SELECT performance_id FROM mark
                                WHERE sitting_id = ? AND round = 2 AND received_at <= ?
                                  AND revises IS NULL)),
               sum(p.id IN (SELECT performance_id FROM task
                            WHERE sitting_id = ? AND round = 3 AND created_at <= ?
                              AND state <> 'withdrawn')),
               sum(p.id IN (SELECT performance_id FROM mark
                            WHERE sitting_id = ? AND round = 3 AND received_at <= ?
                              AND revises IS NULL)),
               sum(p.id IN (SELECT performance_id FROM task
                            WHERE sitting_id = ? AND round = 4 AND created_at <= ?
                              AND state <> 'withdrawn'))
        FROM performance p
        WHERE p.id IN (SELECT performance_id FROM slot WHERE sitting_id = ?)
        GROUP BY p.item_group_id
        """,
        (*([sitting_id, until] * 5), sitting_id),
    )
    return {row[0]: Seen(*row[1:]) for row in map(tuple, rows)}


def _moment_when(db: Database, sitting_id: int, share: float) -> str | None:
    """When so large a share of what has both first marks now had them."""
    rows = db.conn.execute(
        """
        SELECT max(received_at) AS compared_at FROM mark
        WHERE sitting_id = ? AND round <= 2 AND revises IS NULL AND standing <> 'surplus'
        GROUP BY performance_id HAVING count(*) = 2 ORDER BY compared_at
        """,
        (sitting_id,),
    )
    moments: list[str] = [row[0] for row in rows]
    return moments[min(int(len(moments) * share), len(moments) - 1)] if moments else None


def pace_s(db: Database, sitting_id: int) -> dict[int, float]:
    """Median seconds of the newest marks of each round that has any."""
    rows = db.conn.execute(
        """
        SELECT round, spent_ms FROM mark WHERE sitting_id = ? AND revises IS NULL
        ORDER BY received_at DESC LIMIT ?
        """,
        (sitting_id, PACE_MARKS),
    )
    spent: dict[int, list[int]] = {}
    for round, ms in rows:
        spent.setdefault(round, []).append(ms)
    return {round: median(times) / 1000 for round, times in spent.items()}


def people(db: Database, sitting_id: int) -> list[People]:
    rows = db.conn.execute(
        """
        SELECT district_id, role, scope, count(*) FROM hand
        WHERE sitting_id = ? AND state = 'here' GROUP BY district_id, role, scope
        """,
        (sitting_id,),
    )
    return [People(row[0], Role(row[1]), Stage(row[2]), row[3]) for row in rows]


def marks_by_district(db: Database, sitting_id: int) -> dict[tuple[int, int], int]:
    """Tasks of rounds 1 and 2 by item group and district."""
    rows = db.conn.execute(
        """
        SELECT l.item_group_id, a.district_id, sum(l.total)
        FROM load l JOIN account a ON a.id = l.account_id
        WHERE l.sitting_id = ? AND l.round <= 2 GROUP BY l.item_group_id, a.district_id
        """,
        (sitting_id,),
    )
    return {(row[0], row[1]): row[2] for row in rows}


def keep_of_trial(db: Database, seen: Mapping[int, Seen]) -> None:
    """Numbers only, before the trial is wiped: the first forecast of the formal sitting."""
    meta.put(db, _TRIAL, json.dumps({str(group): asdict(one) for group, one in seen.items()}))


def of_trial(db: Database) -> dict[int, Seen]:
    kept = json.loads(meta.get(db, _TRIAL) or "{}")
    return {int(group): Seen(**one) for group, one in kept.items()}
