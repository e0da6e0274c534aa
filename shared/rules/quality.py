"""What is measured of marking, with definitions and least counts, and what calls for a look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from shared.rules.statistics import (
    Figure,
    figure_of_mean,
    figure_of_share,
    median,
    quadratic_kappa,
)

LAST = 20
"""The marks that the windows of heard share and of speed look at."""


class Measure(StrEnum):
    EXACT = "exact"
    ADJACENT = "adjacent"
    KAPPA = "kappa"
    SEVERITY = "severity"
    LOST = "lost"
    STRAIGHT = "straight"
    SPENT = "spent"
    HEARD = "heard"
    REVISED = "revised"

    @property
    def label(self) -> str:
        return _WORDS[self][0]

    @property
    def definition(self) -> str:
        return _WORDS[self][1]

    @property
    def least(self) -> int:
        """Below this count the measure says nothing."""
        return 10 if self is Measure.LOST else 20


_WORDS = {
    Measure.EXACT: (
        "完全一致率",
        "同一作品1评与2评在同一维度上分值相同的比例，六个维度合计；区间按作品数计算（Wilson，95%）。",
    ),
    Measure.ADJACENT: ("相邻一致率", "1评与2评分值相差不超过 1 的比例，口径同完全一致率。"),
    Measure.KAPPA: (
        "加权 Kappa",
        "二次加权 Cohen Kappa：去掉偶然一致之后的一致程度，1 为完全一致，0 为与随机无异。",
    ),
    Measure.SEVERITY: (
        "宽严度",
        "本人分值减去同一作品另一位教师分值的平均差（1评、2评之间）；正数偏松，负数偏严。",
    ),
    Measure.LOST: (
        "争议落败率",
        "与另一评不一致、且已有终评分值的维度中，终评分值与本人不同的比例。",
    ),
    Measure.STRAIGHT: ("六项同分率", "六个维度给出同一分值的评分，占六项齐全评分的比例。"),
    Measure.SPENT: ("用时中位数", "每份首次评分从打开到提交的秒数的中位数。"),
    Measure.HEARD: ("收听比例", "每份首次评分时实际收看的时长占视频时长的平均比例。"),
    Measure.REVISED: ("修改率", "提交之后又由本人修改过的评分所占的比例。"),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Between the two marks of rounds 1 and 2, over the same performances."""

    exact: Figure
    adjacent: Figure
    kappa: Figure
    severity: Figure
    table: Mapping[tuple[int, int], int]
    """How often (own level, other's level) was given."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two marks of one performance beside each other."""

    places: tuple[int, ...]
    """Of the criteria that both have, in the order of CRITERIA."""
    cells: tuple[int, ...]
    """For each of them 4 * own level + other level."""
    apart: float
    """The mean of own minus other."""


@lru_cache(maxsize=65_536)
def compare(own: str, other: str) -> Compared | None:
    """None where they have no criterion in common."""
    both = [
        (place, int(a), int(b))
        for place, (a, b) in enumerate(zip(own, other, strict=True))
        if a != "-" != b
    ]
    if not both:
        return None
    return Compared(
        tuple(place for place, _, _ in both),
        tuple(4 * a + b for _, a, b in both),
        sum(a - b for _, a, b in both) / len(both),
    )


