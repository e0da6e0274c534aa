"""Where an even deal is impossible: the loads at which it would be possible."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rules.allocation import Hand, Work, deal, preflight
from shared.rules.policy import Policy
from shared.rules.remedy import eased

TOGETHER = Policy(placement="together")


def a_city(works: list[int], hands: list[int]) -> tuple[list[Work], list[Hand]]:
    """So many works and hands in each district."""
    places = [d for d, count in enumerate(works) for _ in range(count)]
    homes = [d for d, count in enumerate(hands) for _ in range(count)]
    return (
        [Work(id, district) for id, district in enumerate(places)],
        [Hand(id, district, 100) for id, district in enumerate(homes, 1000)],
    )


def with_loads(hands: list[Hand], percents: dict[int, int]) -> list[Hand]:
    return [Hand(h.id, h.district, percents.get(h.district, 100)) for h in hands]


def test_three_unequal_districts_can_be_dealt_when_the_fullest_do_less() -> None:
    """Of three districts the other two mark each work: how much each gives is determined."""
    works, hands = a_city([74, 28, 61], [2, 5, 5])
    assert preflight(works, hands, Policy())
    percents = eased(works, hands, Policy())
    assert set(percents) == {1, 2}
    assert len(deal(works, with_loads(hands, percents), Policy(), "seed")) == 2 * len(works)


def test_two_unequal_districts_that_mark_for_each_other_can_be_dealt() -> None:
    works, hands = a_city([36, 23], [9, 8])
    percents = eased(works, hands, TOGETHER)
    assert percents == {0: 57}
    assert not preflight(works, with_loads(hands, percents), TOGETHER)


def test_one_district_with_too_many_people_does_less_and_nobody_else() -> None:
    works, hands = a_city([60, 20, 20, 20], [8, 3, 3, 3])
    assert eased(works, hands, Policy()) == {0: 38}


def test_what_can_be_dealt_needs_no_remedy() -> None:
    works, hands = a_city([30, 30, 30, 30], [5, 5, 5, 5])
    assert eased(works, hands, Policy()) == {}


def test_no_load_helps_where_districts_or_people_are_missing() -> None:
    for works, hands in ([5, 5], [3, 3]), ([5], [4]), ([5, 5], [0, 0]), ([9, 0, 0], [4, 0, 1]):
        assert eased(*a_city(works, hands), Policy()) == {}
    assert eased(*a_city([4, 4], [1, 9]), Policy(home_district="only")) == {}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), min_size=1, max_size=5),
    st.sampled_from([Policy(), TOGETHER]),
)
def test_whatever_is_proposed_can_be_dealt(sizes: list[tuple[int, int]], policy: Policy) -> None:
    works, hands = a_city([w for w, _ in sizes], [h for _, h in sizes])
    percents = eased(works, hands, policy)
    assert all(1 <= percent < 100 for percent in percents.values())
    if percents:
        assert not preflight(works, with_loads(hands, percents), policy)
