"""Choosing who takes a slot of round 3 or 4."""

from collections.abc import Collection, Mapping

from hypothesis import given
from hypothesis import strategies as st

from shared.rules.choosing import (
    Asked,
    Seat,
    choose,
    hand_point,
    may_take,
    search_of,
    slot_point,
)
from shared.rules.parts import Hand
from shared.rules.policy import Policy

DEFAULT = Policy()
HANDS = [Hand(1, 10, 100), Hand(2, 10, 100), Hand(3, 20, 100), Hand(4, 30, 50)]


def choice(
    seed: str,
    loads: Mapping[int, int] | None = None,
    near: Collection[int] = (),
    home: int = 99,
    already: Collection[int] = (),
    policy: Policy = DEFAULT,
    hands: Collection[Hand] = tuple(HANDS),
) -> int | None:
    seats = [Seat(h, (loads or {}).get(h.id, 0), hand_point(seed, h.id)) for h in hands]
    asked = Asked(home, 3, frozenset(already))
    start = slot_point(seed, 1, 3, 1)
    seat = choose(search_of(seats, asked, policy, start), near, policy, start)
    return seat.hand.id if seat else None


def chosen(**given: object) -> set[int | None]:
    """Whom a hundred seeds choose."""
    return {choice(str(seed), **given) for seed in range(100)}  # type: ignore[arg-type]


def test_the_choice_is_random_among_the_lowest_loads() -> None:
    assert chosen() == {1, 2, 3, 4}
    assert chosen(loads={1: 5, 2: 3, 3: 3, 4: 2}) == {2, 3}


def test_everybody_of_the_lowest_load_is_as_likely_as_the_others() -> None:
    times = dict.fromkeys((1, 2, 3, 4), 0)
    for seed in range(4000):
        times[choice(str(seed)) or 0] += 1
    assert all(900 < count < 1100 for count in times.values()), times


def test_a_load_is_weighed_by_capacity() -> None:
    assert chosen(loads={1: 9, 2: 9, 3: 9, 4: 4}) == {4}
    assert chosen(loads={1: 8, 2: 8, 3: 8, 4: 4}) == {1, 2, 3, 4}


def test_districts_that_hold_the_video_come_first() -> None:
    assert chosen(loads={1: 50, 2: 60}, near=[10]) == {1}
    assert chosen(near=[10, 20], loads={1: 1, 2: 1, 3: 1}) == {1, 2, 3}
    assert chosen(near=[10], policy=Policy(prefer_cached=False)) == {1, 2, 3, 4}


def test_anyone_allowed_is_taken_when_nobody_there_is() -> None:
    assert chosen(near=[10], already=[1, 2]) == {3, 4}
    assert chosen(near=[77]) == {1, 2, 3, 4}


def test_nobody_marks_a_work_twice_or_one_of_the_own_district() -> None:
    assert chosen(already=[3, 4], home=20) == {1, 2}
    assert chosen(home=10, near=[10]) == {3, 4}
    assert chosen(home=10, policy=Policy(home_district="allow")) == {1, 2, 3, 4}
    assert chosen(home=10, policy=Policy(home_district="only")) == {1, 2}


def test_nobody_is_chosen_when_nobody_is_allowed() -> None:
    assert chosen(already=[1, 2, 3, 4]) == {None}
    assert chosen(home=99, policy=Policy(home_district="only")) == {None}
    assert chosen(hands=[Hand(1, 10, 0)]) == {None}


def test_a_first_mark_taken_back_goes_on_obeying_the_placement_of_rounds_1_and_2() -> None:
    first = Asked(99, 1, frozenset(), partners=frozenset([10]))
    assert [h.id for h in HANDS if may_take(h, first, DEFAULT)] == [3, 4]
    together = Policy(placement="together")
    assert [h.id for h in HANDS if may_take(h, first, together)] == [1, 2]
    third = Asked(99, 3, frozenset(), partners=frozenset([10]))
    assert all(may_take(h, third, DEFAULT) for h in HANDS)


@given(st.permutations(HANDS), st.dictionaries(st.integers(1, 4), st.integers(0, 5)), st.text())
def test_the_same_seed_chooses_the_same_in_whatever_order_it_is_asked(
    hands: list[Hand], loads: dict[int, int], seed: str
) -> None:
    expected = choice(seed, loads, [10], 20)
    assert choice(seed, loads, [10], 20, hands=hands) == expected
