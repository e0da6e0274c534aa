"""What is wrong or doubtful in the sheets, named by sheet, row and column."""

from collections import Counter
from dataclasses import dataclass, field

SHOWN_PER_SHEET = 200
"""More of one sheet are only counted: nobody reads 100,000 lines."""


@dataclass(frozen=True, slots=True)
class Problem:
    sheet: str
    row: int | None
    """As the spreadsheet numbers it; None where it concerns the whole sheet."""
    column: str
    text: str

    def __str__(self) -> str:
        row = f" 第 {self.row} 行" if self.row else ""
        column = f"「{self.column}」" if self.column else ""
        return f"{self.sheet}{row}{column}：{self.text}"


@dataclass(slots=True)
class Findings:
    """Problems stop an import, warnings do not; of each only the first of a sheet are kept."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    _problem_counts: Counter[str] = field(default_factory=Counter)
    _warning_counts: Counter[str] = field(default_factory=Counter)

    def problem(self, sheet: str, row: int | None, column: str, text: str) -> None:
        _add(self.problems, self._problem_counts, Problem(sheet, row, column, text))

    def warn(self, sheet: str, row: int | None, column: str, text: str) -> None:
        _add(self.warnings, self._warning_counts, Problem(sheet, row, column, text))

    @property
    def problem_count(self) -> int:
        return self._problem_counts.total()

    def problem_lines(self) -> list[str]:
        return _lines(self.problems, self._problem_counts)

    def warning_lines(self) -> list[str]:
        return _lines(self.warnings, self._warning_counts)


def _add(kept: list[Problem], counts: Counter[str], problem: Problem) -> None:
    counts[problem.sheet] += 1
    if counts[problem.sheet] <= SHOWN_PER_SHEET:
        kept.append(problem)


def _lines(kept: list[Problem], counts: Counter[str]) -> list[str]:
    lines = [str(problem) for problem in kept]
    for sheet, count in counts.items():
        if count > SHOWN_PER_SHEET:
            lines.append(f"{sheet}：还有 {count - SHOWN_PER_SHEET} 处，未逐条列出")
    return lines
