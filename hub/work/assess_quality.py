"""Measures how a sitting is marked: the city, its criteria, item groups, districts, markers."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlite_utils import Database

from hub.store import accounts, exam, quality
from hub.store.quality import Pair
from shared.kit.clock import parse_stamp
from shared.rules.quality import (
    Agreement,
    Alert,
    Disputes,
    Habits,
    Pairs,
    agreement,
    alerts,
    severity,
)
from shared.rules.rubric import CRITERIA, LEVELS, Criterion
from shared.rules.statistics import Figure

HALF_DAY_LEAST = 10
NOON = 13
"""Local hour at which the second half of a day begins."""


@dataclass(frozen=True, slots=True)
class HalfDay:
    label: str
    """04-13 上午."""
    severity: Figure


@dataclass(frozen=True, slots=True)
class MarkerQuality:
    account_id: int
    name: str
    district_id: int
    agreement: Agreement
    habits: Habits
    disputes: Disputes
    drift: tuple[HalfDay, ...]
    alerts: tuple[Alert, ...]

    @property
    def shift(self) -> float | None:
        """Severity in the last half-day against the first one; None where either has too few."""
        if len(self.drift) < 2:
            return None
        first, last = self.drift[0].severity.value, self.drift[-1].severity.value
        return None if first is None or last is None else last - first


@dataclass(frozen=True, slots=True)
class Quality:
    counted_at: datetime
    city: Agreement
    by_criterion: Mapping[Criterion, Agreement]
    by_group: Mapping[int, Agreement]
    by_district: Mapping[int, Agreement]
    """Of the markers' districts, not the students'."""
    levels: Mapping[Criterion, tuple[Figure, ...]]
    """How often each of LEVELS was given, in that order."""
    markers: Sequence[MarkerQuality]


@dataclass(slots=True)
class _Gathered:
    city: Pairs = field(default_factory=Counter)
    groups: dict[int, Pairs] = field(default_factory=dict)
    people: dict[int, Pairs] = field(default_factory=dict)
    halves: dict[int, dict[str, Pairs]] = field(default_factory=dict)
    disputes: dict[int, Disputes] = field(default_factory=dict)

    def add(self, pair: Pair) -> None:
        levels = (pair.first_levels, pair.second_levels)
        self.city[levels] += 1
        self.groups.setdefault(pair.item_group_id, Counter())[levels] += 1
        self._add_side(pair.first, levels, pair.first_at, pair)
        self._add_side(pair.second, levels[::-1], pair.second_at, pair)

    def _add_side(self, account: int, levels: tuple[str, str], at: str, pair: Pair) -> None:
        self.people.setdefault(account, Counter())[levels] += 1
        halves = self.halves.setdefault(account, {})
        halves.setdefault(half_day(at[:13]), Counter())[levels] += 1
        if pair.final and pair.rules:
            disputes = self.disputes.setdefault(account, Disputes())
            disputes.add(levels[0], _texts(pair.final), _texts(pair.rules))


def assess(db: Database, sitting_id: int, moment: datetime) -> Quality:
    gathered = _Gathered()
    counts = exam.policy(db).incomplete_may_be_scored
    for pair in quality.pairs(db, sitting_id, incomplete_counts=counts):
        gathered.add(pair)
    habits = _habits(db, sitting_id)
    people = {account.id: account for account in accounts.everyone(db)}
    markers = [
        _marker(people[id], gathered, habits.get(id, Habits()))
        for id in sorted(habits.keys() | gathered.people.keys())
    ]
    return Quality(
        counted_at=moment,
        city=agreement(gathered.city),
        by_criterion={c: agreement(gathered.city, c) for c in CRITERIA},
        by_group={id: agreement(pairs) for id, pairs in sorted(gathered.groups.items())},
        by_district=_by_district(gathered.people, people),
        levels={c: _levels(gathered.city, place) for place, c in enumerate(CRITERIA)},
        markers=markers,
    )


def _habits(db: Database, sitting_id: int) -> dict[int, Habits]:
    found: dict[int, Habits] = {}
    for mark in quality.given(db, sitting_id):
        habits = found.setdefault(mark.account_id, Habits())
        if not mark.is_revision:
            habits.add_first(mark.spent_ms, mark.heard_percent, mark.duration_ms)
        if mark.standing == "counted":
            habits.add_standing(mark.levels, is_revision=mark.is_revision)
    return found


def _marker(account: accounts.Account, gathered: _Gathered, habits: Habits) -> MarkerQuality:
    found = agreement(gathered.people.get(account.id, Counter()))
    halves = gathered.halves.get(account.id, {})
    return MarkerQuality(
        account_id=account.id,
        name=account.name,
        district_id=account.district_id,
        agreement=found,
        habits=habits,
        disputes=gathered.disputes.get(account.id, Disputes()),
        drift=tuple(
            HalfDay(label, severity(pairs, HALF_DAY_LEAST))
            for label, pairs in sorted(halves.items())
        ),
        alerts=tuple(alerts(found, habits)),
    )


def _by_district(
    people: Mapping[int, Pairs], known: Mapping[int, accounts.Account]
) -> dict[int, Agreement]:
    districts: dict[int, Pairs] = {}
    for id, pairs in people.items():
        districts.setdefault(known[id].district_id, Counter()).update(pairs)
    return {id: agreement(pairs) for id, pairs in sorted(districts.items())}


def _levels(pairs: Pairs, place: int) -> tuple[Figure, ...]:
    given: Counter[str] = Counter()
    for both, count in pairs.items():
        for levels in both:
            given[levels[place]] += count
    total = sum(count for level, count in given.items() if level != "-")
    return tuple(
        Figure(given[str(level)] / total if total else None, given[str(level)]) for level in LEVELS
    )


@lru_cache(maxsize=4096)
def half_day(hour: str) -> str:
    """Of a stamp's first thirteen characters: 2023-04-13T01 is 04-13 上午 in China."""
    local = parse_stamp(f"{hour}:00:00Z").astimezone()
    return f"{local:%m-%d} {'上午' if local.hour < NOON else '下午'}"


@lru_cache(maxsize=4096)
def _texts(array: str) -> tuple[str | None, ...]:
    return tuple(json.loads(array))
