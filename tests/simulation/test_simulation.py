"""Hundreds of worlds in which everything goes wrong, and what must be true in each of them."""

from dataclasses import replace

import pytest

from tests.simulation.mutations import MUTATIONS, Mutation, first_red
from tests.simulation.plan import KINDS, Step, plan_of
from tests.simulation.shrink import shrink
from tests.simulation.world import Story, play

SEEDS = 200
AT_ONCE = 20


def test_a_calm_world_marks_on_and_needs_no_healing() -> None:
    story = play(replace(plan_of(0), steps=()))
    assert story.findings == []
    assert story.acts["marked"] > 40
    assert story.healed_s <= 60


def test_the_same_seed_tells_the_same_story() -> None:
    first, second = play(plan_of(3)), play(plan_of(3))
    assert first.log == second.log
    assert first.digest != play(plan_of(4)).digest


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_whatever_goes_wrong_nothing_is_lost_and_nothing_counts_twice(first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        assert (seed, play(plan_of(seed)).findings) == (seed, [])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_fault_is_met(kind: str) -> None:
    """A fault that is never injected proves nothing."""
    steps = [step for seed in range(40) for step in plan_of(seed, [kind]).steps]
    assert len(steps) >= 40


NAMED = {
    "a commit that fails for want of space leaves no transaction open": (
        5,
        ("full_node", "full_hub"),
    ),
    "a request of broken letters is a bad request and no fault of the hub": (6, ("garbled",)),
    "several videos that break off at once leave no error unheard": (
        39,
        ("cut", "loss", "swizzle"),
    ),
    "a disk that is full while the node enrols leaves the code usable": (23, ("full_node",)),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_was_found_once_stays_mended(name: str) -> None:
    seed, kinds = NAMED[name]
    assert play(plan_of(seed)).findings == []
    assert play(plan_of(seed, kinds)).findings == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_product_broken_on_purpose_is_found_out(mutation: Mutation) -> None:
    assert first_red(mutation) is not None


def test_a_failing_world_is_shrunk_to_the_steps_that_matter() -> None:
    plan = plan_of(12)
    guilty = Step(100.0, "kill", 1)
    story = Story(replace(plan, steps=(*plan.steps, guilty)))
    assert shrink(story, lambda shorter: guilty in shorter.steps).steps == (guilty,)
