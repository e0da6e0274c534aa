"""The agreement rule: what holds whatever the marks and the policy are."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rules.agreement import Decision, Given, Verdict, judge
from shared.rules.policy import Policy
from shared.rules.rubric import ALL_CRITERIA, CRITERIA, Criterion, MarkException

policies = st.builds(
    Policy,
    tolerance=st.integers(0, 2),
    combine=st.sampled_from(["higher", "lower", "mean"]),
    three_distinct=st.sampled_from(["leader", "median"]),
)
whole = st.fixed_dictionaries({c: st.integers(0, 3) for c in CRITERIA})
partial = st.dictionaries(st.sampled_from(CRITERIA), st.integers(0, 3))
exceptions = st.sampled_from(MarkException).map(lambda e: Given({}, e))
early_marks = whole.map(lambda levels: Given(levels, None)) | exceptions
late_marks = partial.map(lambda levels: Given(levels, None)) | exceptions
records = st.fixed_dictionaries(
    {1: early_marks, 2: early_marks}, optional={3: late_marks, 4: late_marks}
)


@settings(max_examples=100, deadline=None)
@given(records, policies)
def test_a_verdict_is_final_or_names_what_comes_next(
    marks: dict[int, Given], policy: Policy
) -> None:
    verdict = judge(marks, policy)
    assert verdict.is_final == (verdict.next_round is None)
    assert verdict.next_round in (None, 3, 4)
    assert bool(verdict.criteria) == (not verdict.is_final)
    assert (verdict.exception is None) == (not verdict.exception_rounds)
    if verdict.exception is None:
        assert verdict.decided.keys() | verdict.criteria == ALL_CRITERIA
        assert not verdict.decided.keys() & verdict.criteria
    else:
        assert verdict.is_final and not verdict.decided


@settings(max_examples=100, deadline=None)
@given(records, policies)
def test_the_same_marks_in_any_order_give_the_same_verdict(
    marks: dict[int, Given], policy: Policy
) -> None:
    backwards = dict(reversed(marks.items()))
    assert judge(marks, policy) == judge(backwards, policy)


@settings(max_examples=100, deadline=None)
@given(records, policies)
def test_rounds_1_and_2_weigh_the_same(marks: dict[int, Given], policy: Policy) -> None:
    assert judge({**marks, 1: marks[2], 2: marks[1]}, policy) == _swapped(judge(marks, policy))


def _swapped(verdict: Verdict) -> Verdict:
    """The same verdict with rounds 1 and 2 named the other way round."""
    other = {1: 2, 2: 1, 3: 3, 4: 4}

    def renamed(rounds: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(other[r] for r in rounds))

    return Verdict(
        {c: Decision(d.level, renamed(d.rounds), d.rule) for c, d in verdict.decided.items()},
        verdict.exception,
        renamed(verdict.exception_rounds),
        verdict.next_round,
        verdict.criteria,
        verdict.is_final,
    )


@settings(max_examples=100, deadline=None)
@given(records, late_marks, policies)
def test_the_next_mark_never_changes_what_is_decided(
    marks: dict[int, Given], late: Given, policy: Policy
) -> None:
    before = judge(marks, policy)
    number = before.next_round
    if number is None or number in marks:
        return
    after = judge({**marks, number: late}, policy)
    if after.exception is None:
        assert _contains(after.decided, before.decided)
        assert after.criteria <= before.criteria


def _contains(larger: Mapping[Criterion, Decision], smaller: Mapping[Criterion, Decision]) -> bool:
    return all(larger.get(criterion) == decision for criterion, decision in smaller.items())


@settings(max_examples=100, deadline=None)
@given(records, policies)
def test_every_level_lies_among_those_of_the_rounds_that_decided(
    marks: dict[int, Given], policy: Policy
) -> None:
    for criterion, decision in judge(marks, policy).decided.items():
        given_levels = [marks[r].levels[criterion] for r in decision.rounds]
        assert min(given_levels) <= decision.level <= max(given_levels)
        if policy.combine != "mean":
            assert decision.level in given_levels
        if policy.tolerance == 0:
            assert decision.level.denominator == 1


@settings(max_examples=100, deadline=None)
@given(records, whole, policies)
def test_a_leader_who_marks_everything_always_ends_it(
    marks: dict[int, Given], levels: dict[Criterion, int], policy: Policy
) -> None:
    assert judge({**marks, 4: Given(levels, None)}, policy).is_final
