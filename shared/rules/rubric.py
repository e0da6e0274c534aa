"""The words of marking: criteria, levels, stages, rounds, exceptions."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache


class Criterion(StrEnum):
    OVERALL = "overall"
    PITCH = "pitch"
    EXPRESSION = "expression"
    LYRICS = "lyrics"
    RHYTHM = "rhythm"
    FLUENCY = "fluency"

    @property
    def label(self) -> str:
        return _CRITERION_LABELS[self]

    @property
    def bit(self) -> int:
        """This criterion's bit in a set of criteria kept as one integer."""
        return _BITS[self]


CRITERIA: tuple[Criterion, ...] = tuple(Criterion)
_BITS = {criterion: 1 << place for place, criterion in enumerate(CRITERIA)}
ALL_CRITERIA: frozenset[Criterion] = frozenset(CRITERIA)
_CRITERION_LABELS = dict(
    zip(CRITERIA, ("综合", "音准", "表现力", "歌词表达", "节奏", "流畅性"), strict=True)
)

LEVELS: tuple[int, ...] = (3, 2, 1, 0)
ROUNDS: tuple[int, ...] = (1, 2, 3, 4)

Levels = Mapping[Criterion, int]


class Stage(StrEnum):
    PRIMARY = "primary"
    MIDDLE = "middle"

    @property
    def label(self) -> str:
        return {"primary": "小学", "middle": "中学"}[self.value]


class MarkException(StrEnum):
    """标记: what a marker answers instead of levels."""

    NO_PICTURE = "no_picture"
    INCOMPLETE = "incomplete"
    OFF_TOPIC = "off_topic"

    @property
    def label(self) -> str:
        return _EXCEPTION_LABELS[self]


_EXCEPTION_LABELS = {
    MarkException.NO_PICTURE: "无图像",
    MarkException.INCOMPLETE: "答案图像不全",
    MarkException.OFF_TOPIC: "题文不符",
}


class Role(StrEnum):
    MARKER = "marker"
    LEADER = "leader"
    LEAD = "lead"
    TECHNICIAN = "technician"

    @property
    def label(self) -> str:
        return _ROLE_LABELS[self]


_ROLE_LABELS = {
    Role.MARKER: "阅卷教师",
    Role.LEADER: "学科组长",
    Role.LEAD: "学科负责人",
    Role.TECHNICIAN: "计算机技术人员",
}


def round_label(number: int) -> str:
    return f"{number}评"


def group_label(stage: Stage, item: str) -> str:
    """An item group as people write it, e.g. 中学音乐-选唱."""
    return f"{stage.label}音乐-{item}"


def to_mask(criteria: Iterable[Criterion]) -> int:
    mask = 0
    for criterion in criteria:
        mask |= _BITS[criterion]
    return mask


def from_mask(mask: int) -> tuple[Criterion, ...]:
    return tuple(c for c in CRITERIA if mask & c.bit)


def levels_to_text(levels: Levels) -> str:
    """Six characters in the order of CRITERIA, "-" where a criterion has no level."""
    return "".join([str(levels.get(c, "-")) for c in CRITERIA])


@lru_cache(maxsize=5_000)
def levels_from_text(text: str) -> Levels:
    """The opposite of levels_to_text; ValueError for anything it does not write."""
    if len(text) != len(CRITERIA) or not set(text) <= set("3210-"):
        raise ValueError(f"not six levels: {text!r}")
    return {c: int(ch) for c, ch in zip(CRITERIA, text, strict=True) if ch != "-"}
