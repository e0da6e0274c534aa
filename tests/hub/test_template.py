"""The empty workbook: complete, self-explaining, and no import of its own examples."""

import zipfile
from dataclasses import fields
from pathlib import Path

from hub.sheets.checking import check
from hub.sheets.layout import SETTINGS, SHEETS
from hub.sheets.reading import read_tables
from hub.sheets.template import write_template
from shared.rules.policy import Policy
from tests.hub.books import a_book, write_xlsx


def test_the_template_holds_every_sheet_with_its_header(tmp_path: Path) -> None:
    write_template(tmp_path / "exam.xlsx")
    tables = read_tables(tmp_path / "exam.xlsx")
    assert list(tables) == [sheet.name for sheet in SHEETS]
    for sheet in SHEETS:
        assert tables[sheet.name].header == tuple(column.name for column in sheet.columns)


def test_the_example_rows_are_there_and_are_not_read(tmp_path: Path) -> None:
    write_template(tmp_path / "exam.xlsx")
    with zipfile.ZipFile(tmp_path / "exam.xlsx") as book:
        words = book.read("xl/sharedStrings.xml").decode()
    assert "示例19900000001" in words
    tables = read_tables(tmp_path / "exam.xlsx")
    assert all(not tables[name].rows for name in ("题组", "评价标准", "区县", "人员", "作品"))


def test_every_policy_can_be_set_and_stands_there_with_its_default(tmp_path: Path) -> None:
    assert {setting.field for setting in SETTINGS} == {field.name for field in fields(Policy)}
    write_template(tmp_path / "exam.xlsx")
    sheets, _ = check(read_tables(tmp_path / "exam.xlsx"))
    assert sheets.exam.policy == Policy()


def test_the_sheets_offer_lists_to_choose_from(tmp_path: Path) -> None:
    write_template(tmp_path / "exam.xlsx")
    with zipfile.ZipFile(tmp_path / "exam.xlsx") as book:
        people = book.read("xl/worksheets/sheet5.xml").decode()
        works = book.read("xl/worksheets/sheet6.xml").decode()
    assert "阅卷教师,学科组长,学科负责人,计算机技术人员" in people
    assert "区县!$A$3:$A$301" in works


def test_a_template_filled_in_by_the_book_has_no_problem(tmp_path: Path) -> None:
    _, findings = check(read_tables(write_xlsx(tmp_path / "exam.xlsx", a_book())))
    assert findings.problem_lines() == []
