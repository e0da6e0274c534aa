"""Measures how a sitting is marked: the city, its criteria, item groups, districts, markers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlite_utils import Database

from hub.store import accounts, exam, probes, quality
from hub.store.probes import Answered
from hub.store.quality import Pair
from shared.kit.clock import parse_stamp
from shared.rules.probes import NOON, Probed, probe_alerts, probed
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
FARTHEST = 5
"""Clips to be heard again of each marker."""


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
    probed: Probed
    farthest: tuple[int, ...]
    """Performances in which the other marker was farthest away, of those with a third mark."""

    @property
    def shift(self) -> float | None:
        """Severity in the last half-day against the first one; None where either has too few."""
        if len(self.drift) < 2:
            return None
        first, last = self.drift[0].severity.value, self.drift[-1].severity.value
        return None if first is None or last is None else last - first


@dataclass(frozen=True, slots=True)
class Within:
    """One district's markers against whomever they were compared with."""

    by_criterion: Mapping[Criterion, Agreement]
    by_group: Mapping[int, Agreement]


@dataclass(frozen=True, slots=True)
class Quality:
    counted_at: datetime
    city: Agreement
    by_criterion: Mapping[Criterion, Agreement]
    by_group: Mapping[int, Agreement]
    by_district: Mapping[int, Agreement]
    """Of the markers' districts, not the students'."""
    within: Mapping[int, Within]
    """The same districts in parts."""
    levels: Mapping[Criterion, tuple[Figure, ...]]
    """How often each of LEVELS was given, in that order."""
    markers: Sequence[MarkerQuality]
    probed: Probed
    """Of all markers together."""


@dataclass(slots=True)
class _Own:
    """What is gathered of one marker."""

    tally: Tally = field(default_factory=Tally)
    halves: dict[str, Lean] = field(default_factory=dict)
    disputes: Disputes = field(default_factory=Disputes)
    far: list[tuple[float, int]] = field(default_factory=list)
    """(how far apart, performance), where a third mark decided."""


@dataclass(slots=True)
class _Parts:
    criteria: list[Tally] = field(default_factory=lambda: [Tally() for _ in CRITERIA])
    groups: dict[int, Tally] = field(default_factory=dict)

    def add(self, compared: Compared, group: int) -> None:
        for place, cell in zip(compared.places, compared.cells, strict=True):
            self.criteria[place].add_cell(cell)
        if group not in self.groups:
            self.groups[group] = Tally()
        self.groups[group].add(compared)

    @property
    def by_criterion(self) -> dict[Criterion, Agreement]:
        return {c: agreement(tally) for c, tally in zip(CRITERIA, self.criteria, strict=True)}

    @property
    def by_group(self) -> dict[int, Agreement]:
        return {id: agreement(tally) for id, tally in sorted(self.groups.items())}


@dataclass(slots=True)
class _Gathered:
    district_of: Mapping[int, int]
    city: _Parts = field(default_factory=_Parts)
    districts: dict[int, _Parts] = field(default_factory=dict)
    people: dict[int, _Own] = field(default_factory=dict)

    def add(self, pair: Pair) -> None:
        compared = compare(pair.first_levels, pair.second_levels)
        turned = compare(pair.second_levels, pair.first_levels)
        if compared is None or turned is None:
            return
        self.city.add(compared, pair.item_group_id)
        self._add_side(pair.first, compared, pair.first_levels, pair.first_at, pair)
        self._add_side(pair.second, turned, pair.second_levels, pair.second_at, pair)

    def _add_side(self, account: int, compared: Compared, levels: str, at: str, pair: Pair) -> None:
        if account not in self.people:
            self.people[account] = _Own()
        own, half = self.people[account], half_day(at[:13])
        own.tally.add(compared)
        if half not in own.halves:
            own.halves[half] = Lean()
        own.halves[half].add(compared.apart)
        self._district(self.district_of[account]).add(compared, pair.item_group_id)
        if pair.final and pair.rules:
            rules = _texts(pair.rules)
            own.disputes.add(levels, _texts(pair.final), rules)
            if compared.apart and _went_further(rules):
                own.far.append((abs(compared.apart), pair.performance_id))

    def _district(self, id: int) -> _Parts:
        if id not in self.districts:
            self.districts[id] = _Parts()
        return self.districts[id]


def assess(db: Database, sitting_id: int, moment: datetime) -> Quality:
    people = {account.id: account for account in accounts.everyone(db)}
    gathered = _Gathered({account.id: account.district_id for account in people.values()})
    counts = exam.policy(db).incomplete_may_be_scored
    for pair in quality.pairs(db, sitting_id, incomplete_counts=counts):
        gathered.add(pair)
    habits = _habits(db, sitting_id)
    answers = probes.answered(db, sitting_id)
    by_account: dict[int, list[Answered]] = {}
    for one in answers:
        by_account.setdefault(one.account_id, []).append(one)
    markers = [
        _marker(
            people[id],
            gathered.people.get(id, _Own()),
            habits.get(id, Habits()),
            _probed(by_account.get(id, [])),
        )
        for id in sorted(habits.keys() | gathered.people.keys() | by_account.keys())
    ]
    return Quality(
        counted_at=moment,
        city=agreement(_merged(gathered.city.groups.values())),
        by_criterion=gathered.city.by_criterion,
        by_group=gathered.city.by_group,
        by_district={
            id: agreement(_merged(parts.groups.values()))
            for id, parts in sorted(gathered.districts.items())
        },
        within={
            id: Within(parts.by_criterion, parts.by_group)
            for id, parts in gathered.districts.items()
        },
        levels={c: _levels(t) for c, t in zip(CRITERIA, gathered.city.criteria, strict=True)},
        markers=markers,
        probed=_probed(answers),
    )


def _probed(answers: Sequence[Answered]) -> Probed:
    pairs: dict[str, list[tuple[str, str]]] = {"reference": [], "repeat": []}
    for one in answers:
        pairs[one.kind].append((one.levels, one.expected))
    return probed(pairs["reference"], pairs["repeat"])


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


def _marker(account: accounts.Account, own: _Own, habits: Habits, seen: Probed) -> MarkerQuality:
    found = agreement(own.tally)
    raised = [*alerts(found, habits), *probe_alerts(seen)]
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
        alerts=tuple(sorted(raised, key=lambda alert: alert.tone != "bad")),
        probed=seen,
        farthest=tuple(id for _, id in sorted(own.far, reverse=True)[:FARTHEST]),
    )


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
def _went_further(rules: tuple[str | None, ...]) -> bool:
    """All is decided, and not by the first two marks alone."""
    return None not in rules and any(rule != "agreed" for rule in rules)


@lru_cache(maxsize=4096)
def _texts(array: str) -> tuple[str | None, ...]:
    return tuple(json.loads(array))
