"""Checks the sheets before anything is imported: rows in, an exam and all findings out."""

import re
from collections.abc import Mapping
from typing import Literal

from hub.sheets import layout
from hub.sheets.cells import Cells, as_day, as_integer, as_phone, rows_of
from hub.sheets.exam_sheets import (
    ExamRow,
    ExamSheets,
    GroupKey,
    GroupRow,
    PerformanceRow,
    PersonRow,
)
from hub.sheets.findings import Findings
from hub.sheets.layout import SETTINGS, Setting
from hub.sheets.reading import Table
from hub.sheets.staffing import warn_about_staffing
from shared.rules.policy import Policy
from shared.rules.rubric import CRITERIA, LEVELS, Criterion, Role

Words = dict[Criterion, dict[int, str]]

_FRAME = (layout.NAME, layout.FIRST_DAY, layout.LAST_DAY)
_UNSAFE_PATH = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.?(/|$)|//|/$|[\x00-\x1f]")


def check(tables: Mapping[str, Table]) -> tuple[ExamSheets, Findings]:
    """The exam may be imported only when the findings hold no problem."""
    findings = Findings()
    exam = _check_exam(tables, findings)
    groups = _check_groups(tables, findings)
    keys = {(group.stage, group.item) for group in groups}
    sheets = ExamSheets(
        exam=exam,
        groups=groups,
        rubrics=_check_rubrics(tables, findings, groups),
        districts=(districts := _check_districts(tables, findings)),
        people=_check_people(tables, findings, set(districts)),
        performances=_check_performances(tables, findings, set(districts), keys),
    )
    warn_about_staffing(sheets, findings)
    return sheets, findings


def _check_exam(tables: Mapping[str, Table], findings: Findings) -> ExamRow:
    values: dict[str, str] = {}
    policy: dict[str, str | int | bool] = {}
    settings = {setting.name: setting for setting in SETTINGS}
    seen: dict[object, int] = {}
    for cells in rows_of(tables, layout.EXAM, findings):
        name = cells.text("项目")
        if name is None or not cells.is_new("项目", name, seen, f"“{name}”"):
            continue
        if name in settings:
            if (value := _setting(cells, settings[name])) is not None:
                policy[settings[name].field] = value
        elif name in _FRAME:
            values[name] = _exam_value(cells, name)
        else:
            cells.bad("项目", f"不认识“{name}”，可以填的项目见模板")
    if layout.EXAM in tables:
        _check_frame(values, seen, findings)
    name, first, last = (values.get(name, "") for name in _FRAME)
    # The fields' values come from the layout, where their kinds are written.
    return ExamRow(name, first, last, Policy(**policy))  # type: ignore[arg-type]


def _check_frame(values: dict[str, str], seen: dict[object, int], findings: Findings) -> None:
    for name in _FRAME:
        if name not in values:
            findings.problem(layout.EXAM, None, "项目", f"缺少“{name}”这一行")
    first, last = values.get(layout.FIRST_DAY, ""), values.get(layout.LAST_DAY, "")
    if last and first > last:
        findings.problem(layout.EXAM, seen[layout.LAST_DAY], "值", "结束日期早于开始日期")


def _exam_value(cells: Cells, name: str) -> str:
    value = cells.get("值")
    if not value:
        cells.bad("值", f"“{name}”没有填写")
    if name == layout.NAME or not value:
        return value
    day = as_day(value)
    if day is None:
        cells.bad("值", f"“{value}”不是日期，请写成 2026-11-24")
    return day or ""


def _setting(cells: Cells, setting: Setting) -> str | int | bool | None:
    """None leaves the default: the cell is empty, or the problem is reported."""
    value = cells.get("值")
    if not value:
        return None
    if setting.choices is not None:
        return cells.choice("值", setting.choices)
    if setting.text_max:
        if len(value) > setting.text_max:
            cells.bad("值", f"“{setting.name}”最多 {setting.text_max} 字，现在是 {len(value)} 字")
        return value
    number = as_integer(value, setting.integers)
    if number is None:
        cells.bad("值", "“{}”应为 {} 到 {} 的整数".format(value, *setting.integers))
    return number


def _check_groups(tables: Mapping[str, Table], findings: Findings) -> tuple[GroupRow, ...]:
    groups = []
    names: dict[object, int] = {}
    positions: dict[object, int] = {}
    for cells in rows_of(tables, layout.GROUPS, findings):
        stage = cells.choice("学段", layout.STAGES)
        item = cells.text("题目")
        position = cells.integer("顺序", (1, 999))
        if stage is None or item is None or position is None:
            continue
        is_new = cells.is_new("题目", (stage, item), names, "题组")
        lyrics, model = _lyrics(cells), _file_name(cells, layout.MODEL, is_optional=True)
        if lyrics is None or model is None:
            continue
        if cells.is_new("顺序", position, positions, f"顺序 {position} ") and is_new:
            groups.append(GroupRow(cells.row, stage, item, position, lyrics, model))
    if layout.GROUPS in tables and not names:
        findings.problem(layout.GROUPS, None, "", "没有可用的题组")
    return tuple(groups)


def _lyrics(cells: Cells) -> str | None:
    text = cells.get(layout.LYRICS)
    if len(text) > layout.LYRICS_MAX:
        cells.bad(layout.LYRICS, f"有 {len(text)} 字，最多 {layout.LYRICS_MAX} 字")
        return None
    return text


