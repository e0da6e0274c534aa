"""The forecast of rounds 3 and 4: near the truth, and as sure as it says."""

import random

import pytest

from shared.rules.forecast import Estimate, Seen, forecast, forecasts, hours, spread, total

THIRD, LEADER = 0.76, 0.17


def played(performances: int, compared: int, rng: random.Random) -> tuple[Seen, int, int]:
    """What is seen after so many, and how it will end."""
    ends = [(rng.random() < THIRD, rng.random() < LEADER) for _ in range(performances)]
    third = sum(third for third, _ in ends[:compared])
    done = third // 2
    thirds = [leader for is_third, leader in ends if is_third]
    seen = Seen(performances, compared, third, done, sum(thirds[:done]))
    return seen, len(thirds), sum(thirds)


def test_it_is_near_the_truth_after_a_tenth() -> None:
    seen, third, leader = played(20_000, 2_000, random.Random(1))
    found = forecast(seen)
    assert found is not None
    assert abs(found.third.expected - third) < 0.03 * third
    assert abs(found.leader.expected - leader) < 0.2 * leader


@pytest.mark.parametrize("compared", [50, 500, 1_900])
def test_the_intervals_hold_about_as_often_as_they_claim(compared: int) -> None:
    held = {"third": 0, "leader": 0}
    for run in range(400):
        seen, third, leader = played(2_000, compared, random.Random(run))
        found = forecast(seen)
        assert found is not None
        held["third"] += found.third.low <= third <= found.third.high
        held["leader"] += found.leader.low <= leader <= found.leader.high
    assert 0.90 <= held["third"] / 400 <= 1 and 0.90 <= held["leader"] / 400 <= 1, held


def test_it_grows_surer_and_ends_in_what_happened() -> None:
    widths, ends = [], []
    for compared in (100, 500, 1_500, 2_000):
        seen, third, _ = played(2_000, compared, random.Random(3))
        found = forecast(seen)
        assert found is not None
        widths.append(found.third.high - found.third.low)
        ends.append((found.third.expected, third))
    assert widths == sorted(widths, reverse=True) and widths[-1] == 0
    assert ends[-1][0] == ends[-1][1]


def test_a_trial_gives_the_first_forecast_and_is_soon_outvoted() -> None:
    trial = Seen(400, 400, 280, 280, 40)
    nothing = Seen(10_000, 0, 0, 0, 0)
    assert forecast(nothing) is None
    first = forecast(nothing, trial)
    assert first is not None and first.third.expected == pytest.approx(7_000, rel=0.03)
    seen = Seen(10_000, 5_000, 2_000, 2_000, 200)
    later = forecast(seen, trial)
    assert later is not None and later.third.expected == pytest.approx(4_000, rel=0.03)


def test_a_group_that_nobody_began_goes_like_the_others_until_it_is_begun() -> None:
    seen = {1: Seen(1_000, 500, 350, 300, 45), 2: Seen(1_000, 0, 0, 0, 0)}
    found = forecasts(seen, {})
    assert found[2].third.expected == pytest.approx(700, rel=0.02)
    assert found[2].leader.expected == pytest.approx(105, rel=0.05)
    assert found[2].third.high - found[2].third.low > 2 * (found[1].third.high - found[1].third.low)
    assert forecasts({2: seen[2]}, {}) == {}
    other = {2: Seen(100, 100, 40, 40, 4)}
    assert forecasts(seen, other)[2].third.expected == pytest.approx(400, rel=0.02)


def test_districts_share_it_and_people_share_its_hours() -> None:
    whole = Estimate(100, 80, 130)
    parts = spread(whole, {1: 30, 2: 10, 3: 0})
    assert parts == {1: Estimate(75, 60, 97.5), 2: Estimate(25, 20, 32.5)}
    assert spread(whole, {}) == {}
    assert hours(whole, 90, 36, 1) == Estimate(0.1, 0, 0.4)
    assert hours(whole, 90, 36, 0) is None


def test_several_groups_err_on_their_own() -> None:
    both = total([Estimate(100, 70, 130), Estimate(100, 60, 140)])
    assert both == Estimate(200, 150, 250)
