"""Reads a workbook, or a folder of CSV files, into rows of text with their row numbers."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from hub.sheets.layout import EXAMPLE_MARK, SHEETS
from shared.kit.refusal import Refusal

_INVISIBLE = "\ufeff\u200b\u200e\u200f"
_EXACT_BELOW = 1e15
"""Excel keeps 15 digits of a number; the rest is lost before we see it."""

Row = tuple[int, tuple[str, ...]]
"""The number that the spreadsheet shows, and the cells as text."""


@dataclass(frozen=True, slots=True)
class Table:
    sheet: str
    header: tuple[str, ...]
    rows: list[Row]
    """Without empty rows and examples."""


def read_tables(source: Path) -> dict[str, Table]:
    """The sheets that are there, by name; sheets of other names are left alone."""
    if source.is_dir():
        return _read_folder(source)
    if not source.is_file():
        raise Refusal("no_such_file", f"找不到文件：{source}")
    return _read_workbook(source)


def _read_workbook(source: Path) -> dict[str, Table]:
    names = {sheet.name for sheet in SHEETS}
    try:
        with CalamineWorkbook.from_path(source) as book:
            found = {name.strip(): name for name in book.sheet_names}
            return {
                name: _table(name, _texts(book, found[name])) for name in found if name in names
            }
    except (CalamineError, OSError) as error:
        raise Refusal(
            "unreadable_sheet", f"读不了 {source.name}：请用 Excel 另存为 .xlsx 后再试。（{error}）"
        ) from error


def _read_folder(folder: Path) -> dict[str, Table]:
    tables = {}
    for sheet in SHEETS:
        path = folder / f"{sheet.name}.csv"
        if path.is_file():
            records = csv.reader(io.StringIO(_decode(path), newline=""))
            tables[sheet.name] = _table(sheet.name, ([_clean(c) for c in r] for r in records))
    if not tables:
        raise Refusal("no_sheets", f"文件夹里没有 考试.csv、作品.csv 等表：{folder}")
    return tables


def _decode(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refusal("unreadable_sheet", f"认不出 {path.name} 的编码：请另存为 UTF-8 的 CSV。")


def _table(sheet: str, records: Iterable[list[str]]) -> Table:
    numbered = enumerate(records, 1)
    _, header = next(numbered, (1, []))
    rows = [
        (number, tuple(cells))
        for number, cells in numbered
        if any(cells) and not cells[0].startswith(EXAMPLE_MARK)
    ]
    return Table(sheet, tuple(name.rstrip("*＊ ") for name in header), rows)


def _texts(book: CalamineWorkbook, name: str) -> Iterator[list[str]]:
    # Without the empty rows above, row numbers would not be those that Excel shows.
    for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False):
        yield [cell.strip() if type(cell) is str else _text(cell) for cell in row]


def _text(cell: object) -> str:
    if isinstance(cell, str):
        return _clean(cell)
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else _clean(str(cell))


def _number(cell: float) -> str:
    if abs(cell) >= _EXACT_BELOW:
        return f"{cell:.5E}"
    return str(int(cell)) if cell == int(cell) else repr(cell)


def _clean(text: str) -> str:
    return text.strip().strip(_INVISIBLE).strip()
