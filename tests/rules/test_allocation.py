"""Dealing rounds 1 and 2: what a deal promises, and how it says that it cannot be kept."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise, permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.rules.allocation import Dealt, Hand, Unmet, Work, deal, preflight
from shared.rules.policy import Policy

DEFAULT = Policy()
TOGETHER = Policy(placement="together")
PILOT = Policy(placement="together", home_district="only")


def some_works(count: int, districts: int) -> list[Work]:
    return [Work(i, i % districts) for i in range(count)]


def some_hands(count: int, districts: int, capacity: int = 100) -> list[Hand]:
    return [Hand(i, i % districts, capacity) for i in range(count)]


def loads_of(dealt: Sequence[Dealt]) -> dict[int, Counter[int]]:
    """How many each hand has, by round."""
    return {r: Counter(d.hand for d in dealt if d.round == r) for r in (1, 2)}


# How it deals


def test_every_work_gets_two_hands_of_two_other_districts_and_loads_are_equal() -> None:
    works, hands = some_works(720, 6), some_hands(20, 6)
    dealt = deal(works, hands, DEFAULT, "seed")
    check_deal(dealt, works, hands, DEFAULT)
    assert {n for counts in loads_of(dealt).values() for n in counts.values()} == {36}


def test_loads_that_do_not_divide_differ_by_one_in_a_round_and_over_both() -> None:
    works, hands = some_works(710, 6), some_hands(20, 6)
    dealt = deal(works, hands, DEFAULT, "seed")
    for counts in loads_of(dealt).values():
        assert set(counts.values()) == {35, 36}
    assert set(Counter(d.hand for d in dealt).values()) == {71}


def test_a_half_load_is_half_as_much_and_no_load_is_nothing() -> None:
    hands = [*some_hands(10, 5), Hand(50, 0, 50), Hand(51, 1, 0)]
    dealt = deal(some_works(105, 5), hands, DEFAULT, "seed")
    totals = Counter(d.hand for d in dealt)
    assert totals[50] == 10 and totals[0] == 20 and totals[51] == 0


def test_the_same_seed_deals_the_same_in_whatever_order_it_is_asked() -> None:
    works, hands = some_works(90, 5), some_hands(12, 5)
    dealt = deal(works, hands, DEFAULT, "seed")
    assert deal(works[::-1], hands[::-1], DEFAULT, "seed") == dealt
    assert deal(works, hands, DEFAULT, "another") != dealt


def test_each_list_mixes_rounds_and_districts() -> None:
    dealt = deal(some_works(600, 6), some_hands(6, 6), DEFAULT, "seed")
    mine = sorted((d for d in dealt if d.hand == 3), key=lambda d: d.position)
    assert [d.position for d in mine] == list(range(200))
    assert 20 < sum(a.round != b.round for a, b in pairwise(mine)) < 180
    first_works = [d.work for d in mine if d.round == 1]
    assert first_works != sorted(first_works)
    assert {d.work % 6 for d in mine[:60]} == {0, 1, 2, 4, 5}


def test_together_deals_both_rounds_of_a_work_to_one_district() -> None:
    works, hands = some_works(301, 6), some_hands(23, 6)
    check_deal(deal(works, hands, TOGETHER, "seed"), works, hands, TOGETHER)


def test_a_pilot_within_each_home_district_is_balanced_in_each() -> None:
    works = [Work(i, 0 if i < 60 else 1) for i in range(90)]
    hands = [Hand(i, i % 2, 100) for i in range(6)]
    dealt = deal(works, hands, PILOT, "seed")
    check_deal(dealt, works, hands, PILOT)
    assert Counter(d.hand for d in dealt) == {0: 40, 2: 40, 4: 40, 1: 20, 3: 20, 5: 20}


def test_a_district_that_must_touch_every_work_of_the_others_can_still_be_dealt() -> None:
    """The tightest case: 40 % of the hands at home in 20 % of the works."""
    works = [Work(i, 0 if i % 5 == 0 else 1 + i % 4) for i in range(1000)]
    hands = [Hand(i, 0 if i % 5 < 2 else 1 + i % 4, 100) for i in range(50)]
    dealt = deal(works, hands, DEFAULT, "seed")
    check_deal(dealt, works, hands, DEFAULT)
    assert set(Counter(d.hand for d in dealt).values()) == {40}


def test_three_districts_leave_no_choice_of_district_and_can_still_be_dealt() -> None:
    works, hands = some_works(600, 3), some_hands(30, 3)
    check_deal(deal(works, hands, DEFAULT, "seed"), works, hands, DEFAULT)


def test_nothing_to_deal_is_nothing_dealt() -> None:
    assert preflight([], [], DEFAULT) == [] and deal([], [], DEFAULT, "seed") == []


# How it says that it cannot


@pytest.mark.parametrize(
    ("works", "hands", "policy", "finding"),
    [
        (some_works(5, 3), [], DEFAULT, Unmet("no_hands", None, 10, 0)),
        (some_works(5, 3), some_hands(4, 3, 0), DEFAULT, Unmet("no_hands", None, 10, 0)),
        (some_works(5, 3), some_hands(1, 3), DEFAULT, Unmet("too_few_hands", None, 2, 1)),
        (
            some_works(5, 1),
            some_hands(4, 1),
            Policy(home_district="allow"),
            Unmet("too_few_districts", None, 2, 1),
        ),
        (some_works(5, 1), some_hands(4, 2), DEFAULT, Unmet("too_few_districts", 0, 2, 1)),
        (some_works(5, 1), some_hands(4, 1), TOGETHER, Unmet("too_few_districts", 0, 1, 0)),
        (
            some_works(4, 1),
            some_hands(8, 2),
            Policy(home_district="only"),
            Unmet("too_few_districts", 0, 2, 1),
        ),
        (some_works(4, 2), [Hand(1, 0, 100), Hand(2, 0, 100)], PILOT, Unmet("no_hands", 1, 4, 0)),
        (
            [Work(i, 0 if i < 80 else i % 3 + 1) for i in range(100)],
            [Hand(i, 0 if i < 5 else i % 3 + 1, 100) for i in range(20)],
            DEFAULT,
            Unmet("works_exceed_outside", 0, 160, 150),
        ),
        (
            some_works(100, 10),
            [Hand(i, 0 if i < 12 else i % 3 + 1, 100) for i in range(20)],
            DEFAULT,
            Unmet("load_exceeds_works", 0, 120, 90),
        ),
        (
            some_works(100, 2),
            [Hand(0, 0, 100), Hand(1, 1, 100), Hand(2, 1, 100), Hand(3, 1, 100)],
            TOGETHER,
            Unmet("unpaired", 0, 50, 0),
        ),
    ],
)
def test_what_cannot_be_met_is_named_with_its_numbers(
    works: list[Work], hands: list[Hand], policy: Policy, finding: Unmet
) -> None:
    assert finding in preflight(works, hands, policy)
    with pytest.raises(ValueError, match=finding.code):
        deal(works, hands, policy, "seed")


# What holds for all deals

policies = st.builds(
    Policy,
    home_district=st.sampled_from(["exclude", "allow", "only"]),
    placement=st.sampled_from(["spread", "together"]),
)


def instances(
    works: int, hands: int, districts: int
) -> st.SearchStrategy[tuple[list[Work], list[Hand]]]:
    district = st.integers(0, districts - 1)
    capacity = st.sampled_from([100, 100, 100, 50, 80])
    return st.tuples(
        st.lists(st.builds(Work, st.integers(), district), max_size=works, unique_by=_id),
        st.lists(st.builds(Hand, st.integers(), district, capacity), max_size=hands, unique_by=_id),
    )


def _id(one: Work | Hand) -> int:
    return one.id


@settings(max_examples=100, deadline=None)
@given(instances(60, 14, 6), policies, st.text(max_size=5))
def test_whatever_passes_the_preflight_is_dealt_and_keeps_every_promise(
    instance: tuple[list[Work], list[Hand]], policy: Policy, seed: str
) -> None:
    works, hands = instance
    if preflight(works, hands, policy):
        with pytest.raises(ValueError, match="cannot be dealt"):
            deal(works, hands, policy, seed)
    else:
        check_deal(deal(works, hands, policy, seed), works, hands, policy)


@settings(max_examples=100, deadline=None)
@given(instances(4, 5, 4), policies)
def test_the_preflight_finds_something_exactly_when_no_even_deal_exists(
    instance: tuple[list[Work], list[Hand]], policy: Policy
) -> None:
    works, hands = instance
    assert (not preflight(works, hands, policy)) == exists_even_deal(works, hands, policy)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 200), st.integers(3, 12), st.integers(3, 30), st.text(max_size=5))
def test_equal_hands_get_totals_within_one(
    works: int, districts: int, hands: int, seed: str
) -> None:
    of_works, of_hands = some_works(works, districts), some_hands(hands, districts)
    assume(hands % districts == 0 and not preflight(of_works, of_hands, DEFAULT))
    totals = Counter(d.hand for d in deal(of_works, of_hands, DEFAULT, seed))
    counts = [totals[hand] for hand in range(hands)]
    assert max(counts) - min(counts) <= 1


# What a deal promises


def check_deal(
    dealt: Sequence[Dealt], works: Sequence[Work], hands: Sequence[Hand], policy: Policy
) -> None:
    home = {work.id: work.district for work in works}
    lives = {hand.id: hand.district for hand in hands}
    assert sorted((d.work, d.round) for d in dealt) == sorted((w, r) for w in home for r in (1, 2))
    by_work: dict[int, list[int]] = defaultdict(list)
    for task in dealt:
        by_work[task.work].append(task.hand)
    for work, (one, other) in by_work.items():
        assert one != other
        assert (lives[one] == lives[other]) == (policy.placement == "together")
        for hand in (one, other):
            assert may_mark(lives[hand], home[work], policy)
    check_loads(dealt, works, hands, policy)
    check_positions(dealt)


def may_mark(lives: int, home: int, policy: Policy) -> bool:
    return {"allow": True, "only": lives == home, "exclude": lives != home}[policy.home_district]


def check_loads(
    dealt: Sequence[Dealt], works: Sequence[Work], hands: Sequence[Hand], policy: Policy
) -> None:
    for counts in loads_of(dealt).values():
        for hand in hands:
            low, high = even_load(hand, works, hands, policy)
            assert low <= counts[hand.id] <= high


def even_load(
    hand: Hand, works: Sequence[Work], hands: Sequence[Hand], policy: Policy
) -> tuple[int, int]:
    """What is fair in one round, rounded down and up; at home only where the policy says so."""
    at_home = policy.home_district == "only"
    total = sum(h.capacity for h in hands if not at_home or h.district == hand.district)
    count = sum(not at_home or w.district == hand.district for w in works)
    return count * hand.capacity // total, -(-count * hand.capacity // total)


def check_positions(dealt: Sequence[Dealt]) -> None:
    positions: dict[int, list[int]] = defaultdict(list)
    for task in dealt:
        positions[task.hand].append(task.position)
    for mine in positions.values():
        assert sorted(mine) == list(range(len(mine)))


def exists_even_deal(works: Sequence[Work], hands: Sequence[Hand], policy: Policy) -> bool:
    """Every possible deal is tried."""
    bounds = {h.id: even_load(h, works, hands, policy) for h in hands}
    pairs = [
        (one, other)
        for one, other in permutations(hands, 2)
        if (one.district == other.district) == (policy.placement == "together")
    ]

    def search(left: Sequence[Work], rounds: tuple[Counter[int], Counter[int]]) -> bool:
        if not left:
            return all(n[h.id] >= bounds[h.id][0] for h in hands for n in rounds)
        for pair in pairs:
            if not all(may_mark(hand.district, left[0].district, policy) for hand in pair):
                continue
            counts = (rounds[0] + Counter([pair[0].id]), rounds[1] + Counter([pair[1].id]))
            if any(n[h.id] > bounds[h.id][1] for h, n in zip(pair, counts, strict=True)):
                continue
            if search(left[1:], counts):
                return True
        return False

    return search(works, (Counter(), Counter()))
