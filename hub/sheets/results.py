"""Writes tables as .xlsx or .csv: safe from formulas, whole or not at all, of any length."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from shared.kit.refusal import Refusal

ROWS_PER_SHEET = 1_000_000
"""Excel ends at 1,048,576."""
_CHARACTERS_PER_CELL = 32_767
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

REPORT_EVERY = 500

_Row = TypeVar("_Row")
Cell = str | int | float | None
Report = Callable[[int, int], None]
"""Told the rows that are done and the rows in all; what it raises ends the writing."""


@dataclass(frozen=True, slots=True)
class OutTable:
    name: str
    header: tuple[str, ...]
    rows: Iterable[tuple[Cell, ...]]
    """Read once, row by row."""


class Counting:
    """Counts the rows that go through it, of several tables in turn, and reports now and then."""

    def __init__(self, total: int, report: Report) -> None:
        self._done, self._total, self._report = 0, total, report
        report(0, total)

    def through(self, rows: Iterable[_Row]) -> Iterator[_Row]:
        for row in rows:
            yield row
            self._done += 1
            if self._done % REPORT_EVERY == 0:
                self._report(self._done, self._total)
        self._report(self._done, self._total)


def nobody(_done: int, _total: int) -> None:
    """A report that nobody reads."""


def write_tables(
    target: Path, tables: Iterable[OutTable], rows_per_sheet: int = ROWS_PER_SHEET
) -> list[Path]:
    """The files written; the first table gets the target's name, further .csv their own too."""
    if not target.parent.is_dir():
        raise Refusal("no_such_folder", f"找不到文件夹：{target.parent}")
    if target.suffix.lower() == ".xlsx":
        _replace(target, _write_book(_part(target), tables, rows_per_sheet))
        return [target]
    if target.suffix.lower() == ".csv":
        return _write_csvs(target, tables)
    raise Refusal("unknown_format", f"文件名应以 .xlsx 或 .csv 结尾：{target.name}")


def _write_book(part: Path, tables: Iterable[OutTable], rows_per_sheet: int) -> Path:
    with xlsxwriter.Workbook(part, {"constant_memory": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#DCE6F1"})
        for table in tables:
            for name, rows in _pieces(table, rows_per_sheet):
                page = book.add_worksheet(name)
                page.freeze_panes(1, 0)
                page.set_column(0, len(table.header) - 1, 14)
                page.write_row(0, 0, table.header, bold)
                for number, row in enumerate(rows, 1):
                    _write_cells(page, number, row)
    return part


def _write_cells(page: Worksheet, number: int, row: tuple[Cell, ...]) -> None:
    """By kind: what people wrote is never taken for a formula, a link or a number."""
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            if cell:
                page.write_string(number, column, cell[:_CHARACTERS_PER_CELL])
        elif cell is not None:
            page.write_number(number, column, cell)


def _pieces(
    table: OutTable, rows_per_sheet: int
) -> Iterator[tuple[str, Iterable[tuple[Cell, ...]]]]:
    rows = iter(table.rows)
    number = 1
    yield table.name, islice(rows, rows_per_sheet)
    for first in rows:
        number += 1
        yield f"{table.name}{number}", chain([first], islice(rows, rows_per_sheet - 1))


def _write_csvs(target: Path, tables: Iterable[OutTable]) -> list[Path]:
    written = []
    for index, table in enumerate(tables):
        path = target.with_name(f"{target.stem}-{table.name}.csv") if index else target
        part = _part(path)
        # With its mark at the start, Excel reads the file as UTF-8.
        with part.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.header)
            writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
        _replace(path, part)
        written.append(path)
    return written


def _harmless(cell: Cell) -> Cell:
    """Excel runs a text that looks like a formula; the quote shows that it is a text."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _replace(path: Path, part: Path) -> None:
    try:
        part.replace(path)
    except PermissionError as error:
        part.unlink(missing_ok=True)
        raise Refusal("file_in_use", f"写不了 {path.name}，请先在 Excel 中关闭它。") from error
