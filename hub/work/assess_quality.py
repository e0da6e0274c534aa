"""Measures how a sitting is marked: the city, its criteria, item groups, districts, markers."""

import json
from collections.abc import Iterable, Mapping, Sequence
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
    Compared,
    Disputes,
    Habits,
    Lean,
    Tally,
    agreement,
    alerts,
    compare,
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
class _Own:
    """What is gathered of one marker."""

    tally: Tally = field(default_factory=Tally)
    halves: dict[str, Lean] = field(default_factory=dict)
    disputes: Disputes = field(default_factory=Disputes)


@dataclass(slots=True)
class _Gathered:
    criteria: list[Tally] = field(default_factory=lambda: [Tally() for _ in CRITERIA])
    groups: dict[int, Tally] = field(default_factory=dict)
    people: dict[int, _Own] = field(default_factory=dict)

    def add(self, pair: Pair) -> None:
        compared = compare(pair.first_levels, pair.second_levels)
        turned = compare(pair.second_levels, pair.first_levels)
        if compared is None or turned is None:
            return
        for place, cell in zip(compared.places, compared.cells, strict=True):
            self.criteria[place].add_cell(cell)
        self._group(pair.item_group_id).add(compared)
        self._add_side(pair.first, compared, pair.first_levels, pair.first_at, pair)
        self._add_side(pair.second, turned, pair.second_levels, pair.second_at, pair)

    def _group(self, id: int) -> Tally:
        if id not in self.groups:
            self.groups[id] = Tally()
        return self.groups[id]

    def _add_side(self, account: int, compared: Compared, levels: str, at: str, pair: Pair) -> None:
        if account not in self.people:
            self.people[account] = _Own()
        own, half = self.people[account], half_day(at[:13])
        own.tally.add(compared)
        if half not in own.halves:
            own.halves[half] = Lean()
        own.halves[half].add(compared.apart)
        if pair.final and pair.rules:
            own.disputes.add(levels, _texts(pair.final), _texts(pair.rules))


def assess(db: Database, sitting_id: int, moment: datetime) -> Quality:
    gathered = _Gathered()
    counts = exam.policy(db).incomplete_may_be_scored
    for pair in quality.pairs(db, sitting_id, incomplete_counts=counts):
        gathered.add(pair)
    habits = _habits(db, sitting_id)
    people = {account.id: account for account in accounts.everyone(db)}
    markers = [
        _marker(people[id], gathered.people.get(id, _Own()), habits.get(id, Habits()))
        for id in sorted(habits.keys() | gathered.people.keys())
    ]
    return Quality(
        counted_at=moment,
        city=agreement(_merged(gathered.groups.values())),
        by_criterion={
            c: agreement(tally) for c, tally in zip(CRITERIA, gathered.criteria, strict=True)
        },
        by_group={id: agreement(tally) for id, tally in sorted(gathered.groups.items())},
        by_district=_by_district(gathered.people, people),
        levels={c: _levels(t) for c, t in zip(CRITERIA, gathered.criteria, strict=True)},
        markers=markers,
    )


def _merged(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.merge(tally)
    return total


def _habits(db: Database, sitting_id: int) -> dict[int, Habits]:
    found: dict[int, Habits] = {}
    for mark in quality.given(db, sitting_id):
        habits = found.setdefault(mark.account_id, Habits())
        if not mark.is_revision:
            habits.add_first(mark.spent_ms, mark.heard_percent, mark.duration_ms)
        if mark.standing == "counted":
            habits.add_standing(mark.levels, is_revision=mark.is_revision)
    return found


def _marker(account: accounts.Account, own: _Own, habits: Habits) -> MarkerQuality:
    found = agreement(own.tally)
    return MarkerQuality(
        account_id=account.id,
        name=account.name,
        district_id=account.district_id,
        agreement=found,
        habits=habits,
        disputes=own.disputes,
        drift=tuple(
            HalfDay(label, lean.figure(HALF_DAY_LEAST))
            for label, lean in sorted(own.halves.items())
        ),
        alerts=tuple(alerts(found, habits)),
    )


def _by_district(
    people: Mapping[int, _Own], known: Mapping[int, accounts.Account]
) -> dict[int, Agreement]:
    districts: dict[int, Tally] = {}
    for id, own in people.items():
        districts.setdefault(known[id].district_id, Tally()).merge(own.tally)
    return {id: agreement(tally) for id, tally in sorted(districts.items())}


def _levels(tally: Tally) -> tuple[Figure, ...]:
    """Of one criterion, both marks of each pair."""
    given = dict.fromkeys(LEVELS, 0)
    for cell, count in enumerate(tally.cells):
        given[cell // 4] += count
        given[cell % 4] += count
    total = sum(given.values())
    return tuple(Figure(given[n] / total if total else None, given[n]) for n in LEVELS)


@lru_cache(maxsize=4096)
def half_day(hour: str) -> str:
    """Of a stamp's first thirteen characters: 2023-04-13T01 is 04-13 上午 in China."""
    local = parse_stamp(f"{hour}:00:00Z").astimezone()
    return f"{local:%m-%d} {'上午' if local.hour < NOON else '下午'}"


@lru_cache(maxsize=4096)
def _texts(array: str) -> tuple[str | None, ...]:
    return tuple(json.loads(array))
