"""Seconds to import 100,000 performances and 2,000 people, beside reading and writing alone.

Run: python benchmarks/import_exam.py
"""

import io
import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

from hub.__main__ import main as shengping_hub
from hub.commands.opening import hub_to_write
from hub.sheets.layout import SHEETS
from shared.rules.rubric import CRITERIA, LEVELS

WORKS, PEOPLE, DISTRICTS = 100_000, 2_000, 40
ITEMS = ("国歌", "选唱")

Rows = Iterator[tuple[str | int, ...]]


def rows_of_sheets() -> dict[str, Rows]:
    districts = [f"第{number}区" for number in range(DISTRICTS)]
    roles = ("学科负责人", "学科组长", *["阅卷教师"] * 8)
    return {
        "考试": iter(
            [("考试名称", "监测"), ("开始日期", "2026-11-24"), ("结束日期", "2026-11-25")]
        ),
        "题组": iter(
            (stage, item, 1 + i + 2 * j)
            for j, stage in enumerate(("小学", "中学"))
            for i, item in enumerate(ITEMS)
        ),
        "评价标准": iter(("全部", c.label, n, f"{c.label}{n}级") for c in CRITERIA for n in LEVELS),
        "区县": iter((name,) for name in districts),
        "人员": iter(
            (
                f"199{number:08d}",
                f"王{number}",
                districts[number % DISTRICTS],
                roles[number // DISTRICTS % len(roles)],
                "小学" if number % 3 else "中学",
            )
            for number in range(PEOPLE)
        ),
        "作品": iter(
            (
                f"5001{number // 2:08d}",
                f"第{number % 900}学校",
                districts[number // 2 % DISTRICTS],
                "小学" if number // 2 % 2 else "中学",
                ITEMS[number % 2],
                f"{number // 1000:03d}/{number:06d}.mp4",
            )
            for number in range(WORKS)
        ),
    }


def write_workbook(path: Path) -> None:
    rows = rows_of_sheets()
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        for sheet in SHEETS:
            page = book.add_worksheet(sheet.name)
            page.write_row(0, 0, [column.name for column in sheet.columns])
            for number, row in enumerate(rows[sheet.name], 1):
                page.write_row(number, 0, row)


def read_alone(path: Path) -> list[list[object]]:
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("作品").to_python()
    return [list(row) for row in rows]


def write_alone(target: Path, rows: list[list[object]]) -> None:
    """The floor of any import: the same rows in one table, with one index, on the disk."""
    db = sqlite3.connect(target)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE work (a, b, c, d, e, f, UNIQUE (a, d, e))")
    with db:
        db.executemany("INSERT INTO work VALUES (?, ?, ?, ?, ?, ?)", rows[1:])
    db.close()


@contextmanager
def timed(what: str) -> Iterator[None]:
    started, cpu = time.perf_counter(), time.process_time()
    yield
    wall, used = time.perf_counter() - started, time.process_time() - cpu
    print(f"{what:42} {wall:6.2f} s  {used:6.2f} CPU s", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "exam.xlsx"
        write_workbook(source)
        print(f"{WORKS} performances, {PEOPLE} people, {source.stat().st_size / 1e6:.1f} MB")
        with timed("floor: calamine alone, one sheet"):
            rows = read_alone(source)
        with timed("floor: plain inserts of these rows"):
            write_alone(folder / "floor.db", rows)
        del rows
        command = ["--data", str(folder / "data"), "import", str(source)]
        with timed("import --check"):
            quietly([*command, "--check"])
        with timed("import"):
            quietly(command)
        with timed("import again, nothing new"):
            quietly(command)
        videos = folder / "videos"
        for number in range(WORKS):
            path = videos / f"{number // 1000:03d}" / f"{number:06d}.mp4"
            if number % 1000 == 0:
                path.parent.mkdir(parents=True)
            path.touch()
        _pretend_checked(folder / "data", videos)
        with timed("import again, 100,000 files known"):
            quietly([*command, "--videos", str(videos)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB, {os.cpu_count()} cores")


def quietly(command: list[str]) -> None:
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = shengping_hub(command)
    if code:
        raise SystemExit(said.getvalue())


def _pretend_checked(data: Path, videos: Path) -> None:
    """As if every file had been looked at before and found unusable."""
    from hub.store.videos import MediaCheck, put_check
    from hub.work.check_media import list_files
    from shared.kit.clock import now

    with hub_to_write(data) as store, store.writing() as db:
        for file in list_files(videos).values():
            put_check(db, MediaCheck(file.name, file.bytes, file.mtime_ns, None, "空的"), now())


if __name__ == "__main__":
    main()
