"""Carries out a planned import in one transaction: all of it, or nothing."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.sheets.exam_sheets import ExamSheets, GroupKey, GroupRow, PerformanceRow, PersonRow
from hub.store import accounts, audit, exam, feed, performances
from hub.store.accounts import Listed
from hub.store.exam import Exam
from hub.store.feed import Kind
from hub.store.performances import Performance
from hub.work.hand_out import take_back_all
from hub.work.plan_import import Plan
from shared.rules.rubric import Stage

_STAGE_LETTERS = {Stage.PRIMARY: "X", Stage.MIDDLE: "Z"}
_ITEM_LETTERS = {"国歌": "G", "选唱": "X"}
_OTHER_LETTERS = "ABCDEFHIJKLMNOPQRSTUVWYZ"


@dataclass(frozen=True, slots=True)
class Imported:
    """How many of each are new or changed."""

    new_people: int
    changed_people: int
    new_performances: int
    changed_performances: int
    removed_performances: int
    without_video: int


def six_random_digits() -> str:
    return secrets.token_hex(3).upper()


def import_exam(
    db: Database,
    sheets: ExamSheets,
    plan: Plan,
    videos: Mapping[str, int],
    moment: datetime,
    *,
    who: str,
    remove_missing: bool = False,
    random_digits: Callable[[], str] = six_random_digits,
) -> Imported:
    """The plan must have been made in this same transaction, and found no problem."""
    _put_frame(db, sheets, videos, moment)
    _put_people(db, plan, who, moment)
    new = _put_performances(db, sheets, plan, videos, random_digits)
    removed = plan.missing_performances if remove_missing else []
    performances.remove_many(db, [p.id for p in removed])
    imported = Imported(
        len(plan.new_people),
        len(plan.changed_people),
        len(new),
        len(plan.changed_performances),
        len(removed),
        performances.count_without_video(db),
    )
    audit.append(db, who, "import", _detail(sheets, imported), moment)
    return imported


def _put_frame(
    db: Database, sheets: ExamSheets, videos: Mapping[str, int], moment: datetime
) -> None:
    row = sheets.exam
    if exam.put_exam(db, Exam(row.name, row.first_day, row.last_day, row.policy), moment):
        feed.append(db, EVERY_DISTRICT, "exam", 1)
    exam.put_districts(db, sheets.districts)
    moved = {
        (g.stage, g.item) for g in sheets.groups if exam.put_group(db, g.stage, g.item, g.position)
    }
    rows = {(row.stage, row.item): row for row in sheets.groups}
    for group in exam.groups(db):
        key = (group.stage, group.item)
        if key not in rows:
            continue
        if exam.put_attachments(db, group.id, _attachments(db, group.id, rows[key], videos)):
            moved.add(key)
        words = {
            criterion.value: {str(level): text for level, text in by_level.items()}
            for criterion, by_level in sheets.rubrics[key].items()
        }
        if exam.put_descriptors(db, group.id, words) or key in moved:
            feed.append(db, EVERY_DISTRICT, "group", group.id)


def _attachments(
    db: Database, group_id: int, row: GroupRow, videos: Mapping[str, int]
) -> exam.Attachments:
    """A model singing that is known stays where this import brings no other for the same file."""
    held = exam.attachments(db, group_id)
    kept = held.model_video_id if held.model_file == row.model_file else None
    return exam.Attachments(row.lyrics, row.model_file, videos.get(row.model_file, kept))


def _put_people(db: Database, plan: Plan, who: str, moment: datetime) -> None:
    district_ids = {district.name: district.id for district in exam.districts(db)}
    accounts.add_many(db, [_listed(row, district_ids) for row in plan.new_people])
    accounts.change_many(db, [_listed(row, district_ids) for row, _ in plan.changed_people])
    touched = {row.phone for row in plan.new_people}
    touched |= {row.phone for row, _ in plan.changed_people}
    changes: list[tuple[int, Kind, int]] = [
        # The district that somebody has left must learn of it too.
        (account.district_id, "account", account.id)
        for row, account in plan.changed_people
        if district_ids[row.district] != account.district_id
    ]
    for account in accounts.everyone(db):
        if account.phone in touched:
            changes.append((account.district_id, "account", account.id))
    feed.append_many(db, changes)
    for row, account in plan.changed_people:
        if row.state == "disabled" and account.state == "active":
            take_back_all(db, account.id, who, moment)


def _listed(row: PersonRow, district_ids: Mapping[str, int]) -> Listed:
    return Listed(
        row.phone,
        row.name,
        district_ids[row.district],
        row.role,
        row.scope,
        row.capacity,
        row.state,
    )


def _put_performances(
    db: Database,
    sheets: ExamSheets,
    plan: Plan,
    videos: Mapping[str, int],
    random_digits: Callable[[], str],
) -> list[Performance]:
    district_ids = {district.name: district.id for district in exam.districts(db)}
    group_ids = {(group.stage, group.item): group.id for group in exam.groups(db)}
    held = performances.every(db)
    prefixes = _code_prefixes(sheets)
    codes = {p.code for p in held}
    next_id = max((p.id for p in held), default=0) + 1

    def placed(row: PerformanceRow, id: int, code: str, video_id: int | None) -> Performance:
        return Performance(
            id,
            code,
            row.student,
            row.school,
            district_ids[row.district],
            group_ids[row.stage, row.item],
            row.file_name,
            video_id,
        )

    new = [
        placed(
            row,
            id,
            _new_code(prefixes[row.stage, row.item], codes, random_digits),
            videos.get(row.file_name),
        )
        for id, row in enumerate(plan.new_performances, next_id)
    ]
    changed = [placed(c.row, c.held.id, c.held.code, c.video_id) for c in plan.changed_performances]
    performances.put_many(db, [*new, *changed])
    return new


def _new_code(prefix: str, codes: set[str], random_digits: Callable[[], str]) -> str:
    """Opaque, and never given twice."""
    while (code := f"{prefix}-{random_digits()}") in codes:
        pass
    codes.add(code)
    return code


def _code_prefixes(sheets: ExamSheets) -> dict[GroupKey, str]:
    """Two letters for people's eyes: the stage, then the item."""
    others = sorted({group.item for group in sheets.groups} - _ITEM_LETTERS.keys())
    letters = dict(_ITEM_LETTERS)
    for index, item in enumerate(others):
        letters[item] = _OTHER_LETTERS[index % len(_OTHER_LETTERS)]
    return {
        (group.stage, group.item): _STAGE_LETTERS[group.stage] + letters[group.item]
        for group in sheets.groups
    }


def _detail(sheets: ExamSheets, imported: Imported) -> dict[str, object]:
    return {
        "exam": sheets.exam.name,
        "people": [imported.new_people, imported.changed_people],
        "performances": [
            imported.new_performances,
            imported.changed_performances,
            imported.removed_performances,
        ],
        "without_video": imported.without_video,
    }
