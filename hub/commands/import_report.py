"""What an import tells the person at the terminal: problems, warnings, videos, progress."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hub.sheets.findings import Findings, Problem
from hub.sheets.results import Cell, OutTable, write_tables
from hub.work.check_media import Examined

_MEDIA_SHOWN = 30
_HEADER = ("类别", "工作表", "行", "列", "内容")


@dataclass(slots=True)
class Report:
    target: Path | None
    """A file for the whole list."""
    findings: list[Findings] = field(default_factory=list)
    media: list[Problem] = field(default_factory=list)
    """Performances that are left without a video, or with a doubtful one."""
    notices: list[str] = field(default_factory=list)

    def add(self, findings: Findings) -> None:
        self.findings.append(findings)

    def refuse(self) -> int:
        """Says why nothing was imported; the command's exit code."""
        self.finish()
        count = sum(findings.problem_count for findings in self.findings)
        if count:
            _say(f"有 {count} 处问题，没有导入任何数据。请改正后再导入一次。")
        else:
            _say(f"有 {len(self.media)} 份作品的视频有问题，按 --strict 没有导入。")
        return 1

    def finish(self) -> None:
        for findings in self.findings:
            _list("问题", findings.problem_lines())
            _list("提醒", findings.warning_lines())
        shown = [str(problem) for problem in self.media[:_MEDIA_SHOWN]]
        if len(self.media) > _MEDIA_SHOWN:
            shown.append(
                f"还有 {len(self.media) - _MEDIA_SHOWN} 处，未逐条列出（可用 --report 写入文件）"
            )
        _list("视频", shown)
        _list("说明", self.notices)
        if self.target is not None:
            write_tables(self.target, [OutTable("导入报告", _HEADER, self._rows())])
            _say(f"全部问题已写入 {self.target}")

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        for findings in self.findings:
            yield from (_row("问题", problem) for problem in findings.problems)
            yield from (_row("提醒", problem) for problem in findings.warnings)
        yield from (_row("视频", problem) for problem in self.media)
        yield from (("说明", "", None, "", notice) for notice in self.notices)


def show_progress(batches: Iterable[list[Examined]], total: int) -> Iterator[list[Examined]]:
    """Passes the batches on, and says after each how fast it goes and how long it will take."""
    started = time.monotonic()
    done = bad = 0
    for batch in batches:
        yield batch
        done += len(batch)
        bad += sum(1 for one in batch if one.problem)
        rate = done / max(time.monotonic() - started, 0.001)
        _say(
            f"视频检查 {done}/{total}，不能用 {bad} 个，每秒 {rate:.1f} 个，"
            f"预计还需 {_minutes((total - done) / rate)}"
        )


def show_sent(count: int) -> None:
    _say(f"已上传到对象存储 {count} 个视频")


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} 秒" if seconds < 90 else f"{seconds / 60:.0f} 分钟"


def _row(kind: str, problem: Problem) -> tuple[Cell, ...]:
    return (kind, problem.sheet, problem.row, problem.column, problem.text)


def _list(kind: str, lines: Iterable[str]) -> None:
    for line in lines:
        _say(f"[{kind}] {line}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
