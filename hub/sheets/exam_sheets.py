"""What the sheets say once they are checked; row numbers stay for later messages."""

from dataclasses import dataclass
from typing import Literal

from shared.rules.policy import Policy
from shared.rules.rubric import Criterion, Role, Stage


@dataclass(frozen=True, slots=True)
class ExamRow:
    name: str
    first_day: str
    last_day: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class GroupRow:
    row: int
    stage: Stage
    item: str
    position: int
    lyrics: str = ""
    model_file: str = ""
    """The model singing's, in the folder of videos."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    row: int
    phone: str
    name: str
    district: str
    role: Role
    scope: Stage | None
    capacity: int
    state: Literal["active", "disabled"]


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    row: int
    student: str
    school: str
    district: str
    stage: Stage
    item: str
    file_name: str


GroupKey = tuple[Stage, str]


@dataclass(frozen=True, slots=True)
class ExamSheets:
    exam: ExamRow
    groups: tuple[GroupRow, ...]
    rubrics: dict[GroupKey, dict[Criterion, dict[int, str]]]
    """Words per item group, criterion and level."""
    districts: tuple[str, ...]
    people: tuple[PersonRow, ...]
    performances: tuple[PerformanceRow, ...]
