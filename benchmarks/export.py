"""Seconds to write a city's results and marks as .xlsx, beside XlsxWriter on the same rows."""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import xlsxwriter

from hub.sheets.results import OutTable, write_tables
from hub.sheets.rows import Cell

MARKS_PER_WORK = 3
_LEVELS = range(4)

Rows = list[tuple[Cell, ...]]


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--works", type=int, default=100_000)
    wanted.add_argument("--beside", type=int, default=5_000, help="works for XlsxWriter, slow")
    asked = wanted.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        slow, fast = _tables(asked.beside), _tables(asked.works)
        theirs = _cpu_s(lambda: _write_theirs(Path(folder, "theirs.xlsx"), slow))
        ours = _cpu_s(lambda: _write_ours(Path(folder, "same.xlsx"), slow))
        print(f"{asked.beside:,} works: XlsxWriter {theirs:.2f} CPU s, ours {ours:.2f}")
        began = time.monotonic()
        spent = _cpu_s(lambda: _write_ours(Path(folder, "ours.xlsx"), fast))
        size = Path(folder, "ours.xlsx").stat().st_size / 1e6
        print(
            f"{asked.works:,} works, {MARKS_PER_WORK * asked.works:,} marks: {spent:.1f} CPU s,"
            f" {time.monotonic() - began:.1f} s by the clock, {size:.0f} MB"
        )


def _tables(works: int) -> tuple[Rows, Rows]:
    """Rows as wide as the results and the list of marks of hub/work/export_results.py."""
    chance, results, marks = random.Random(1), Rows(), Rows()
    for number in range(works):
        levels = [chance.choice(_LEVELS) for _ in range(6)]
        who = (f"S{number:08}", "示例中学", "一区", "中学", "选唱", f"ZX-{number:06}")
        results.append((*who, *levels, *["1、2评"] * 6, "", "", "已定"))
        for round in range(MARKS_PER_WORK):
            task = (who[5], who[0], "中学", "选唱", f"{round + 1}评", "计入")
            by = (number % 2000, "0001", "王一一", "二区", "一号机房")
            times = ("2023-04-13 09:00:00", "2023-04-13 09:00:01")
            event = f"{chance.getrandbits(128):032x}"
            marks.append((*task, *by, *levels, "", "", 63.5, 100, *times, event, ""))
    return results, marks


def _write_ours(target: Path, tables: tuple[Rows, Rows]) -> None:
    named = zip(("结果", "评分明细"), tables, strict=True)
    write_tables(target, [OutTable(name, ("列",) * len(rows[0]), rows) for name, rows in named])


def _write_theirs(target: Path, tables: tuple[Rows, Rows]) -> None:
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
        for rows in tables:
            page = book.add_worksheet()
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)


def _cpu_s(job: Callable[[], None]) -> float:
    before = time.process_time()
    job()
    return time.process_time() - before


if __name__ == "__main__":
    main()
