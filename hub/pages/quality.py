"""质量监控: how the city marks, who deserves a look, and every mark behind a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlite_utils import Database

from hub.pages.doors import wants_part
from hub.pages.frame import frame
from hub.pages.scatter import Dot, scatter
from hub.store import exam, performances, probes, quality, sittings
from hub.store.admins import Admin
from hub.work.assess_quality import MarkerQuality, Quality
from hub.work.quality_kept import quality_of
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.quality import THRESHOLDS, Measure, compare
from shared.rules.rubric import LEVELS, MarkException
from shared.web.numbers import PathWhole, QueryWhole
from shared.web.rendering import page

HERE = "/quality"
MARKERS_MAX = 200
"""More than so many are shown a district at a time: 2,000 rows are no help to anybody."""
WATCHED_MAX = 50


@dataclass(frozen=True, slots=True)
class MarkLine:
    mark: quality.OwnMark
    group: str
    apart: float | None


@get(HERE, sync_to_thread=True)
def show_quality(
    request: Request[Any, Any, Any],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    district: QueryWhole = 0,
) -> Template:
    """`district` 0: everyone where they are few, else those who deserve a look."""
    moment = now()
    with store.reading() as db:
        sitting = sittings.current(db)
        found = quality_of(store, db, sitting.id if sitting else 0, moment)
        watched = _watched(found)
        seen: dict[str, Any] = {
            "found": found,
            "groups": {group.id: group.label for group in exam.groups(db)},
            "districts": {district.id: district.name for district in exam.districts(db)},
            "measures": list(Measure),
            "names": Measure,
            "levels": LEVELS,
            "at": THRESHOLDS,
            "watched": watched,
            "watched_max": WATCHED_MAX,
            "shown": _shown(found, watched, district),
            "district": district,
            "chart": scatter(_dots(found), MARKERS_MAX),
        }
        if wants_part(request):
            return page("quality_live.html", **seen)
        return page("quality.html", frame=frame(db, person, HERE, moment), **seen)


def _watched(found: Quality) -> list[MarkerQuality]:
    """With the grave alerts first, then by how many."""
    watched = [marker for marker in found.markers if marker.alerts]
    return sorted(watched, key=lambda m: (m.alerts[0].tone != "bad", -len(m.alerts), m.account_id))


def _shown(found: Quality, watched: list[MarkerQuality], district: int) -> Sequence[MarkerQuality]:
    if district:
        return [marker for marker in found.markers if marker.district_id == district]
    return found.markers if len(found.markers) <= MARKERS_MAX else watched[:MARKERS_MAX]


def _dots(found: Quality) -> list[Dot]:
    return [
        Dot(
            lean=marker.agreement.severity.value,
            apart=1 - marker.agreement.exact.value,
            tone=marker.alerts[0].tone if marker.alerts else "ok",
            label=marker.name,
            url=f"{HERE}/markers/{marker.account_id}",
        )
        for marker in found.markers
        if marker.agreement.severity.value is not None and marker.agreement.exact.value is not None
    ]


@get("/quality/markers/{account_id:int}", sync_to_thread=True)
def one_marker(
    account_id: PathWhole, person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Template:
    moment = now()
    with store.reading() as db:
        sitting = sittings.current(db)
        found = quality_of(store, db, sitting.id if sitting else 0, moment)
        marker = next((m for m in found.markers if m.account_id == account_id), None)
        if sitting is None or marker is None:
            raise Refusal("no_marks", "这位教师在当前场次还没有评分。", 404)
        groups = {group.id: group.label for group in exam.groups(db)}
        marks = quality.marks_of(db, sitting.id, account_id)
        return page(
            "quality_marker.html",
            frame=frame(db, person, HERE, moment),
            marker=marker,
            district=next(d.name for d in exam.districts(db) if d.id == marker.district_id),
            names=Measure,
            city=found.city,
            city_probed=found.probed,
            answers=(answers := probes.answered_by(db, sitting.id, account_id)),
            codes=_codes(db, answers),
            lines=sorted((_line(mark, groups) for mark in marks), key=_farthest),
            counted_at=found.counted_at,
            exceptions={exception.value: exception.label for exception in MarkException},
        )


def _codes(db: Database, answers: list[probes.Answered]) -> dict[int, str]:
    found = (performances.performance(db, one.performance_id) for one in answers)
    return {one.id: one.code for one in found if one}


def _line(mark: quality.OwnMark, groups: dict[int, str]) -> MarkLine:
    found = compare(mark.levels, mark.other_levels) if mark.other_levels else None
    return MarkLine(mark, groups[mark.item_group_id], found.apart if found else None)


def _farthest(line: MarkLine) -> float:
    return -abs(line.apart) if line.apart is not None else 1.0


ROUTES = [show_quality, one_marker]
