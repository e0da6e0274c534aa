"""Exports levels in long form, one observation a line, for a many-facet Rasch program."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from sqlite_utils import Database

from hub.sheets.results import Counting, Report, nobody
from hub.store import exam, quality, references, sittings
from hub.store.quality import LongRow
from hub.store.sittings import Sitting
from hub.work import recovery
from hub.work.assess_quality import half_day
from shared.kit.refusal import Refusal
from shared.rules.probes import EXPECTED_ROUND
from shared.rules.rubric import CRITERIA

HEADER = (
    *("performance", "marker", "criterion", "group", "district", "half_day", "round", "level"),
    "kind",
)
EXPERTS = 0
"""The marker of the experts' levels, by which a program can anchor its scale."""


def export_quality(db: Database, target: Path, report: Report = nobody) -> Sitting:
    """Markers and performances by number and code only."""
    sitting = sitting_to_export(db)
    counting = Counting(sum(1 for _ in _long_rows(db, sitting.id)), report)
    # Plain ASCII but for the group and the half-day; no mark at the start, which R and Facets
    # would take for part of the first name.
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        rows = counting.through(_long_rows(db, sitting.id))
        writer.writerows(_observations(db, rows))
    return sitting


def sitting_to_export(db: Database) -> Sitting:
    recovery.must_be_over(db, "导出质量数据")
    sitting = sittings.current(db)
    if sitting is None or sitting.state not in ("open", "closed"):
        raise Refusal("nothing_to_export", "还没有可以导出的评分：阅卷尚未开始。")
    return sitting


def observations(db: Database, sitting_id: int) -> Iterator[tuple[str | int, ...]]:
    return _observations(db, _long_rows(db, sitting_id))


def _long_rows(db: Database, sitting_id: int) -> Iterator[LongRow]:
    return chain(
        quality.long_rows(db, sitting_id),
        quality.probe_rows(db, sitting_id),
        _of_experts(db),
    )


def _observations(db: Database, rows: Iterable[LongRow]) -> Iterator[tuple[str | int, ...]]:
    groups = {group.id: group.label for group in exam.groups(db)}
    for row in rows:
        half = half_day(row.given_at[:13]) if row.account_id != EXPERTS else ""
        for criterion, level in zip(CRITERIA, row.levels, strict=True):
            if level == "-":
                continue
            yield (
                *(row.code, row.account_id, criterion.value, groups[row.item_group_id]),
                *(row.district_id, half, row.round, int(level), row.kind),
            )


def _of_experts(db: Database) -> Iterator[LongRow]:
    for one in references.everything(db):
        yield LongRow(
            one.code, EXPERTS, 0, one.item_group_id, EXPECTED_ROUND, one.levels, one.at, "expert"
        )
