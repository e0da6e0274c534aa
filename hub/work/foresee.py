"""Foresee how many marks of rounds 3 and 4 will come, where, and how many hours they take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from hub.store import exam, foresight
from hub.store.exam import Group
from hub.store.foresight import People
from shared.rules import forecast
from shared.rules.forecast import Estimate, Forecast, Seen
from shared.rules.rubric import Role, Stage

LEADER_HOURS_MAX = 3.0
"""More than this for each leader of a district breaks the day."""


@dataclass(frozen=True, slots=True)
class GroupAhead:
    group_id: int
    label: str
    seen: Seen
    ahead: Forecast
    third_hours: Estimate
    """Hours of work of all people together."""
    leader_hours: Estimate


@dataclass(frozen=True, slots=True)
class DistrictAhead:
    name: str
    third: Estimate
    leader: Estimate
    markers: int
    leaders: int
    third_hours: Estimate | None
    """Of each marker; None when there is none."""
    leader_hours: Estimate | None

    @property
    def is_overloaded(self) -> bool:
        return bool(self.leader_hours and self.leader_hours.expected > LEADER_HOURS_MAX)


@dataclass(frozen=True, slots=True)
class Foresight:
    groups: Sequence[GroupAhead]
    districts: Sequence[DistrictAhead]
    third: Estimate
    leader: Estimate
    seconds: Mapping[int, float]
    """The pace by round."""


def foresee(db: Database, sitting_id: int) -> Foresight | None:
    """None while nothing is known: no trial, and no performance with two marks."""
    seen, trial = foresight.seen_by_group(db, sitting_id), foresight.of_trial(db)
    pace = _pace(db, sitting_id)
    ahead = forecast.forecasts(seen, trial)
    groups = [
        _group(group, seen[group.id], ahead[group.id], pace)
        for group in exam.groups(db)
        if group.id in ahead
    ]
    if not groups:
        return None
    return Foresight(
        groups,
        _districts(db, sitting_id, groups, pace),
        forecast.total([g.ahead.third for g in groups]),
        forecast.total([g.ahead.leader for g in groups]),
        pace,
    )


def _pace(db: Database, sitting_id: int) -> dict[int, float]:
    """A round that nobody has marked yet is taken to be as slow as the ones before."""
    known = foresight.pace_s(db, sitting_id)
    first = max(known.get(1, 0.0), known.get(2, 0.0)) or 60.0
    return {3: known.get(3, first), 4: known.get(4, known.get(3, first))}


def _group(group: Group, seen: Seen, ahead: Forecast, pace: Mapping[int, float]) -> GroupAhead:
    return GroupAhead(
        group.id,
        group.label,
        seen,
        ahead,
        ahead.third.times(pace[3] / 3600),
        ahead.leader.times(pace[4] / 3600),
    )


def _districts(
    db: Database, sitting_id: int, groups: Sequence[GroupAhead], pace: Mapping[int, float]
) -> list[DistrictAhead]:
    """Round 3 stays where rounds 1 and 2 are, as the videos are there; round 4 with leaders."""
    stages = {group.id: group.stage for group in exam.groups(db)}
    marked = foresight.marks_by_district(db, sitting_id)
    people = foresight.people(db, sitting_id)
    third: dict[int, Estimate] = {}
    leader: dict[int, Estimate] = {}
    for group in groups:
        weights = {d: n for (g, d), n in marked.items() if g == group.group_id}
        _add(third, forecast.spread(group.ahead.third, weights))
        stage = stages[group.group_id]
        led = {d: n for d, n in weights.items() if _count(people, d, Role.LEADER, stage)}
        _add(leader, forecast.spread(group.ahead.leader, led))
    nothing = Estimate(0, 0, 0)
    rows = []
    for district in exam.districts(db):
        of_third, of_leader = third.get(district.id, nothing), leader.get(district.id, nothing)
        markers = _count(people, district.id, Role.MARKER)
        leaders = _count(people, district.id, Role.LEADER)
        rows.append(
            DistrictAhead(
                district.name,
                of_third,
                of_leader,
                markers,
                leaders,
                forecast.hours(of_third, 0, pace[3], markers),
                forecast.hours(of_leader, 0, pace[4], leaders),
            )
        )
    return rows


def _add(sums: dict[int, Estimate], more: Mapping[int, Estimate]) -> None:
    for district, estimate in more.items():
        sums[district] = sums[district] + estimate if district in sums else estimate


def _count(
    people: Sequence[People], district_id: int, role: Role, stage: Stage | None = None
) -> int:
    return sum(
        p.count
        for p in people
        if p.district_id == district_id and p.role is role and stage in (None, p.stage)
    )
