"""The deal against an exact solver (OR-tools) on small cities: as even, and never missed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.linear_solver import pywraplp

from shared.rules.allocation import Dealt, Hand, Work, deal, preflight
from shared.rules.policy import Policy

ROUNDS = (1, 2)


@dataclass(frozen=True, slots=True)
class City:
    works: Sequence[Work]
    hands: Sequence[Hand]


@dataclass
class Exact:
    """Every law of the deal as a constraint, but for the evenness."""

    solver: pywraplp.Solver
    gives: dict[tuple[int, int, int], pywraplp.Variable]
    """(work, hand, round): whether that hand marks it."""

    def load(self, city: City, hand: Hand, number: int) -> pywraplp.LinearExpr:
        return sum(self.gives[w.id, hand.id, number] for w in city.works)

    def is_possible(self) -> bool:
        return bool(self.solver.Solve() == pywraplp.Solver.OPTIMAL)


def exact(city: City, policy: Policy) -> Exact:
    solver = pywraplp.Solver.CreateSolver("SAT")
    gives = {
        (w.id, h.id, r): solver.BoolVar(f"{w.id} {h.id} {r}")
        for w in city.works
        for h in city.hands
        for r in ROUNDS
    }
    districts = sorted({h.district for h in city.hands})
    for w in city.works:
        for r in ROUNDS:
            solver.Add(sum(gives[w.id, h.id, r] for h in city.hands) == 1)
        for h in city.hands:
            solver.Add(sum(gives[w.id, h.id, r] for r in ROUNDS) <= 1)
            if policy.home_district == "exclude" and h.district == w.district:
                for r in ROUNDS:
                    solver.Add(gives[w.id, h.id, r] == 0)
        for d in districts:
            of_first = [gives[w.id, h.id, 1] for h in city.hands if h.district == d]
            of_second = [gives[w.id, h.id, 2] for h in city.hands if h.district == d]
            if policy.placement == "together":
                solver.Add(sum(of_first) == sum(of_second))
            else:
                solver.Add(sum(of_first + of_second) <= 1)
    return Exact(solver, gives)


def least_spread(city: City, policy: Policy) -> int | None:
    """The smallest possible difference between two hands' loads in a round; None: impossible."""
    found = exact(city, policy)
    spread = found.solver.IntVar(0, len(city.works), "spread")
    for r in ROUNDS:
        low = found.solver.IntVar(0, len(city.works), f"low {r}")
        for h in city.hands:
            load = found.load(city, h, r)
            found.solver.Add(load >= low)
            found.solver.Add(load <= low + spread)
    found.solver.Minimize(spread)
    return round(found.solver.Objective().Value()) if found.is_possible() else None


def can_be_within_one(city: City, policy: Policy) -> bool:
    """Whether every load can be the exact share, rounded up or down."""
    found = exact(city, policy)
    total = sum(h.capacity for h in city.hands)
    for h in city.hands:
        low, rest = divmod(len(city.works) * h.capacity, total)
        for r in ROUNDS:
            found.solver.Add(found.load(city, h, r) >= low)
            found.solver.Add(found.load(city, h, r) <= low + (rest > 0))
    return found.is_possible()


def spread_of(dealt: Sequence[Dealt], city: City) -> int:
    counts = Counter((one.hand, one.round) for one in dealt)
    by_round = [[counts[h.id, r] for h in city.hands] for r in ROUNDS]
    return max(max(loads) - min(loads) for loads in by_round)


@st.composite
def cities(draw: st.DrawFn, *, weighted: bool) -> City:
    districts = draw(st.integers(2, 4))
    where = st.integers(1, districts)
    capacity = st.sampled_from([50, 100, 200]) if weighted else st.just(100)
    works = draw(st.lists(where, min_size=1, max_size=9))
    hands = draw(st.lists(st.tuples(where, capacity), min_size=2, max_size=6))
    return City(
        [Work(i, d) for i, d in enumerate(works, 1)],
        [Hand(100 + i, d, c) for i, (d, c) in enumerate(hands)],
    )


policies = st.builds(
    Policy,
    home_district=st.sampled_from(["exclude", "allow"]),
    placement=st.sampled_from(["spread", "together"]),
)


@settings(max_examples=60, deadline=None)
@given(cities(weighted=False), policies)
def test_no_solver_deals_more_evenly(city: City, policy: Policy) -> None:
    if not preflight(city.works, city.hands, policy):
        assert spread_of(deal(city.works, city.hands, policy, "seed"), city) == least_spread(
            city, policy
        )


@settings(max_examples=60, deadline=None)
@given(cities(weighted=True), policies)
def test_what_a_solver_can_deal_within_one_is_dealt_and_nothing_else(
    city: City, policy: Policy
) -> None:
    findings = preflight(city.works, city.hands, policy)
    assert (not findings) == can_be_within_one(city, policy), findings
    if not findings:
        assert len(deal(city.works, city.hands, policy, "seed")) == 2 * len(city.works)


@pytest.mark.parametrize("placement", ["spread", "together"])
def test_a_small_city_of_unequal_districts_is_dealt_as_well_as_can_be(placement: str) -> None:
    works = [Work(i, 1 + (i % 7) // 3) for i in range(24)]
    hands = [Hand(100 + i, d, 100) for i, d in enumerate([1, 1, 1, 2, 2, 2, 3, 3, 3, 3])]
    city, policy = City(works, hands), Policy(placement=placement)  # type: ignore[arg-type]
    assert preflight(works, hands, policy) == []
    assert spread_of(deal(works, hands, policy, "seed"), city) == least_spread(city, policy) == 1
