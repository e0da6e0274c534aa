"""Forecast: how many marks of rounds 3 and 4 are still to come, with an interval."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

SURE = 1.96
"""Standard deviations of an interval that holds 19 times out of 20."""
WEIGHT_BEFORE = 100
"""A trial, or the other groups, count as much as so many performances: they are not the same."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of an item group so far, in a trial or in the sitting itself."""

    performances: int
    compared: int
    """Those with both first marks."""
    third: int
    """Of them, those that a third marker was asked for."""
    third_done: int
    leader: int
    """Those that a leader was asked for; nearly all of them after a third mark."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that is not known yet."""

    expected: float
    low: float
    high: float

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(
            self.expected + other.expected, self.low + other.low, self.high + other.high
        )

    def times(self, factor: float) -> "Estimate":
        return Estimate(self.expected * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Marks of a round, in all, by the end."""

    third: Estimate
    leader: Estimate


@dataclass(frozen=True, slots=True)
class _Rate:
    """A share that was seen some times."""

    share: float
    times: float

    def of(self, count: float) -> tuple[float, float]:
        """Expected number and variance among so many more: of the draw, and of the share."""
        spread = self.share * (1 - self.share)
        return count * self.share, count * spread * (1 + count / self.times)


NOTHING = Seen(0, 0, 0, 0, 0)
_USUALLY = 0.12, 10
"""Of third marks, until some are known: the share that goes on to a leader, hardly weighed."""


def forecasts(seen: Mapping[int, Seen], trial: Mapping[int, Seen]) -> dict[int, Forecast]:
    """Of every item group; one that nobody has begun is taken to go like the trial's, or else
    like the other groups."""
    found = {}
    for group, of_group in seen.items():
        before = trial.get(group, NOTHING)
        if not before.compared:
            before = _together([other for key, other in seen.items() if key != group])
        if ahead := forecast(of_group, before):
            found[group] = ahead
    return found


def _together(many: Sequence[Seen]) -> Seen:
    return Seen(
        sum(one.performances for one in many),
        sum(one.compared for one in many),
        sum(one.third for one in many),
        sum(one.third_done for one in many),
        sum(one.leader for one in many),
    )


def forecast(seen: Seen, before: Seen = NOTHING) -> Forecast | None:
    """None while nothing at all is known of how people agree, now or before."""
    third_rate = _rate(seen.third, seen.compared, before.third, before.compared)
    if third_rate is None:
        return None
    ahead = seen.performances - seen.compared
    more, variance = third_rate.of(ahead)
    third = _estimate(seen.third, more, variance, seen.performances)
    return Forecast(third, _leader(seen, before, third_rate, ahead))


def _leader(seen: Seen, before: Seen, third_rate: _Rate, ahead: int) -> Estimate:
    """Those who are there, those of third marks on their way, and those still to be compared."""
    after = _rate(seen.leader, seen.third_done, before.leader, before.third_done)
    rate = after or _Rate(*_USUALLY)
    more_third, third_variance = third_rate.of(ahead)
    more, variance = rate.of(seen.third - seen.third_done + more_third)
    variance += third_variance * rate.share**2
    return _estimate(seen.leader, more, variance, seen.performances)


def _rate(hits: int, times: int, hits_before: int, times_before: int) -> _Rate | None:
    """With what was before as a beginning; half a case each way keeps it off 0 and 1."""
    weight = min(1.0, WEIGHT_BEFORE / times_before) if times_before else 0.0
    both = times + weight * times_before
    if both == 0:
        return None
    return _Rate(min((hits + weight * hits_before + 0.5) / (both + 1), 1.0), both + 1)


def _estimate(known: int, more: float, variance: float, performances: int) -> Estimate:
    half = SURE * sqrt(max(variance, 0.0))
    low, high = known + max(more - half, 0.0), known + more + half
    return Estimate(known + more, low, min(high, float(performances)))


def spread(whole: Estimate, weights: Mapping[int, int]) -> dict[int, Estimate]:
    """Among districts, in proportion to their weights (what they mark of rounds 1 and 2)."""
    total = sum(weights.values())
    if not total:
        return {}
    return {key: whole.times(weight / total) for key, weight in weights.items() if weight}


def hours(marks: Estimate, done: int, seconds_each: float, people: int) -> Estimate | None:
    """Hours of work left for each of so many people; None when there is nobody."""
    if people <= 0:
        return None
    left = Estimate(
        max(marks.expected - done, 0.0), max(marks.low - done, 0.0), max(marks.high - done, 0.0)
    )
    return left.times(seconds_each / 3600 / people)


def total(estimates: Collection[Estimate]) -> Estimate:
    """Of several groups that err on their own: the intervals do not simply add up."""
    expected = sum(e.expected for e in estimates)
    below = sqrt(sum((e.expected - e.low) ** 2 for e in estimates))
    above = sqrt(sum((e.high - e.expected) ** 2 for e in estimates))
    return Estimate(expected, max(expected - below, 0.0), expected + above)
