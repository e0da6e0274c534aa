"""Counts for the pages: progress by district, group and person, arrivals, disagreement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.rules.rubric import CRITERIA, Criterion, MarkException, Role, Stage


@dataclass(frozen=True, slots=True)
class Progress:
    total: int = 0
    done: int = 0

    @property
    def left(self) -> int:
        return self.total - self.done

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(self.total + other.total, self.done + other.done)


ByRound = dict[int, Progress]


def sum_rounds(many: Iterable[ByRound]) -> ByRound:
    total: ByRound = {}
    for rounds in many:
        for number, progress in rounds.items():
            total[number] = total.get(number, Progress()) + progress
    return total


@dataclass(frozen=True, slots=True)
class PersonProgress:
    account_id: int
    name: str
    phone: str
    role: Role
    scope: Stage | None
    is_active: bool
    rounds: ByRound


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Marks that reached the hub in one span of ten minutes."""

    span: str
    """UTC to the tens of minutes: 2023-04-13T01:3."""
    round: int
    count: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How often rounds 1 and 2 differed, over the performances that have both."""

    compared: int
    differing: int
    by_criterion: dict[Criterion, int]


def by_district(db: Database, sitting_id: int, group_id: int = 0) -> dict[int, ByRound]:
    """Of one item group, or of all."""
    rows = db.conn.execute(
        """
        SELECT a.district_id, l.round, sum(l.total), sum(l.done)
        FROM load l JOIN account a ON a.id = l.account_id
        WHERE l.sitting_id = ? AND (? = 0 OR l.item_group_id = ?)
        GROUP BY a.district_id, l.round
        """,
        (sitting_id, group_id, group_id),
    )
    found: dict[int, ByRound] = {}
    for district_id, round, total, done in rows:
        found.setdefault(district_id, {})[round] = Progress(total, done)
    return found


def arrived_by_district(
    db: Database, sitting_id: int, since: datetime, group_id: int = 0
) -> dict[int, int]:
    """Marks that reached the hub since then, each once however often it was revised."""
    rows = db.conn.execute(
        """
        SELECT a.district_id, count(*)
        FROM mark m JOIN account a     ON a.id = m.account_id
                    JOIN performance p ON p.id = m.performance_id
        WHERE m.sitting_id = ? AND m.received_at >= ? AND m.revises IS NULL
          AND (? = 0 OR p.item_group_id = ?)
        GROUP BY a.district_id
        """,
        (sitting_id, stamp(since), group_id, group_id),
    )
    return {row[0]: row[1] for row in rows}


def by_group(db: Database, sitting_id: int) -> dict[int, ByRound]:
    rows = db.conn.execute(
        """
        SELECT item_group_id, round, sum(total), sum(done)
        FROM load WHERE sitting_id = ? GROUP BY item_group_id, round
        """,
        (sitting_id,),
    )
    found: dict[int, ByRound] = {}
    for group_id, round, total, done in rows:
        found.setdefault(group_id, {})[round] = Progress(total, done)
    return found


def people_of_district(db: Database, sitting_id: int, district_id: int) -> list[PersonProgress]:
    """Everyone who may mark there, with or without tasks."""
    rows = db.conn.execute(
        """
        SELECT a.id, a.name, a.phone, a.role, a.scope, a.state,
               l.round, sum(l.total), sum(l.done)
        FROM account a LEFT JOIN load l ON l.account_id = a.id AND l.sitting_id = ?
        WHERE a.district_id = ? AND a.role IN ('marker', 'leader')
        GROUP BY a.id, l.round ORDER BY a.role, a.scope, a.id
        """,
        (sitting_id, district_id),
    )
    found: dict[int, PersonProgress] = {}
    for id, name, phone, role, scope, state, round, total, done in rows:
        stage = Stage(scope) if scope else None
        person = PersonProgress(id, name, phone, Role(role), stage, state == "active", {})
        if round is not None:
            found.setdefault(id, person).rounds[round] = Progress(total, done)
        else:
            found.setdefault(id, person)
    return list(found.values())


def count_markers(db: Database) -> dict[int, int]:
    """Active markers and leaders of each district that has any."""
    rows = db.conn.execute(
        """
        SELECT district_id, count(*) FROM account
        WHERE role IN ('marker', 'leader') AND state = 'active' GROUP BY district_id
        """
    )
    return {row[0]: row[1] for row in rows}


def count_accounts(db: Database, district_id: int, role: Role | None) -> int:
    """Active accounts of one district (0: of all) and one role (None: of all)."""
    row = db.conn.execute(
        """
        SELECT count(*) FROM account
        WHERE state = 'active' AND (district_id = ? OR ? = 0) AND (role = ? OR ? IS NULL)
        """,
        (district_id, district_id, role, role),
    ).fetchone()
    return int(row[0])


def left_by_account(db: Database, sitting_id: int) -> dict[int, int]:
    """Tasks not marked yet, of each account that has any."""
    rows = db.conn.execute(
        """
        SELECT account_id, sum(total - done) FROM load
        WHERE sitting_id = ? GROUP BY account_id HAVING sum(total - done) > 0
        """,
        (sitting_id,),
    )
    return {row[0]: row[1] for row in rows}


def count_performances(db: Database) -> dict[int, int]:
    """Of each item group that has any."""
    rows = db.conn.execute("SELECT item_group_id, count(*) FROM performance GROUP BY item_group_id")
    return {row[0]: row[1] for row in rows}


def arrivals(db: Database, sitting_id: int, since: datetime) -> list[Arrivals]:
    """Each mark once, however often it was revised; read from an index alone."""
    rows = db.conn.execute(
        """
        SELECT substr(received_at, 1, 15), round, count(*)
        FROM mark WHERE sitting_id = ? AND received_at >= ? AND revises IS NULL
        GROUP BY substr(received_at, 1, 15), round ORDER BY 1, 2
        """,
        (sitting_id, stamp(since)),
    )
    return [Arrivals(*row) for row in rows]


def disagreement(db: Database, sitting_id: int) -> Disagreement:
    """Confirmed exceptions left out; the few patterns of rules are counted by the index."""
    rows = db.conn.execute(
        """
        SELECT rules, count(*) FROM outcome
        WHERE sitting_id = ? AND state IN ('open', 'settled') GROUP BY state, rules
        """,
        (sitting_id,),
    )
    compared, differing = 0, 0
    by_criterion = dict.fromkeys(CRITERIA, 0)
    for rules, count in rows:
        compared += count
        # In the order of CRITERIA; only what rounds 1 and 2 settled themselves says "agreed".
        parts = rules.strip("[]").split(",")
        apart = [c for c, rule in zip(CRITERIA, parts, strict=True) if "agreed" not in rule]
        differing += count if apart else 0
        for criterion in apart:
            by_criterion[criterion] += count
    return Disagreement(compared, differing, by_criterion)


def exceptions(db: Database, sitting_id: int) -> dict[MarkException, int]:
    """Counted marks that carry each."""
    rows = db.conn.execute(
        """
        SELECT exception, count(*) FROM mark
        WHERE sitting_id = ? AND exception IS NOT NULL AND standing = 'counted'
        GROUP BY exception
        """,
        (sitting_id,),
    )
    found = {row[0]: row[1] for row in rows}
    return {e: found.get(e.value, 0) for e in MarkException}


def count_faults(db: Database, since: datetime) -> int:
    row = db.conn.execute(
        "SELECT count(*) FROM fault WHERE reported_at >= ?", (stamp(since),)
    ).fetchone()
    return int(row[0])


def heartbeats(db: Database, since_minute: int) -> dict[int, dict[int, int]]:
    """Pending events by node and minute (since 1970) in which it was heard of."""
    rows = db.conn.execute(
        "SELECT node_id, minute, pending FROM heartbeat WHERE minute >= ?", (since_minute,)
    )
    found: dict[int, dict[int, int]] = {}
    for node_id, minute, pending in rows:
        found.setdefault(node_id, {})[minute] = pending
    return found
