"""Writes the empty workbook that a city fills in: headers, examples, lists to choose from."""

from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from hub.sheets import layout
from hub.sheets.layout import Column, Setting, Sheet
from shared.rules.policy import Policy

_LIST_CHARACTERS_MAX = 255
"""Excel refuses a longer list typed into a validation."""

_HOW = (
    "第一行是表头，不要改动。第一格以“示例”开头的行只作示范，导入时跳过，可以删除。"
    "请从示例下面一行开始填写。"
)


def write_template(target: Path) -> None:
    with xlsxwriter.Workbook(target) as book:
        header = book.add_format(
            {"bold": True, "bg_color": "#DCE6F1", "border": 1, "valign": "vcenter"}
        )
        example = book.add_format({"italic": True, "font_color": "#7F7F7F", "num_format": "@"})
        text = book.add_format({"num_format": "@"})
        for sheet in layout.SHEETS:
            page = book.add_worksheet(sheet.name)
            _write_head(page, sheet, header, text)
            page.write_row(1, 0, sheet.example, example)
            if sheet.name == layout.EXAM:
                _write_settings(page, text)
            else:
                for index, column in enumerate(sheet.columns):
                    _validate(page, sheet, index, column)


def _write_head(page: Worksheet, sheet: Sheet, header: Format, text: Format) -> None:
    page.freeze_panes(1, 0)
    for index, column in enumerate(sheet.columns):
        needed = "" if column.is_optional or sheet.name == layout.EXAM else "*"
        page.set_column(index, index, column.width, text if not column.integers else None)
        page.write_string(0, index, column.name + needed, header)
        note = f"{column.note}\n\n{_HOW}" if index == 0 else column.note
        if note:
            page.write_comment(0, index, note, {"x_scale": 2, "y_scale": 1.4})


def _write_settings(page: Worksheet, text: Format) -> None:
    page.write_row(2, 0, (layout.NAME, "", "必填"), text)
    page.write_row(3, 0, (layout.FIRST_DAY, "", "必填，写成 2026-11-24"), text)
    page.write_row(4, 0, (layout.LAST_DAY, "", "必填，写成 2026-11-25"), text)
    for row, setting in enumerate(layout.SETTINGS, 5):
        page.write_row(row, 0, (setting.name, setting.shown(Policy()), _explained(setting)))
        page.data_validation(row, 1, row, 1, _setting_rule(setting))


def _setting_rule(setting: Setting) -> dict[str, object]:
    if setting.choices:
        return _choice_rule(tuple(setting.choices))
    if setting.text_max:
        return {
            "validate": "length",
            "criteria": "<=",
            "value": setting.text_max,
            "error_title": setting.name,
            "error_message": f"最多 {setting.text_max} 字",
        }
    return _integer_rule(setting.integers)


def _explained(setting: Setting) -> str:
    return f"{setting.note}（{setting.allowed}）"


def _validate(page: Worksheet, sheet: Sheet, index: int, column: Column) -> None:
    rule: dict[str, object] | None = None
    if column.choices:
        rule = _choice_rule(column.choices)
    elif column.choices_from:
        rule = {"validate": "list", "source": _range(*column.choices_from)}
    elif column.integers:
        rule = _integer_rule(column.integers)
    elif column.name == "电话":
        rule = {
            "validate": "length",
            "criteria": "==",
            "value": 11,
            "error_title": "电话",
            "error_message": "请填 11 位手机号",
        }
    if rule:
        page.data_validation(2, index, sheet.rows_max, index, {"ignore_blank": True, **rule})


def _choice_rule(choices: tuple[str, ...]) -> dict[str, object]:
    listed = "、".join(choices)
    if len(",".join(choices)) > _LIST_CHARACTERS_MAX:
        raise ValueError(f"Excel cannot hold this list: {listed}")
    return {
        "validate": "list",
        "source": list(choices),
        "error_title": "请从列表中选择",
        "error_message": f"可以填：{listed}",
    }


def _integer_rule(bounds: tuple[int, int]) -> dict[str, object]:
    return {
        "validate": "integer",
        "criteria": "between",
        "minimum": bounds[0],
        "maximum": bounds[1],
        "error_title": "请填整数",
        "error_message": "可以填 {} 到 {} 的整数".format(*bounds),
    }


def _range(sheet: str, column: str) -> str:
    other = layout.SHEET_BY_NAME[sheet]
    letter = chr(ord("A") + other.index(column))
    return f"={sheet}!${letter}$3:${letter}${other.rows_max + 1}"
