"""Filling places at random and repairing them by exchanges."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rules.swaps import fill


@settings(max_examples=100, deadline=None)
@given(st.integers(3, 7), st.data())
def test_whatever_can_be_filled_is_filled(kinds: int, data: st.DataObject) -> None:
    """The counts come from a filling that exists, often one that leaves hardly any choice."""
    pairs = data.draw(st.lists(st.permutations(range(kinds)), min_size=1, max_size=30))
    homes = [order[2] if data.draw(st.booleans()) else -1 for order in pairs]
    counts = Counter(kind for order in pairs for kind in order[:2])
    filled = fill(homes, 2, [counts[kind] for kind in range(kinds)], random.Random(1))
    assert Counter(filled) == counts
    for work, home in enumerate(homes):
        one, other = filled[2 * work : 2 * work + 2]
        assert one != other and home not in (one, other)


def test_what_cannot_be_filled_is_counted() -> None:
    with pytest.raises(ValueError, match="2 works cannot be filled"):
        fill([0, 0], 1, [2, 0], random.Random(1))
    with pytest.raises(ValueError, match="1 works cannot be filled"):
        fill([-1], 2, [2, 0], random.Random(1))
