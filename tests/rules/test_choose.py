"""Choosing who takes a round-3 or round-4 task."""

from collections.abc import Collection, Mapping

from hypothesis import given
from hypothesis import strategies as st

from shared.rules.allocation import Hand, choose
from shared.rules.policy import Policy

DEFAULT = Policy()
HANDS = [Hand(1, 10, 100), Hand(2, 10, 100), Hand(3, 20, 100), Hand(4, 30, 50)]


def chosen(
    loads: Mapping[int, int] | None = None,
    preferred: Collection[int] = (),
    home: int = 99,
    already: Collection[int] = (),
    policy: Policy = DEFAULT,
) -> set[int | None]:
    """Whom a hundred seeds choose."""
    return {
        choose(HANDS, loads or {}, preferred, home, already, policy, str(seed))
        for seed in range(100)
    }


def test_the_choice_is_random_among_the_lowest_loads() -> None:
    assert chosen() == {1, 2, 3, 4}
    assert chosen(loads={1: 5, 2: 3, 3: 3, 4: 2}) == {2, 3}


def test_a_load_is_weighed_by_capacity() -> None:
    assert chosen(loads={1: 9, 2: 9, 3: 9, 4: 4}) == {4}
    assert chosen(loads={1: 8, 2: 8, 3: 8, 4: 4}) == {1, 2, 3, 4}


def test_districts_that_hold_the_video_come_first() -> None:
    assert chosen(loads={1: 50, 2: 60}, preferred=[10]) == {1}
    assert chosen(preferred=[10], policy=Policy(prefer_cached=False)) == {1, 2, 3, 4}


def test_anyone_allowed_is_taken_when_nobody_there_is() -> None:
    assert chosen(preferred=[10], already=[1, 2]) == {3, 4}
    assert chosen(preferred=[77]) == {1, 2, 3, 4}


def test_nobody_marks_a_work_twice_or_one_of_the_own_district() -> None:
    assert chosen(already=[3, 4], home=20) == {1, 2}
    assert chosen(home=10, preferred=[10]) == {3, 4}
    assert chosen(home=10, policy=Policy(home_district="allow")) == {1, 2, 3, 4}
    assert chosen(home=10, policy=Policy(home_district="only")) == {1, 2}


def test_nobody_is_chosen_when_nobody_is_allowed() -> None:
    assert chosen(already=[1, 2, 3, 4]) == {None}
    assert chosen(home=99, policy=Policy(home_district="only")) == {None}
    assert choose([Hand(1, 10, 0)], {}, [], 99, [], DEFAULT, "seed") is None


@given(st.permutations(HANDS), st.dictionaries(st.integers(1, 4), st.integers(0, 5)), st.text())
def test_the_same_seed_chooses_the_same_in_whatever_order_it_is_asked(
    hands: list[Hand], loads: dict[int, int], seed: str
) -> None:
    expected = choose(HANDS, loads, [10], 20, [], DEFAULT, seed)
    assert choose(hands, loads, [10], 20, [], DEFAULT, seed) == expected
