"""The agreement rule: what the counted marks of a performance settle, and what is next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import cache

from shared.rules.policy import Policy
from shared.rules.rubric import ALL_CRITERIA, CRITERIA, Criterion, Levels, MarkException


@dataclass(frozen=True, slots=True)
class Given:
    """One counted mark, as the rule sees it."""

    levels: Levels
    """Empty when it is an exception."""
    exception: MarkException | None
    """None when it counts as levels."""


class Rule(StrEnum):
    """Why a criterion has its final level."""

    AGREED = "agreed"
    """Rounds 1 and 2 agree."""
    CLOSEST = "closest"
    """Round 3 agrees with one of the earlier rounds, or is closer to it."""
    THIRD = "third"
    """Round 3 agrees with both equally well: its own level."""
    MEDIAN = "median"
    """Three different levels two apart: the one in the middle."""
    LEADER = "leader"
    """Round 4."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The final level of one criterion."""

    level: Fraction
    rounds: tuple[int, ...]
    """Who decided."""
    rule: Rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the marks so far amount to."""

    decided: dict[Criterion, Decision] = field(default_factory=dict)
    exception: MarkException | None = None
    """A confirmed exception: an outcome without levels."""
    exception_rounds: tuple[int, ...] = ()
    next_round: int | None = None
    """3 or 4 when a further mark is needed."""
    criteria: frozenset[Criterion] = frozenset()
    """What that round has to mark."""
    is_final: bool = False
    """Nothing more to mark; False while rounds 1 and 2 are missing."""


def as_given(levels: Levels, exception: MarkException | None, policy: Policy) -> Given:
    """How a mark counts: an incomplete recording that was marked all the same counts as levels."""
    is_scored = exception is MarkException.INCOMPLETE and policy.incomplete_may_be_scored
    if exception is None or (is_scored and levels):
        return Given(levels, None)
    return Given({}, exception)


def judge(given: Mapping[int, Given], policy: Policy) -> Verdict:
    """The verdict on the marks of rounds 1-4: the same marks always give the same verdict."""
    if 1 not in given or 2 not in given:
        return Verdict()
    before = _without_leader({r: given[r] for r in (1, 2, 3) if r in given}, policy)
    if before.is_final or 4 not in given:
        return before
    return _with_leader(before, given[4])


def _with_leader(before: Verdict, fourth: Given) -> Verdict:
    """Round 4 decides what was open, and nothing else."""
    if fourth.exception is not None:
        return Verdict(exception=fourth.exception, exception_rounds=(4,), is_final=True)
    decided = dict(before.decided)
    for criterion in before.criteria & fourth.levels.keys():
        decided[criterion] = Decision(Fraction(fourth.levels[criterion]), (4,), Rule.LEADER)
    return _verdict(decided, next_round=4)


def _without_leader(given: Mapping[int, Given], policy: Policy) -> Verdict:
    """The verdict on rounds 1 and 2, and 3 when it is there."""
    scored = {number: mark.levels for number, mark in given.items() if mark.exception is None}
    if 3 not in given:
        if len(scored) == 2:
            return _verdict(_settle(scored, policy), next_round=3)
        is_same = given[1].exception == given[2].exception
        return _verdict({}, next_round=4 if is_same else 3)
    if confirmed := _two_alike(given):
        return Verdict(
            exception=given[confirmed[0]].exception, exception_rounds=confirmed, is_final=True
        )
    if len(scored) < 2:
        return _verdict({}, next_round=4)
    return _verdict(_settle(scored, policy), next_round=4)


def _two_alike(given: Mapping[int, Given]) -> tuple[int, ...]:
    """The rounds that gave the same exception, when at least two did."""
    for exception in MarkException:
        rounds = tuple(r for r in sorted(given) if given[r].exception is exception)
        if len(rounds) > 1:
            return rounds
    return ()


def _verdict(decided: Mapping[Criterion, Decision], next_round: int) -> Verdict:
    """A verdict whose open criteria, if any, go to the next round."""
    in_order = {c: decided[c] for c in CRITERIA if c in decided}
    open_criteria = ALL_CRITERIA - decided.keys()
    if not open_criteria:
        return Verdict(in_order, is_final=True)
    return Verdict(in_order, next_round=next_round, criteria=open_criteria)


def _settle(scored: Mapping[int, Levels], policy: Policy) -> dict[Criterion, Decision]:
    """Each criterion on its own, among the rounds that gave levels."""
    decided = {}
    decide, marks = _decisions(policy), sorted(scored.items())
    for criterion in CRITERIA:
        levels = tuple([(r, of[criterion]) for r, of in marks if criterion in of])
        if decision := decide(levels):
            decided[criterion] = decision
    return decided


@cache
def _decisions(policy: Policy) -> Callable[[tuple[tuple[int, int], ...]], Decision | None]:
    """The decision for (round, level) of each mark: there are few, and each is needed often."""
    return cache(lambda levels: _settle_one(dict(levels), policy))


def _settle_one(levels: Mapping[int, int], policy: Policy) -> Decision | None:
    """The decision on one criterion from its levels by round; None while it is open."""
    if _agree(levels, (1, 2), policy):
        return Decision(_combine(levels[1], levels[2], policy), (1, 2), Rule.AGREED)
    pairs = [pair for pair in ((1, 3), (2, 3)) if _agree(levels, pair, policy)]
    if not pairs:
        return _median(levels, policy)
    if len(pairs) == 2 and _gap(levels, pairs[0]) == _gap(levels, pairs[1]):
        return Decision(Fraction(levels[3]), (3,), Rule.THIRD)
    closest = min(pairs, key=lambda pair: _gap(levels, pair))
    level = _combine(levels[closest[0]], levels[closest[1]], policy)
    return Decision(level, closest, Rule.CLOSEST)


def _agree(levels: Mapping[int, int], pair: tuple[int, int], policy: Policy) -> bool:
    return levels.keys() >= set(pair) and _gap(levels, pair) <= policy.tolerance


def _gap(levels: Mapping[int, int], pair: tuple[int, int]) -> int:
    return abs(levels[pair[0]] - levels[pair[1]])


def _combine(one: int, other: int, policy: Policy) -> Fraction:
    """The level of two marks that agree; never a binary float."""
    if policy.combine == "mean":
        return Fraction(one + other, 2)
    return Fraction(max(one, other) if policy.combine == "higher" else min(one, other))


def _median(levels: Mapping[int, int], policy: Policy) -> Decision | None:
    """Three different levels, where the policy takes the one in the middle."""
    if policy.three_distinct != "median" or policy.tolerance or len(levels) < 3:
        return None
    low, middle, high = sorted(levels.values())
    if high - low != 2:
        return None
    return Decision(Fraction(middle), tuple(sorted(levels)), Rule.MEDIAN)
