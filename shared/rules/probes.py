"""Probes: reference clips and second looks at own marks, dealt in among a marker's tasks.

They measure how somebody marks and are never a mark: nothing is settled by them, and no load,
progress or result counts them. Their tasks have numbers of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, TypeVar

from shared.rules.quality import THRESHOLDS, Alert, Tally, Thresholds, agreement, compare
from shared.rules.statistics import Figure

PROBE_FROM = 2**40
"""No ordinary task ever has so high a number; a browser still counts exactly so far."""
BITS = 48
NOON = 13
"""Local hour at which the second half of a day begins."""
LEAST = 5
"""Below this count of probes nothing is said of anybody."""

One = TypeVar("One")

ProbeKind = Literal["reference", "repeat"]
EXPECTED_ROUND = 0
"""Round of the EarlierMark by which a told probe's expected levels travel."""


def is_probe(task_id: int) -> bool:
    return task_id >= PROBE_FROM


def probe_id(seed: str, account_id: int, kind: ProbeKind, performance_id: int) -> int:
    """The same again from the same seed: a hub put back in time hands out the same numbers."""
    return PROBE_FROM + _point(f"{seed}:{kind}:{account_id}:{performance_id}", BITS)


def alias(seed: str, account_id: int, code: str) -> str:
    """A code like any other of the group, so that nobody knows the performance again by it."""
    prefix = code.rpartition("-")[0]
    digits = f"{_point(f'{seed}:alias:{account_id}:{code}', 24):06X}"
    return f"{prefix}-{digits}" if prefix else digits


def place(seed: str, probe: int, among: int) -> int:
    """From 0 below `among`, as good as at random."""
    return _point(f"{seed}:place:{probe}", BITS) % among


def _point(text: str, bits: int) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> (64 - bits)


def half_day_start(local: datetime) -> datetime:
    """Of the half-day that a moment, in local time, belongs to."""
    return local.replace(hour=NOON if local.hour >= NOON else 0, minute=0, second=0, microsecond=0)


def deal_in(
    tasks: Sequence[One], references: Sequence[One], since: int | None, every: int
) -> list[One]:
    """References among tasks: the first of a half-day, and one in `every`.

    `since`: ordinary marks since the last reference of this half-day or, where there was none,
    since it began; None while nothing was marked in it. Never one after the last task.
    """
    dealt: list[One] = []
    left = list(references) if every > 0 else []
    for task in tasks:
        if left and (since is None or since >= every - 1):
            dealt.append(left.pop(0))
            since = 0
        dealt.append(task)
        since = (since or 0) + 1
    return dealt


def repeats_due(marks: int, given: int, percent: int) -> int:
    """How many more second looks somebody with so many marks is to be asked for."""
    return max(0, marks * percent // 100 - given)


@dataclass(frozen=True, slots=True)
class Probed:
    """How one marker, or a city, stands to what was expected."""

    reference: Figure
    """Share of criteria with the experts' level."""
    lean: Figure
    """Own minus experts' level."""
    repeat: Figure
    """Share of criteria with the own earlier level."""


def probed(references: Sequence[tuple[str, str]], repeats: Sequence[tuple[str, str]]) -> Probed:
    """Of pairs (levels given, levels expected)."""
    found, again = _tally(references), _tally(repeats)
    reference = agreement(found, LEAST)
    return Probed(reference.exact, reference.severity, agreement(again, LEAST).exact)


def _tally(pairs: Sequence[tuple[str, str]]) -> Tally:
    tally = Tally()
    for given, expected in pairs:
        if (compared := compare(given, expected)) is not None:
            tally.add(compared)
    return tally


def probe_alerts(found: Probed, at: Thresholds = THRESHOLDS) -> list[Alert]:
    raised = []
    for label, figure in (("标准卷", found.reference), ("自我一致", found.repeat)):
        if figure.value is None or figure.value >= at.agreement_warn:
            continue
        is_bad = figure.value < at.agreement_bad
        limit = at.agreement_bad if is_bad else at.agreement_warn
        text = f"{label}一致率 {figure.value:.1%}，低于 {limit:.0%}"
        raised.append(Alert("bad" if is_bad else "warn", label, text))
    return raised
