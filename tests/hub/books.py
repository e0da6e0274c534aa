"""An exam's sheets as people fill them in: a good small one, to be spoilt by the tests."""

import csv
from pathlib import Path

import xlsxwriter

from hub.sheets.layout import SHEET_BY_NAME
from hub.sheets.reading import Table
from shared.rules.rubric import CRITERIA, LEVELS

Rows = list[list[str | int | float]]
Book = dict[str, Rows]


def a_book(districts: int = 3, students: int = 2) -> Book:
    """Primary school, two items; every district has a lead, a leader and two markers."""
    names = [f"第{number}区" for number in range(1, districts + 1)]
    return {
        "考试": [
            ["考试名称", "2026年监测"],
            ["开始日期", "2026-11-24"],
            ["结束日期", "2026/11/25"],
        ],
        "题组": [["小学", "国歌", 1], ["小学", "选唱", 2]],
        "评价标准": [["全部", c.label, n, f"{c.label}{n}级"] for c in CRITERIA for n in LEVELS],
        "区县": [[name] for name in names],
        "人员": [row for number, name in enumerate(names, 1) for row in _people(number, name)],
        "作品": [
            [
                f"S{number}{student}",
                f"{name}小学",
                name,
                "小学",
                item,
                f"{name}/{student}{item}.mp4",
            ]
            for number, name in enumerate(names, 1)
            for student in range(students)
            for item in ("国歌", "选唱")
        ],
    }


def _people(number: int, district: str) -> Rows:
    roles = (("学科负责人", ""), ("学科组长", "小学"), ("阅卷教师", "小学"), ("阅卷教师", "小学"))
    return [
        [f"1990000{number:02d}{index:02d}", f"王{number}{index}", district, role, scope]
        for index, (role, scope) in enumerate(roles)
    ]


def header_of(sheet: str) -> list[str]:
    return [column.name for column in SHEET_BY_NAME[sheet].columns]


def as_tables(book: Book) -> dict[str, Table]:
    return {
        sheet: Table(
            sheet,
            tuple(header_of(sheet)),
            [(number, tuple(str(cell) for cell in row)) for number, row in enumerate(rows, 2)],
        )
        for sheet, rows in book.items()
    }


def write_xlsx(path: Path, book: Book) -> Path:
    with xlsxwriter.Workbook(path) as workbook:
        for sheet, rows in book.items():
            page = workbook.add_worksheet(sheet)
            for number, row in enumerate([header_of(sheet), *rows]):
                page.write_row(number, 0, row)
    return path


def write_csvs(folder: Path, book: Book, encoding: str = "utf-8") -> Path:
    folder.mkdir()
    for sheet, rows in book.items():
        with (folder / f"{sheet}.csv").open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([header_of(sheet), *rows])
    return folder