@dataclass(slots=True)
class Lean:
    """Own minus other, one observation a performance."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, apart: float) -> None:
        self.n += 1
        self.total += apart
        self.squares += apart * apart

    def figure(self, least: int) -> Figure:
        return figure_of_mean(self.total, self.squares, self.n, least)


@dataclass(slots=True)
class Tally:
    """Counts of pairs, from which all of an agreement follows."""

    cells: list[int] = field(default_factory=lambda: [0] * 16)
    lean: Lean = field(default_factory=Lean)

    def add(self, compared: Compared) -> None:
        for cell in compared.cells:
            self.cells[cell] += 1
        self.lean.add(compared.apart)

    def add_cell(self, cell: int) -> None:
        """One criterion alone."""
        self.cells[cell] += 1
        self.lean.add(cell // 4 - cell % 4)

    def merge(self, other: "Tally") -> None:
        self.cells = [a + b for a, b in zip(self.cells, other.cells, strict=True)]
        self.lean.n += other.lean.n
        self.lean.total += other.lean.total
        self.lean.squares += other.lean.squares


def agreement(tally: Tally, least: int = Measure.EXACT.least) -> Agreement:
    """Each performance is one observation: six criteria of one singer are not six."""
    table = {(cell // 4, cell % 4): count for cell, count in enumerate(tally.cells) if count}
    every, n = sum(table.values()), tally.lean.n
    exact = sum(count for (a, b), count in table.items() if a == b)
    near = sum(count for (a, b), count in table.items() if abs(a - b) <= 1)
    part = n / every if every else 0.0
    return Agreement(
        exact=figure_of_share(exact * part, n, least),
        adjacent=figure_of_share(near * part, n, least),
        kappa=quadratic_kappa(table, n, least),
        severity=tally.lean.figure(least),
        table=table,
    )


@dataclass(slots=True)
class Disputes:
    """Criteria in which someone was not agreed with, and that are decided by now."""

    decided: int = 0
    lost: int = 0

    def add(self, own: str, final: Sequence[str | None], rules: Sequence[str | None]) -> None:
        """`final` and `rules` in the order of CRITERIA; None where nothing is decided yet."""
        for level, decided, rule in zip(own, final, rules, strict=True):
            if level == "-" or decided is None or rule == "agreed":
                continue
            self.decided += 1
            self.lost += level != decided

    @property
    def figure(self) -> Figure:
        return figure_of_share(self.lost, self.decided, Measure.LOST.least)


@dataclass(slots=True)
class Habits:
    """How someone works, mark by mark in the order of time."""

    spent_ms: list[int] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)
    """Time spent as a multiple of the video's length."""
    full: int = 0
    straight: int = 0
    counted: int = 0
    revised: int = 0

    def add_first(self, spent_ms: int, heard_percent: int, duration_ms: int) -> None:
        """A mark as it was given first: a revision hears nothing anew."""
        self.spent_ms.append(spent_ms)
        self.heard.append(heard_percent)
        if duration_ms > 0:
            self.paces.append(spent_ms / duration_ms)

    def add_standing(self, levels: str, *, is_revision: bool) -> None:
        """A mark as it counts now."""
        self.counted += 1
        self.revised += is_revision
        if "-" not in levels:
            self.full += 1
            self.straight += len(set(levels)) == 1

    @property
    def straight_share(self) -> Figure:
        return figure_of_share(self.straight, self.full, Measure.STRAIGHT.least)

    @property
    def revised_share(self) -> Figure:
        return figure_of_share(self.revised, self.counted, Measure.REVISED.least)

    @property
    def spent_s(self) -> Figure:
        n = len(self.spent_ms)
        return Figure(median(self.spent_ms) / 1000 if n >= Measure.SPENT.least else None, n)

    @property
    def heard_share(self) -> Figure:
        shares = [percent / 100 for percent in self.heard]
        squares = sum(share * share for share in shares)
        return figure_of_mean(sum(shares), squares, len(shares), Measure.HEARD.least)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Defaults; they call for a look and never lock anybody."""

    agreement_warn: float = 0.75
    agreement_bad: float = 0.65
    heard: float = 0.60
    pace_low: float = 0.6
    pace_high: float = 6.0
    straight: float = 0.90
    severity: float = 0.40


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Alert:
    tone: Literal["warn", "bad"]
    label: str
    text: str


def alerts(found: Agreement, habits: Habits, at: Thresholds = THRESHOLDS) -> list[Alert]:
    """What deserves a look at one marker, the gravest first."""
    raised = [*_agreement_alerts(found, at), *_window_alerts(habits, at)]
    straight = habits.straight_share.value
    if straight is not None and straight > at.straight:
        raised.append(Alert("warn", "同分", f"六项同分率 {straight:.0%}，高于 {at.straight:.0%}"))
    return sorted(raised, key=lambda alert: alert.tone != "bad")


def _agreement_alerts(found: Agreement, at: Thresholds) -> list[Alert]:
    raised: list[Alert] = []
    exact, lean = found.exact.value, found.severity.value
    if exact is not None and exact < at.agreement_bad:
        raised.append(Alert("bad", "一致", f"一致率 {exact:.1%}，低于 {at.agreement_bad:.0%}"))
    elif exact is not None and exact < at.agreement_warn:
        raised.append(Alert("warn", "一致", f"一致率 {exact:.1%}，低于 {at.agreement_warn:.0%}"))
    if lean is not None and abs(lean) > at.severity:
        word = "偏松" if lean > 0 else "偏严"
        raised.append(Alert("warn", word, f"宽严度 {lean:+.2f}，超过 ±{at.severity:.2f}"))
    return raised


def _window_alerts(habits: Habits, at: Thresholds) -> list[Alert]:
    raised: list[Alert] = []
    if len(habits.heard) >= LAST:
        heard = sum(habits.heard[-LAST:]) / LAST / 100
        if heard < at.heard:
            raised.append(
                Alert("warn", "收听", f"最近 {LAST} 份平均收听 {heard:.0%}，低于 {at.heard:.0%}")
            )
    if len(habits.paces) >= LAST:
        pace = sorted(habits.paces[-LAST:])[LAST // 2]
        if not at.pace_low <= pace <= at.pace_high:
            word = "过快" if pace < at.pace_low else "过慢"
            raised.append(
                Alert("warn", word, f"最近 {LAST} 份用时中位数为视频时长的 {pace:.1f} 倍")
            )
    return raised
