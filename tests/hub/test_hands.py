"""Hands: the store finds by its indexes whom the rule means, and follows tasks and accounts."""

import functools
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

import hub.schema
from hub.store import accounts, hands
from hub.store.hands import Change, Pool
from hub.work.hand_out import find_taker
from shared.kit.store import Store
from shared.rules.choosing import CIRCLE, Asked, Seat, choose, search_of
from shared.rules.parts import Hand
from shared.rules.policy import Policy
from shared.rules.rubric import Role, Stage
from tests.hub.makers import a_person, an_allocated_hub

PEOPLE = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.sampled_from([50, 100, 100, 150]),
        st.integers(0, 6),
        st.integers(0, CIRCLE - 1),
        st.sampled_from(["here", "here", "here", "away", "gone"]),
    ),
    max_size=25,
)


@functools.cache
def an_empty_hub() -> Database:
    db = Database(memory=True)
    hub.schema.migrations.apply(db)
    return db


def a_scratch() -> Database:
    db = Database(memory=True)
    an_empty_hub().conn.backup(db.conn)
    return db


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    people=PEOPLE,
    home=st.integers(1, 5),
    already=st.frozensets(st.integers(1, 25), max_size=6),
    near=st.frozensets(st.integers(1, 5)),
    round=st.sampled_from([1, 3]),
    partners=st.frozensets(st.integers(1, 5), max_size=1),
    policy=st.builds(
        Policy,
        home_district=st.sampled_from(["exclude", "allow", "only"]),
        placement=st.sampled_from(["spread", "together"]),
        prefer_cached=st.booleans(),
    ),
    start=st.integers(0, CIRCLE - 1),
)
def test_the_store_finds_whom_the_rule_means(
    people: list[tuple[int, int, int, int, hands.HandState]],
    home: int,
    already: frozenset[int],
    near: frozenset[int],
    round: int,
    partners: frozenset[int],
    policy: Policy,
    start: int,
) -> None:
    db = a_scratch()
    seats = []
    for id, (district, capacity, total, point, state) in enumerate(people, 1):
        hands.put(db, 1, Change(id, "marker", "middle", district, capacity, state, point, total))
        if state == "here":
            seats.append(Seat(Hand(id, district, capacity), total, point))
    asked = Asked(home, round, already, partners)
    found = find_taker(db, Pool(1, Role.MARKER, Stage.MIDDLE), asked, near, policy, start)
    assert found == choose(search_of(seats, asked, policy, start), near, policy, start)
    db.close()


def test_whoever_is_added_changed_or_disabled_is_so_at_once(tmp_path: Path) -> None:
    store: Store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        before = hands.states(db, 1)
        accounts.add_many(db, [a_person(1, Role.MARKER), a_person(1, Role.TECHNICIAN, 98)])
        added = hands.states(db, 1).keys() - before.keys()
        assert len(added) == 1
        accounts.change_many(db, [a_person(1, Role.MARKER, state="disabled")])
        assert hands.states(db, 1)[max(added)] == "gone"
        assert not hands.set_state(db, 1, max(added), is_here=True)
        accounts.change_many(db, [a_person(1, Role.MARKER)])
        assert hands.states(db, 1)[max(added)] == "here"


def test_whoever_is_away_stays_away_when_the_accounts_are_imported_again(tmp_path: Path) -> None:
    store: Store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        assert hands.set_state(db, 1, 1, is_here=False)
        accounts.change_many(db, [a_person(1, Role.MARKER, 0, capacity=50)])
        assert hands.states(db, 1)[1] == "away"
