"""Finds the file of each performance and model singing, and says which of them lack a video."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.sheets.exam_sheets import ExamSheets, PerformanceRow
from hub.sheets.findings import Problem
from hub.sheets.layout import GROUPS, MODEL, PERFORMANCES
from hub.work.check_media import File

_COLUMN = "文件名"


@dataclass(frozen=True, slots=True)
class Named:
    """A file that a cell of the sheets names."""

    sheet: str
    row: int
    column: str
    file_name: str

    def problem(self, text: str) -> Problem:
        return Problem(self.sheet, self.row, self.column, text)


@dataclass(frozen=True, slots=True)
class Matched:
    present: list[File]
    missing: list[Problem]
    unnamed: list[str]
    """Files of the folder that no performance names."""


def named_files(sheets: ExamSheets) -> list[Named]:
    models = [Named(GROUPS, g.row, MODEL, g.model_file) for g in sheets.groups if g.model_file]
    return models + [_named(row) for row in sheets.performances]


def _named(row: PerformanceRow) -> Named:
    return Named(PERFORMANCES, row.row, _COLUMN, row.file_name)


def match_files(named: Iterable[Named], files: Mapping[str, File]) -> Matched:
    """Each file once, also where several item groups share a model singing."""
    similar = {name.casefold(): name for name in files}
    present: dict[str, File] = {}
    missing = []
    for one in named:
        file = files.get(one.file_name)
        if file is not None:
            present[file.name] = file
            continue
        hint = similar.get(one.file_name.casefold())
        other = f"（有大小写不同的 {hint}，请改成一致）" if hint else ""
        missing.append(one.problem(f"视频文件夹里没有 {one.file_name}{other}"))
    return Matched(list(present.values()), missing, sorted(files.keys() - present.keys()))


def unusable_files(named: Iterable[Named], problems: Mapping[str, str]) -> list[Problem]:
    return [
        one.problem(f"{one.file_name} 不能使用：{problems[one.file_name]}")
        for one in named
        if one.file_name in problems
    ]


def same_videos(rows: Iterable[PerformanceRow], videos: Mapping[str, int]) -> list[Problem]:
    """Two performances with the very same recording: one of the files is likely a mistake."""
    first: dict[int, PerformanceRow] = {}
    found = []
    for row in rows:
        video_id = videos.get(row.file_name)
        if video_id is None:
            continue
        other = first.setdefault(video_id, row)
        if other is not row:
            found.append(
                _named(row).problem(
                    f"{row.file_name} 与第 {other.row} 行 {other.file_name} 的内容相同"
                )
            )
    return found
