"""Works that come later: dealt by the same rules, and loads end as even as they can be."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.rules.allocation import Dealt, Hand, Work, deal, preflight
from shared.rules.policy import Policy
from shared.rules.supplement import Holder, deal_more, preflight_more

TOGETHER = Policy(placement="together")


def some_works(count: int, districts: int, first: int = 0) -> list[Work]:
    return [Work(first + i, i % districts) for i in range(count)]


def some_hands(count: int, districts: int, capacity: int = 100) -> list[Hand]:
    return [Hand(i, i % districts, capacity) for i in range(count)]


def holders_after(dealt: Sequence[Dealt], hands: Sequence[Hand]) -> list[Holder]:
    counts = Counter((d.hand, d.round) for d in dealt)
    return [Holder(hand, counts[hand.id, 1], counts[hand.id, 2]) for hand in hands]


def rounds_of(holders: Sequence[Holder]) -> tuple[set[int], set[int]]:
    return {h.first for h in holders}, {h.second for h in holders}


def width(numbers: set[int]) -> int:
    return max(numbers) - min(numbers)


def added(before: Sequence[Holder], dealt: Sequence[Dealt]) -> list[Holder]:
    counts = Counter((d.hand, d.round) for d in dealt)
    return [
        Holder(h.hand, h.first + counts[h.hand.id, 1], h.second + counts[h.hand.id, 2])
        for h in before
    ]


def check_rules(
    dealt: Sequence[Dealt], works: Sequence[Work], hands: Sequence[Hand], policy: Policy
) -> None:
    home, district = {w.id: w.district for w in works}, {h.id: h.district for h in hands}
    assert Counter((d.work, d.round) for d in dealt) == Counter(
        (work.id, number) for work in works for number in (1, 2)
    )
    for one, other in zip(dealt[::2], dealt[1::2], strict=True):
        assert one.work == other.work and one.hand != other.hand
        where = {district[one.hand], district[other.hand]}
        assert len(where) == (2 if policy.placement == "spread" else 1)
        if policy.home_district == "exclude":
            assert home[one.work] not in where
        if policy.home_district == "only":
            assert where == {home[one.work]}


@pytest.mark.parametrize("policy", [Policy(), TOGETHER])
@pytest.mark.parametrize("late", [1, 7, 40, 133])
def test_late_works_leave_all_loads_equal_to_within_one(policy: Policy, late: int) -> None:
    hands, works = some_hands(24, 6), some_works(710, 6)
    before = holders_after(deal(works, hands, policy, "seed"), hands)
    more = some_works(late, 6, first=1000)
    dealt = deal_more(more, before, policy, "more")
    check_rules(dealt, more, hands, policy)
    after = added(before, dealt)
    for counts in rounds_of(after):
        assert width(counts) <= 1
    assert width({h.total for h in after}) <= 1


def test_somebody_who_came_late_gets_them_first() -> None:
    hands = some_hands(12, 4)
    before = [*holders_after(deal(some_works(60, 4), hands, Policy(), "seed"), hands)]
    before.append(Holder(Hand(50, 1, 100), 0, 0))
    dealt = deal_more(some_works(8, 4, first=500), before, Policy(), "more")
    taken = Counter(d.hand for d in dealt)
    assert taken[50] == 6, "all but the two works of their own district"


def test_new_tasks_come_behind_those_that_somebody_has() -> None:
    hands = some_hands(6, 3)
    before = holders_after(deal(some_works(30, 3), hands, Policy(), "seed"), hands)
    dealt = deal_more(some_works(12, 3, first=100), before, Policy(), "more")
    for holder in before:
        own = sorted(d.position for d in dealt if d.hand == holder.hand.id)
        assert own == list(range(holder.total, holder.total + len(own)))


def test_half_a_load_takes_half_as_much() -> None:
    hands = [*some_hands(10, 5), Hand(50, 0, 50), Hand(51, 1, 0)]
    before = [Holder(hand, 0, 0) for hand in hands]
    totals = Counter(d.hand for d in deal_more(some_works(105, 5), before, Policy(), "seed"))
    assert totals[50] == 10 and totals[0] == 20 and totals[51] == 0


def test_the_order_in_which_it_is_asked_does_not_matter() -> None:
    before = [Holder(hand, hand.id % 3, 1) for hand in some_hands(12, 4)]
    works = some_works(20, 4)
    assert deal_more(works, before, Policy(), "s") == deal_more(
        works[::-1], before[::-1], Policy(), "s"
    )


@settings(max_examples=150, deadline=None)
@given(
    works=st.lists(st.integers(1, 4), min_size=1, max_size=40),
    hands=st.lists(
        st.tuples(
            st.integers(1, 5), st.sampled_from([50, 100, 100]), st.integers(0, 9), st.integers(0, 9)
        ),
        min_size=2,
        max_size=20,
    ),
    home=st.sampled_from(["exclude", "exclude", "allow", "only"]),
    placement=st.sampled_from(["spread", "together"]),
    seed=st.text(max_size=3),
)
def test_whatever_passes_the_preflight_is_dealt_by_the_rules(
    works: list[int],
    hands: list[tuple[int, int, int, int]],
    home: Literal["exclude", "allow", "only"],
    placement: Literal["spread", "together"],
    seed: str,
) -> None:
    policy = Policy(home_district=home, placement=placement)
    asked = [Work(number, district) for number, district in enumerate(works)]
    before = [
        Holder(Hand(number, district, capacity), first, second)
        for number, (district, capacity, first, second) in enumerate(hands)
    ]
    if preflight_more(asked, before, policy):
        with pytest.raises(ValueError, match="cannot be dealt"):
            deal_more(asked, before, policy, seed)
        return
    dealt = deal_more(asked, before, policy, seed)
    check_rules(dealt, asked, [h.hand for h in before], policy)


@settings(max_examples=60, deadline=None)
@given(works=st.integers(1, 120), late=st.integers(1, 40), hands=st.integers(3, 20), seed=st.text())
def test_after_an_even_deal_everything_stays_even(
    works: int, late: int, hands: int, seed: str
) -> None:
    """One hand a district, so that no district is ever too full for its works."""
    able = [Hand(number, 100 + number, 100) for number in range(hands)]
    first = some_works(works, 3)
    assume(not preflight(first, able, Policy()))
    before = holders_after(deal(first, able, Policy(), seed), able)
    after = added(before, deal_more(some_works(late, 3, first=1000), before, Policy(), seed))
    rounds = rounds_of(after)
    assert width({h.total for h in after}) <= 1
    assert width(rounds[0]) <= 1 and width(rounds[1]) <= 1


@pytest.mark.parametrize(
    ("hands", "codes"),
    [
        ([], ["no_hands"]),
        ([Hand(1, 2, 0)], ["no_hands"]),
        ([Hand(1, 2, 100)], ["too_few_hands"]),
        ([Hand(1, 2, 100), Hand(2, 2, 100)], ["too_few_districts"]),
        ([Hand(1, 1, 100), Hand(2, 2, 100)], ["too_few_districts"]),
        ([Hand(1, 3, 100), Hand(2, 2, 100)], []),
    ],
)
def test_what_cannot_be_met_is_found_first(hands: list[Hand], codes: list[str]) -> None:
    found = preflight_more([Work(1, 1)], [Holder(hand, 0, 0) for hand in hands], Policy())
    assert [finding.code for finding in found] == codes
