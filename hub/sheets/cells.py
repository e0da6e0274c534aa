"""Takes the cells of a sheet by column name, and says which of them cannot be read."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from hub.sheets.findings import Findings
from hub.sheets.layout import SHEET_BY_NAME, Sheet
from hub.sheets.reading import Table

T = TypeVar("T")

_ROUNDED = re.compile(r"^\d(\.\d+)?E\+\d+$", re.IGNORECASE)
"""How Excel writes a long number of which it has lost the last digits."""
_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?( 00:00:00)?$")


@dataclass(frozen=True, slots=True)
class Cells:
    """One row; every reader answers None after it has reported why."""

    sheet: Sheet
    row: int
    values: tuple[str, ...]
    places: Mapping[str, int]
    findings: Findings

    def get(self, column: str) -> str:
        place = self.places.get(column, -1)
        return self.values[place] if 0 <= place < len(self.values) else ""

    def bad(self, column: str, text: str) -> None:
        self.findings.problem(self.sheet.name, self.row, column, text)

    def text(self, column: str) -> str | None:
        found = self.get(column)
        if not found:
            self.bad(column, "没有填写")
            return None
        if _ROUNDED.match(found):
            self.bad(column, f"“{found}”是 Excel 丢失了末位数字的长数字，请把该列设为文本后重填")
            return None
        return found

    def choice(self, column: str, choices: Mapping[str, T]) -> T | None:
        found = self.text(column)
        if found is None:
            return None
        if found not in choices:
            self.bad(column, f"“{found}”不可用，可以填：{'、'.join(choices)}")
            return None
        return choices[found]

    def integer(self, column: str, bounds: tuple[int, int]) -> int | None:
        found = self.text(column)
        if found is None:
            return None
        number = as_integer(found, bounds)
        if number is None:
            self.bad(column, f"“{found}”应为 {bounds[0]} 到 {bounds[1]} 的整数")
        return number

    def is_new(self, column: str, key: object, seen: dict[object, int], what: str) -> bool:
        """Whether no earlier row has this key; the first row that has it is named."""
        first = seen.setdefault(key, self.row)
        if first != self.row:
            self.bad(column, f"{what}与第 {first} 行重复")
        return first == self.row


def rows_of(tables: Mapping[str, Table], name: str, findings: Findings) -> Iterator[Cells]:
    """The rows of a sheet, after its columns are known to be there."""
    sheet = SHEET_BY_NAME[name]
    table = tables.get(name)
    if table is None:
        findings.problem(name, None, "", f"缺少工作表“{name}”")
        return
    places = {column: place for place, column in reversed(list(enumerate(table.header)))}
    missing = [c.name for c in sheet.columns if c.name not in places and not c.is_optional]
    for column in missing:
        findings.problem(name, 1, column, "表头缺少这一列")
    if missing:
        return
    for number, values in table.rows:
        yield Cells(sheet, number, values, places, findings)


def as_integer(text: str, bounds: tuple[int, int]) -> int | None:
    plain = unicodedata.normalize("NFKC", text)
    if not re.fullmatch(r"\d{1,9}", plain, re.ASCII):
        return None
    number = int(plain)
    return number if bounds[0] <= number <= bounds[1] else None


def as_day(text: str) -> str | None:
    """ISO, from the ways in which people write a day."""
    match = _DAY.match(text)
    if not match:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return None


def as_phone(text: str) -> str | None:
    digits = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).removeprefix("+86")
    digits = digits.removesuffix(".0")
    return digits if re.fullmatch(r"1\d{10}", digits, re.ASCII) else None
