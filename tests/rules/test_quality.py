"""Agreement, disputes and habits are what their definitions say; alerts never lock anybody."""

import pytest

from shared.rules.quality import (
    LAST,
    Agreement,
    Disputes,
    Habits,
    Measure,
    Tally,
    agreement,
    alerts,
    compare,
)


def pairs(place: int | None = None, **counts: int) -> Tally:
    """a333333_323333=12: own levels, the other's, and how often; one criterion or all."""
    tally = Tally()
    for key, count in counts.items():
        compared = compare(*key[1:].split("_"))
        assert compared is not None
        for _ in range(count):
            if place is None:
                tally.add(compared)
            else:
                tally.add_cell(compared.cells[place])
    return tally


def test_agreement_is_counted_over_criteria_and_each_performance_once() -> None:
    found = agreement(pairs(a333333_333333=30, a333333_223333=10, a333333_133333=10))
    assert found.exact.value == pytest.approx((300 - 20 - 10) / 300)
    assert found.adjacent.value == pytest.approx((300 - 10) / 300)
    assert found.exact.n == 50
    assert found.severity.value == pytest.approx((10 * 2 / 6 + 10 * 2 / 6) / 50)


def test_one_criterion_alone() -> None:
    found = agreement(pairs(1, a333333_333333=30, a333333_323333=10))
    assert found.exact.value == pytest.approx(0.75)
    assert found.severity.value == pytest.approx(0.25)
    assert agreement(pairs(0, a333333_323333=30)).exact.value == 1


def test_what_is_counted_apart_can_be_put_together() -> None:
    whole = pairs(a333333_333333=30, a333333_223333=10)
    part = pairs(a333333_333333=30)
    part.merge(pairs(a333333_223333=10))
    assert agreement(part) == agreement(whole)


def test_below_twenty_performances_there_is_no_figure() -> None:
    found = agreement(pairs(a333333_333333=19))
    assert found.exact.value is None
    assert found.exact.n == 19


def test_severity_is_positive_for_who_gives_more() -> None:
    wide, narrow = compare("333333", "222222"), compare("3-----", "22----")
    assert wide is not None
    assert narrow is not None
    assert wide.apart == narrow.apart == 1
    assert narrow.places == (0,)
    assert compare("------", "333333") is None


def test_a_dispute_is_lost_where_the_final_level_is_another() -> None:
    disputes = Disputes()
    disputes.add(
        "3232--", ["3", "3", None, "2", "1", "1"], ["agreed", "closest", None, *["third"] * 3]
    )
    assert (disputes.decided, disputes.lost) == (2, 1)
    assert disputes.figure.value is None
    assert Disputes(10, 4).figure.value == pytest.approx(0.4)


def worked(count: int, *, spent: int = 60, heard: int = 100, levels: str = "323333") -> Habits:
    habits = Habits()
    for _ in range(count):
        habits.add_first(spent * 1000, heard, 60_000)
        habits.add_standing(levels, is_revision=False)
    return habits


def test_habits_are_shares_and_medians() -> None:
    habits = worked(30)
    habits.add_standing("333333", is_revision=True)
    assert habits.straight_share.value == pytest.approx(1 / 31)
    assert habits.revised_share.value == pytest.approx(1 / 31)
    assert habits.spent_s.value == 60
    assert habits.heard_share.value == 1
    assert worked(19).spent_s.value is None


GOOD = agreement(pairs(a333333_333333=30))


@pytest.mark.parametrize(
    ("found", "habits", "labels"),
    [
        (GOOD, worked(30), []),
        (agreement(pairs(a333333_333333=60, a333333_000033=40)), worked(30), ["一致", "偏松"]),
        (agreement(pairs(a333333_000033=60)), worked(30), ["一致", "偏松"]),
        (GOOD, worked(LAST, heard=59), ["收听"]),
        (GOOD, worked(LAST - 1, heard=10), []),
        (GOOD, worked(LAST, spent=30), ["过快"]),
        (GOOD, worked(LAST, spent=400), ["过慢"]),
        (GOOD, worked(LAST, levels="333333"), ["同分"]),
    ],
)
def test_alerts_are_raised_by_the_thresholds(
    found: Agreement, habits: Habits, labels: list[str]
) -> None:
    assert [alert.label for alert in alerts(found, habits)] == labels


def test_the_gravest_alert_is_first() -> None:
    found = agreement(pairs(a333333_000033=60))
    assert [a.tone for a in alerts(found, worked(LAST, heard=10))] == ["bad", "warn", "warn"]


def test_every_measure_has_its_words() -> None:
    assert all(measure.label and measure.definition.endswith("。") for measure in Measure)
    assert min(measure.least for measure in Measure) == 10
