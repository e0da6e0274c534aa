"""Finds the file of each performance, and says which performances are left without a video."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.sheets.exam_sheets import PerformanceRow
from hub.sheets.findings import Problem
from hub.sheets.layout import PERFORMANCES
from hub.work.check_media import File

_COLUMN = "文件名"


@dataclass(frozen=True, slots=True)
class Matched:
    present: list[File]
    missing: list[Problem]
    unnamed: list[str]
    """Files of the folder that no performance names."""


def match_files(rows: Iterable[PerformanceRow], files: Mapping[str, File]) -> Matched:
    similar = {name.casefold(): name for name in files}
    present, missing = [], []
    unnamed = set(files)
    for row in rows:
        file = files.get(row.file_name)
        if file is not None:
            present.append(file)
            unnamed.discard(file.name)
            continue
        hint = similar.get(row.file_name.casefold())
        other = f"（有大小写不同的 {hint}，请改成一致）" if hint else ""
        missing.append(_problem(row, f"视频文件夹里没有 {row.file_name}{other}"))
    return Matched(present, missing, sorted(unnamed))


def unusable_files(rows: Iterable[PerformanceRow], problems: Mapping[str, str]) -> list[Problem]:
    return [
        _problem(row, f"{row.file_name} 不能使用：{problems[row.file_name]}")
        for row in rows
        if row.file_name in problems
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
                _problem(row, f"{row.file_name} 与第 {other.row} 行 {other.file_name} 的内容相同")
            )
    return found


def _problem(row: PerformanceRow, text: str) -> Problem:
    return Problem(PERFORMANCES, row.row, _COLUMN, text)