def _check_rubrics(
    tables: Mapping[str, Table], findings: Findings, groups: tuple[GroupRow, ...]
) -> dict[GroupKey, Words]:
    names = {layout.group_name(g.stage.label, g.item): (g.stage, g.item) for g in groups}
    known: dict[str, str] = {name: name for name in (layout.EVERY_GROUP, *names)}
    given: dict[str, Words] = {}
    seen: dict[object, int] = {}
    for cells in rows_of(tables, layout.RUBRIC, findings):
        name = cells.choice("题组", known)
        criterion = cells.choice("评价维度", layout.CRITERION_NAMES)
        level = cells.integer("分值", (min(LEVELS), max(LEVELS)))
        words = cells.text("描述")
        if name is None or criterion is None or level is None or words is None:
            continue
        if cells.is_new("分值", (name, criterion, level), seen, "同一题组、维度和分值"):
            given.setdefault(name, {}).setdefault(criterion, {})[level] = words
    rubrics = {
        key: _merged(given.get(layout.EVERY_GROUP, {}), given.get(name, {}))
        for name, key in names.items()
    }
    if layout.RUBRIC in tables:
        for name, key in names.items():
            _report_missing_words(name, rubrics[key], findings)
    return rubrics


def _merged(common: Words, own: Words) -> Words:
    return {c: {**common.get(c, {}), **own.get(c, {})} for c in CRITERIA}


def _report_missing_words(group: str, words: Words, findings: Findings) -> None:
    for criterion in CRITERIA:
        missing = [str(level) for level in LEVELS if level not in words[criterion]]
        if missing:
            findings.problem(
                layout.RUBRIC,
                None,
                "描述",
                f"{group}的“{criterion.label}”缺少分值 {'、'.join(missing)} 的描述",
            )


def _check_districts(tables: Mapping[str, Table], findings: Findings) -> tuple[str, ...]:
    seen: dict[object, int] = {}
    names = []
    for cells in rows_of(tables, layout.DISTRICTS, findings):
        name = cells.text("区县")
        if name and cells.is_new("区县", name, seen, f"“{name}”"):
            names.append(name)
    if layout.DISTRICTS in tables and not names:
        findings.problem(layout.DISTRICTS, None, "", "没有填写任何区县")
    return tuple(names)


def _check_people(
    tables: Mapping[str, Table], findings: Findings, districts: set[str]
) -> tuple[PersonRow, ...]:
    seen: dict[object, int] = {}
    people = (_person(cells, seen, districts) for cells in rows_of(tables, layout.PEOPLE, findings))
    return tuple(person for person in people if person)


def _person(cells: Cells, seen: dict[object, int], districts: set[str]) -> PersonRow | None:
    phone = _phone(cells, seen)
    name = cells.text("姓名")
    district = _district(cells, districts)
    role = cells.choice("角色", layout.ROLES)
    scope = cells.choice("范围", layout.STAGES) if cells.get("范围") else None
    if role in (Role.MARKER, Role.LEADER) and not cells.get("范围"):
        cells.bad("范围", f"{role.label}必须填写范围：小学或中学")
    capacity = cells.integer("负荷", (1, 1000)) if cells.get("负荷") else 100
    state = cells.choice("状态", layout.STATES) if cells.get("状态") else "active"
    if phone is None or name is None or district is None or role is None:
        return None
    active: Literal["active", "disabled"] = "disabled" if state == "disabled" else "active"
    return PersonRow(cells.row, phone, name, district, role, scope, capacity or 100, active)


def _phone(cells: Cells, seen: dict[object, int]) -> str | None:
    text = cells.text("电话")
    if text is None:
        return None
    phone = as_phone(text)
    if phone is None:
        cells.bad("电话", f"“{text}”不是 11 位手机号")
        return None
    return phone if cells.is_new("电话", phone, seen, f"电话 {phone} ") else None


def _district(cells: Cells, districts: set[str]) -> str | None:
    district = cells.text("区县")
    if district is not None and district not in districts:
        cells.bad("区县", f"“{district}”不在“区县”表中，请先在那里加上或改正")
        return None
    return district


def _check_performances(
    tables: Mapping[str, Table], findings: Findings, districts: set[str], keys: set[GroupKey]
) -> tuple[PerformanceRow, ...]:
    students: dict[object, int] = {}
    files: dict[object, int] = {}
    found = []
    for cells in rows_of(tables, layout.PERFORMANCES, findings):
        row = _performance(cells, districts, keys)
        if row is None:
            continue
        key = (row.student, row.stage, row.item)
        is_new = cells.is_new("考号", key, students, "同一考号和题目")
        if cells.is_new("文件名", row.file_name.casefold(), files, "文件名") and is_new:
            found.append(row)
    return tuple(found)


def _performance(cells: Cells, districts: set[str], keys: set[GroupKey]) -> PerformanceRow | None:
    student, school = cells.text("考号"), cells.text("学校")
    district = _district(cells, districts)
    stage, item = cells.choice("学段", layout.STAGES), cells.text("题目")
    file_name = _file_name(cells, "文件名")
    if stage is not None and item is not None and (stage, item) not in keys:
        cells.bad("题目", f"“题组”表中没有“{layout.group_name(stage.label, item)}”")
        return None
    if student is None or school is None or district is None or file_name is None:
        return None
    if stage is None or item is None:
        return None
    return PerformanceRow(cells.row, student, school, district, stage, item, file_name)


def _file_name(cells: Cells, column: str, *, is_optional: bool = False) -> str | None:
    if is_optional and not cells.get(column):
        return ""
    text = cells.text(column)
    if text is None:
        return None
    name = text.replace("\\", "/")
    if _UNSAFE_PATH.search(name):
        cells.bad(column, f"“{text}”应是视频文件夹里的文件名，不能是完整路径，也不能含 ..")
        return None
    return name
