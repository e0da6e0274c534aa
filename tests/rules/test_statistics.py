"""The statistics agree with published examples, and say nothing where there is too little."""

from collections import Counter

import pytest

from shared.rules.statistics import (
    Figure,
    figure_of_mean,
    figure_of_share,
    median,
    quadratic_kappa,
)


def table_of(first: list[int], second: list[int]) -> Counter[tuple[int, int]]:
    return Counter(zip(first, second, strict=True))


# Worked examples that scikit-learn tests its cohen_kappa_score with; the first is table 1 of
# Artstein and Poesio (2008): of two categories, all weights are one.
TWO = table_of([0] * 40 + [1] * 60, [0] * 20 + [1] * 20 + [0] * 10 + [1] * 50)
THREE = table_of([0] * 46 + [1] * 44 + [2] * 10, [0] * 50 + [1] * 40 + [2] * 10)


@pytest.mark.parametrize(("table", "kappa"), [(TWO, 0.348), (THREE, 0.9541)])
def test_kappa_is_that_of_the_published_examples(
    table: Counter[tuple[int, int]], kappa: float
) -> None:
    found = quadratic_kappa(table, sum(table.values()), 1)
    assert found.value == pytest.approx(kappa, abs=5e-4)
    assert found.low is not None
    assert found.high is not None
    assert found.low < kappa < found.high


def test_the_interval_of_kappa_is_that_of_the_textbook() -> None:
    # The closed form of unweighted kappa for two categories (Fleiss, Cohen, Everitt 1969),
    # to which the weighted formula must reduce.
    a, b, c, d = 0.2, 0.2, 0.1, 0.5
    seen, chance = a + d, (a + b) * (a + c) + (c + d) * (b + d)
    kappa = (seen - chance) / (1 - chance)
    spread = (
        a * (1 - ((a + b) + (a + c)) * (1 - kappa)) ** 2
        + d * (1 - ((c + d) + (b + d)) * (1 - kappa)) ** 2
        + (1 - kappa) ** 2 * (b * ((a + c) + (c + d)) ** 2 + c * ((b + d) + (a + b)) ** 2)
        - (kappa - chance * (1 - kappa)) ** 2
    )
    half = 1.959964 * (spread / 100) ** 0.5 / (1 - chance)
    found = quadratic_kappa(TWO, 100, 1)
    assert found.high == pytest.approx(kappa + half, abs=1e-9)


def test_perfect_agreement_is_one_and_one_level_for_everybody_is_no_kappa() -> None:
    assert quadratic_kappa(Counter({(3, 3): 10, (1, 1): 10}), 20, 1).value == pytest.approx(1)
    assert quadratic_kappa(Counter({(3, 3): 20}), 20, 1).value is None


def test_the_share_has_wilsons_interval() -> None:
    # Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662.
    found = figure_of_share(81, 263, 20)
    assert found.low == pytest.approx(0.2553, abs=5e-5)
    assert found.high == pytest.approx(0.3662, abs=5e-5)
    nothing = figure_of_share(0, 20, 20)
    assert nothing.low == 0
    assert nothing.high == pytest.approx(0.1611, abs=5e-5)


@pytest.mark.parametrize(
    "found",
    [
        figure_of_share(3, 19, 20),
        figure_of_share(0, 0, 0),
        figure_of_mean(3.0, 9.0, 1, 0),
        quadratic_kappa(TWO, 19, 20),
        quadratic_kappa(Counter(), 0, 0),
    ],
)
def test_below_the_least_count_nothing_is_said(found: Figure) -> None:
    assert (found.value, found.low, found.high) == (None, None, None)


def test_a_mean_has_the_interval_of_its_own_spread() -> None:
    values = [0.0, 1.0, 2.0, 3.0]
    found = figure_of_mean(sum(values), sum(v * v for v in values), 4, 2)
    assert found.value == 1.5
    assert found.high == pytest.approx(1.5 + 1.959964 * (5 / 3 / 4) ** 0.5)


def test_the_median_of_even_counts_is_between() -> None:
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 2, 3]) == 2.5
