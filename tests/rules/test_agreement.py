"""The agreement rule, in tables of cases."""

from fractions import Fraction
from typing import Literal

import pytest

from shared.rules.agreement import Decision, Given, Rule, Verdict, as_given, judge
from shared.rules.policy import Policy
from shared.rules.rubric import (
    ALL_CRITERIA,
    CRITERIA,
    Criterion,
    MarkException,
    levels_from_text,
)

DEFAULT = Policy()
A, B, C = MarkException.NO_PICTURE, MarkException.INCOMPLETE, MarkException.OFF_TOPIC
PITCH, RHYTHM = Criterion.PITCH, Criterion.RHYTHM


def mark(said: str | MarkException) -> Given:
    """A mark from six characters, or from an exception."""
    if isinstance(said, MarkException):
        return Given({}, said)
    return Given(levels_from_text(said), None)


def judged(*said: str | MarkException | None, policy: Policy = DEFAULT) -> Verdict:
    """The verdict on rounds 1, 2, 3, 4 in this order; None where a round is missing."""
    return judge({n: mark(s) for n, s in enumerate(said, 1) if s is not None}, policy)


def on_overall(*levels: int, policy: Policy = DEFAULT) -> Decision | None:
    """What these levels of one criterion by round settle; the others always agree."""
    texts = [f"{levels[0]}22222", f"{levels[1]}22222", *(f"{x}-----" for x in levels[2:])]
    return judged(*texts, policy=policy).decided.get(Criterion.OVERALL)


# How it settles


def test_two_marks_that_agree_on_everything_settle_the_performance() -> None:
    verdict = judged("321012", "321012")
    assert verdict.is_final and verdict.next_round is None and not verdict.criteria
    assert verdict.decided[PITCH] == Decision(Fraction(2), (1, 2), Rule.AGREED)
    assert list(verdict.decided) == list(CRITERIA)


def test_only_the_criteria_in_dispute_go_to_round_3() -> None:
    verdict = judged("321012", "311022")
    assert not verdict.is_final and verdict.next_round == 3
    assert verdict.criteria == {PITCH, RHYTHM}
    assert verdict.decided.keys() == ALL_CRITERIA - {PITCH, RHYTHM}


@pytest.mark.parametrize("said", [(), ("333333",), (None, "333333"), (A,), (None, None, "333333")])
def test_nothing_is_said_before_both_of_rounds_1_and_2_are_there(
    said: tuple[str | MarkException | None, ...],
) -> None:
    assert judged(*said) == Verdict()


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((2, 2), Decision(Fraction(2), (1, 2), Rule.AGREED)),
        ((2, 1), None),
        ((2, 1, 2), Decision(Fraction(2), (1, 3), Rule.CLOSEST)),
        ((2, 1, 1), Decision(Fraction(1), (2, 3), Rule.CLOSEST)),
        ((2, 1, 0), None),
        ((2, 2, 3), Decision(Fraction(2), (1, 2), Rule.AGREED)),
        ((2, 1, 0, 3), Decision(Fraction(3), (4,), Rule.LEADER)),
        ((2, 1, 1, 2), Decision(Fraction(1), (2, 3), Rule.CLOSEST)),
        ((2, 2, 3, 3), Decision(Fraction(2), (1, 2), Rule.AGREED)),
    ],
)
def test_one_criterion_without_tolerance(
    levels: tuple[int, ...], expected: Decision | None
) -> None:
    assert on_overall(*levels) == expected


@pytest.mark.parametrize(
    ("combine", "levels", "expected"),
    [
        ("higher", (3, 2), Decision(Fraction(3), (1, 2), Rule.AGREED)),
        ("lower", (3, 2), Decision(Fraction(2), (1, 2), Rule.AGREED)),
        ("mean", (3, 2), Decision(Fraction(5, 2), (1, 2), Rule.AGREED)),
        ("mean", (1, 1), Decision(Fraction(1), (1, 2), Rule.AGREED)),
        ("mean", (3, 1), None),
        ("mean", (3, 0, 1), Decision(Fraction(1, 2), (2, 3), Rule.CLOSEST)),
        ("lower", (0, 3, 2), Decision(Fraction(2), (2, 3), Rule.CLOSEST)),
        ("higher", (3, 1, 2), Decision(Fraction(2), (3,), Rule.THIRD)),
        ("higher", (3, 1, 1), Decision(Fraction(1), (2, 3), Rule.CLOSEST)),
        ("mean", (0, 2, 3), Decision(Fraction(5, 2), (2, 3), Rule.CLOSEST)),
    ],
)
def test_one_criterion_with_tolerance_1(
    combine: Literal["higher", "lower", "mean"],
    levels: tuple[int, ...],
    expected: Decision | None,
) -> None:
    assert on_overall(*levels, policy=Policy(tolerance=1, combine=combine)) == expected


