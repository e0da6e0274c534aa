"""Long tables as .xlsx, row by row into the packed file: a city's marks in seconds.

XlsxWriter makes the workbooks that people fill in. At 12 µs a cell it would take over a minute for
a city's results, whose cells are plain texts and numbers.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from html import escape
from itertools import count
from math import isfinite
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

Cell = str | int | float | None

_PACKED = 3
"""Of 1 to 9: further ones take long and save little."""
_CHARACTERS_PER_CELL = 32_767
_TEXTS_KNOWN = 20_000
_ROWS_AT_ONCE = 500
_HEADER_STYLE = ' s="1"'
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
"""What XML cannot hold, and what a reader would take for its replacement."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FONT = '<sz val="11"/><name val="Calibri"/>'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}">'
    f'<fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid">'
    '<fgColor rgb="FFDCE6F1"/><bgColor indexed="64"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
_SHEET_START = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    '</sheetView></sheetViews><cols><col min="1" max="{columns}" width="14.7" customWidth="1"/>'
    "</cols><sheetData>"
)


class Book:
    """A sheet after the other; whole only when `writing` was left without an exception."""

    def __init__(self, zip: ZipFile) -> None:
        self._zip = zip
        self._names: list[str] = []

    def add_sheet(
        self, name: str, header: tuple[str, ...], rows: Iterable[tuple[Cell, ...]]
    ) -> None:
        """Texts stay texts, whatever they look like: none is a formula, a link or a number."""
        self._names.append(name)
        columns = [_letters(number) for number in range(1, len(header) + 1)]
        place = f"xl/worksheets/sheet{len(self._names)}.xml"
        with self._zip.open(place, "w", force_zip64=True) as part:
            _put(part, _XML + _SHEET_START.format(columns=len(header)))
            _put(part, _row(1, columns, header, _HEADER_STYLE))
            waiting = []
            for number, row in enumerate(rows, 2):
                waiting.append(_row(number, columns, row))
                if len(waiting) >= _ROWS_AT_ONCE:
                    _put(part, "".join(waiting))
                    waiting.clear()
            _put(part, "".join(waiting) + "</sheetData></worksheet>")

    def finish(self) -> None:
        for place, text in _frame(self._names):
            self._zip.writestr(place, _XML + text)


@contextmanager
def writing(target: Path) -> Iterator[Book]:
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=_PACKED) as zip:
        book = Book(zip)
        yield book
        book.finish()


def _put(part: IO[bytes], text: str) -> None:
    part.write(text.encode())


def _row(number: int, columns: list[str], cells: tuple[Cell, ...], style: str = "") -> str:
    parts = [f'<row r="{number}">']
    for column, cell in zip(columns, cells, strict=True):
        if isinstance(cell, str):
            if cell:
                parts.append(f'<c r="{column}{number}"{style} t="inlineStr">{_text(cell)}</c>')
        elif cell is not None:
            if not isfinite(cell):
                raise ValueError(f"no number for a cell: {cell}")
            parts.append(f'<c r="{column}{number}"{style}><v>{cell!r}</v></c>')
    parts.append("</row>")
    return "".join(parts)


@lru_cache(_TEXTS_KNOWN)
def _text(cell: str) -> str:
    """Most texts of a table come again and again."""
    shown = _ODD.sub(lambda found: f"_x{ord(found.group()):04X}_", cell[:_CHARACTERS_PER_CELL])
    return f'<is><t xml:space="preserve">{escape(shown, quote=False)}</t></is>'


def _letters(number: int) -> str:
    """1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _frame(names: list[str]) -> Iterator[tuple[str, str]]:
    """What holds the sheets together."""
    numbered = list(zip(count(1), (escape(name) for name in names)))
    sheets = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in numbered)
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{sheets}</sheets></workbook>",
    )
    yield "xl/styles.xml", _STYLES
    links = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n, _ in numbered]
    yield "xl/_rels/workbook.xml.rels", _links([*links, ("styles", "styles", "styles.xml")])
    yield "_rels/.rels", _links([("rId1", "officeDocument", "xl/workbook.xml")])
    kinds = [("workbook", "sheet.main"), ("styles", "styles")]
    kinds += [(f"worksheets/sheet{n}", "worksheet") for n, _ in numbered]
    overrides = "".join(
        f'<Override PartName="/xl/{place}.xml" ContentType="{_TYPE}.{kind}+xml"/>'
        for place, kind in kinds
    )
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{overrides}</Types>",
    )


def _links(links: list[tuple[str, str, str]]) -> str:
    inside = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in links
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'