def test_the_closest_pair_settles_when_round_3_is_within_tolerance_of_both() -> None:
    policy = Policy(tolerance=2, combine="lower")
    assert on_overall(3, 0, 2, policy=policy) == Decision(Fraction(2), (1, 3), Rule.CLOSEST)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((3, 1, 2), Decision(Fraction(2), (1, 2, 3), Rule.MEDIAN)),
        ((0, 1, 2), Decision(Fraction(1), (1, 2, 3), Rule.MEDIAN)),
        ((0, 1, 3), None),
        ((0, 3, 2), None),
    ],
)
def test_the_median_policy_settles_three_levels_two_apart_only(
    levels: tuple[int, ...], expected: Decision | None
) -> None:
    assert on_overall(*levels, policy=Policy(three_distinct="median")) == expected


def test_what_round_3_leaves_open_goes_to_the_leader_alone() -> None:
    verdict = judged("321012", "311022", "-0--2-")
    assert verdict.next_round == 4 and verdict.criteria == {PITCH}
    final = judged("321012", "311022", "-0--2-", "-3----")
    assert final.is_final
    assert final.decided[PITCH] == Decision(Fraction(3), (4,), Rule.LEADER)
    assert final.decided[RHYTHM] == Decision(Fraction(2), (2, 3), Rule.CLOSEST)


def test_a_level_missing_in_round_3_goes_to_round_4() -> None:
    verdict = judged("321012", "311022", "-2----")
    assert verdict.next_round == 4 and verdict.criteria == {RHYTHM}


def test_a_level_missing_in_round_4_stays_with_round_4() -> None:
    verdict = judged("321012", "311022", "-0--0-", "-2----")
    assert verdict.next_round == 4 and verdict.criteria == {RHYTHM} and not verdict.is_final


def test_a_later_mark_counts_for_nothing_once_rounds_1_and_2_agree_after_a_revision() -> None:
    settled = judged("321012", "321012")
    assert judged("321012", "321012", "-1----") == settled
    assert judged("321012", "321012", "-1----", "-0----") == settled
    assert judged("321012", "321012", None, A) == settled


def test_a_leader_who_marked_before_a_revision_reopened_it_still_settles() -> None:
    verdict = judged("321012", "311012", None, "333333")
    assert verdict.is_final
    assert verdict.decided[PITCH] == Decision(Fraction(3), (4,), Rule.LEADER)
    assert verdict.decided[RHYTHM] == Decision(Fraction(1), (1, 2), Rule.AGREED)


# Exceptions


@pytest.mark.parametrize(
    ("said", "next_round"),
    [
        ((A, A), 4),
        ((A, B), 3),
        ((A, "333333"), 3),
        (("333333", A), 3),
        ((A, B, C), 4),
        ((A, B, "333333"), 4),
        ((A, "333333", B), 4),
        (("333333", A, B), 4),
    ],
)
def test_exceptions_that_do_not_agree_leave_everything_open(
    said: tuple[str | MarkException, ...], next_round: int
) -> None:
    verdict = judged(*said)
    assert verdict.next_round == next_round and verdict.criteria == ALL_CRITERIA
    assert not verdict.decided and verdict.exception is None and not verdict.is_final


@pytest.mark.parametrize(
    ("said", "rounds"),
    [
        ((A, "333333", A), (1, 3)),
        (("333333", A, A), (2, 3)),
        ((A, B, A), (1, 3)),
        ((B, A, A), (2, 3)),
        ((A, A, A), (1, 2, 3)),
        ((A, A, None, A), (4,)),
        ((B, C, "333333", A), (4,)),
        (("333333", "222222", "111111", A), (4,)),
    ],
)
def test_a_confirmed_exception_is_an_outcome_without_levels(
    said: tuple[str | MarkException | None, ...], rounds: tuple[int, ...]
) -> None:
    verdict = judged(*said)
    assert verdict == Verdict(exception=A, exception_rounds=rounds, is_final=True)


def test_the_two_that_gave_levels_settle_what_they_agree_on_and_the_leader_the_rest() -> None:
    verdict = judged(A, "321012", "321010")
    assert verdict.next_round == 4 and verdict.criteria == {Criterion.FLUENCY}
    assert verdict.decided[PITCH] == Decision(Fraction(2), (2, 3), Rule.CLOSEST)
    third_excepts = judged("321012", "321010", A)
    assert third_excepts.next_round == 4 and third_excepts.criteria == {Criterion.FLUENCY}
    assert third_excepts.decided[PITCH] == Decision(Fraction(2), (1, 2), Rule.AGREED)
    assert judged("321012", A, "321012").is_final


def test_a_leader_who_gives_levels_overrules_the_same_exception_twice() -> None:
    verdict = judged(A, A, None, "321012")
    assert verdict.is_final and verdict.exception is None
    assert {d.rule for d in verdict.decided.values()} == {Rule.LEADER}


def test_a_leaders_exception_takes_back_what_was_settled() -> None:
    verdict = judged("321012", "311012", "-0----", B)
    assert verdict == Verdict(exception=B, exception_rounds=(4,), is_final=True)


def test_an_incomplete_recording_with_levels_counts_as_levels_where_the_policy_allows() -> None:
    levels = levels_from_text("321012")
    assert as_given(levels, B, DEFAULT) == Given(levels, None)
    assert as_given({}, B, DEFAULT) == Given({}, B)
    assert as_given(levels, B, Policy(incomplete_may_be_scored=False)) == Given({}, B)
    assert as_given(levels, A, DEFAULT) == Given({}, A)
    assert as_given(levels, None, DEFAULT) == Given(levels, None)
