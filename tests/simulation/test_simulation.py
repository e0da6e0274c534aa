"""Hundreds of worlds in which everything goes wrong, and what must be true in each of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.faults import FAULTS
from tests.simulation.mutations import MUTATIONS, Mutation, first_red
from tests.simulation.plan import HUB, KINDS, QUICK, Plan, Step, plan_of, quick_plan_of
from tests.simulation.shrink import shrink
from tests.simulation.world import Story, play

TESTS = Path(__file__).parent.parent
SEEDS = 200
AT_ONCE = 20
FIRSTS = range(0, SEEDS, AT_ONCE)
"""Of each group of worlds, which a parallel run shares out among its workers."""
MARKS_LEAST = 5
"""Of a world, on an average: where nobody marks, nothing can be lost."""


def test_a_calm_world_marks_on_and_needs_no_healing() -> None:
    story = play(replace(plan_of(0), steps=()))
    assert story.findings == []
    assert story.acts["marked"] > 30
    assert story.healed_s <= 60


def test_the_same_seed_tells_the_same_story() -> None:
    first, second = play(quick_plan_of(3)), play(quick_plan_of(3))
    assert first.log == second.log
    assert first.digest != play(quick_plan_of(4)).digest


@pytest.mark.parametrize("first", FIRSTS)
def test_whatever_goes_wrong_nothing_is_lost_and_nothing_counts_twice(first: int) -> None:
    _all_is_well([quick_plan_of(seed) for seed in range(first, first + AT_ONCE)])


@pytest.mark.long
@pytest.mark.parametrize("first", FIRSTS)
def test_larger_worlds_lose_nothing_either(first: int) -> None:
    _all_is_well([plan_of(seed) for seed in range(first, first + AT_ONCE)])


def _all_is_well(plans: list[Plan]) -> None:
    marked = 0
    for plan in plans:
        story = play(plan)
        assert (plan.seed, story.findings) == (plan.seed, [])
        marked += story.acts["marked"]
    assert marked >= MARKS_LEAST * len(plans)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_fault_is_met(kind: str) -> None:
    """A fault that is never injected proves nothing."""
    steps = [step for seed in range(40) for step in plan_of(seed, [kind]).steps]
    assert len(steps) >= 40


OF_THE_DESIGN = {*range(1, 10), 11, *range(13, 17), 18, 22, 25, *range(27, 45)}


def test_every_fault_of_the_design_is_injected() -> None:
    assert FAULTS.keys() == OF_THE_DESIGN
    for number, fault in FAULTS.items():
        assert fault.kinds or fault.tests, number
        assert set(fault.kinds) <= KINDS.keys(), number
        for test in fault.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (TESTS / file).read_text("utf-8"), test


def test_no_kind_of_step_is_without_a_fault_that_it_stands_for() -> None:
    meant = {kind for fault in FAULTS.values() for kind in fault.kinds}
    assert KINDS.keys() - meant == {"close"}, "closing is no fault; it meets the faults"


NAMED = {
    "a full disk leaves no transaction open": (
        Step(40, "full", HUB, 30),
        Step(90, "full", 1, 40),
    ),
    "broken letters are a bad request and no fault of the hub": tuple(
        Step(5, "garbled", who, 90, "0.9") for who in (1, 2, 3)
    ),
    "several videos that break off at once leave no error unheard": (
        Step(11, "cut", 1, 5, "both"),
        Step(11, "loss", 2, 30, "0.9"),
    ),
    "a disk that is full while the node enrols leaves the code usable": (Step(6, "full", 1, 60),),
    "a restored hub gives no number of a task twice": (
        Step(60, "restore_copy"),
        Step(150, "restore", lasts=5),
    ),
    "a hub put back to before the wipe of a trial wipes it again": (
        Step(39, "copy_back_copy"),
        Step(150, "copy_back", lasts=5),
    ),
    "what a node got back from the hub it can give back to the hub": (
        Step(16, "restore_copy"),
        Step(76, "turn_back_copy", 2),
        Step(149, "turn_back", 2, 5),
        Step(174, "restore", lasts=5),
    ),
    "a lab that lost its disk gets its marks from the browsers and the hub": (
        Step(60, "cut", 1, 60, "both"),
        Step(100, "lose_disk", 1, 20),
    ),
    "what came back from the mirror may be offered again by the browser": (
        Step(60, "loss", 1, 60, "0.9"),
        Step(100, "damage", 1, 5, "header"),
        Step(140, "damage", 1, 5, "wal_cut"),
    ),
    "two programs with one identity both hand in what they have": (
        Step(50, "clone", 1),
        Step(120, "clone", 2),
    ),
}


LONG = [pytest.mark.long]
SHOWN = {"synchronous NORMAL", "no dedupe on the hub", "outbox outside", "no chain check"}
"""In every run; `python -m tests.simulation.mutations` and --long play them all."""

FOUND = {
    # A node that was told to wipe hands in marks and its report of the wipe in one batch.
    "a batch that brings the end of a trial leaves nothing of it": Plan(
        15,
        nodes=4,
        works=1,
        has_trial=True,
        pace=QUICK,
        steps=(
            Step(10.6, "damage", 3, 1, "wal_of_before"),
            Step(17.65, "damage", 2, 1, "wal_cut"),
            Step(21.6, "restore_copy"),
            Step(32.95, "loss", 2, 30, "0.9"),
            Step(33.83, "restore", lasts=1),
            Step(36.2, "loss", 3, 26, "0.9"),
            Step(46.42, "kill", 2, 20, "commit before"),
        ),
    ),
    # The mirror brought back the report of a wipe, but not what it had done.
    "a node put back to before a wipe wipes again": Plan(
        127,
        nodes=3,
        works=1,
        has_trial=True,
        pace=QUICK,
        steps=(Step(21.43, "turn_back_copy", 3), Step(51.2, "turn_back", 3, 1.25)),
    ),
    # A letter of the enrolment's answer was another one: the node took the hub for a stranger.
    "what is garbled but can be read is not believed": Plan(
        430,
        nodes=2,
        works=2,
        has_trial=False,
        pace=QUICK,
        steps=(
            Step(7.0, "power", HUB, 2, "statement 13"),
            Step(19.8, "power", 2, 21.75, "statement 5"),
            Step(21.0, "garbled", 2, 25, "0.6"),
        ),
    ),
    # The secret was over when the report of the wipe came; the hub waited for it ever after.
    "a lab that enrols again reports again that it wiped a trial": Plan(
        610,
        nodes=3,
        works=1,
        has_trial=True,
        pace=QUICK,
        steps=(
            Step(12.12, "damage", 3, 1.25, "wal_cut"),
            Step(14.25, "clock", HUB, 11.5, "+1h"),
        ),
    ),
    # Nobody had anything to send, or to hear, that would have shown what the hub had lost.
    "a quiet node tells a hub that came back what it had confirmed": Plan(
        1526,
        nodes=5,
        works=1,
        has_trial=True,
        pace=QUICK,
        steps=(Step(37.27, "without_wal", HUB, 6.25),),
    ),
    # It was compared, and knew it; the hub had forgotten that, and waited for it ever after.
    "a hub that recovers asks whom it waits for to compare once more": Plan(
        3806,
        nodes=3,
        works=1,
        has_trial=True,
        pace=QUICK,
        steps=(
            Step(4.0, "cut", 1, 44, "push"),
            Step(4.28, "kill", 2, 2.5, "idle"),
            Step(7.08, "full", 2, 6.25),
            Step(20.85, "restore_copy"),
            Step(22.8, "garbled", 2, 23.75, "0.9"),
            Step(25.52, "restore", HUB, 1.25),
            Step(29.73, "kill", HUB, 6.25, "commit after"),
            Step(37.95, "copy_back_copy"),
            Step(42.45, "copy_back", HUB, 1.25),
        ),
    ),
}
"""What was found in worlds of another size."""


@pytest.mark.parametrize("name", FOUND)
def test_what_a_campaign_found_stays_mended(name: str) -> None:
    assert play(FOUND[name]).findings == []


@pytest.mark.parametrize(
    "has_trial",
    [False, pytest.param(True, marks=pytest.mark.long)],
    ids=["formal", "after a trial"],
)
@pytest.mark.parametrize("name", NAMED)
def test_what_was_found_once_stays_mended(name: str, has_trial: bool) -> None:
    assert play(Plan(7, 3, 3, has_trial, NAMED[name])).findings == []


@pytest.mark.parametrize(
    "mutation",
    [
        pytest.param(mutation, id=mutation.name, marks=[] if mutation.name in SHOWN else LONG)
        for mutation in MUTATIONS
    ],
)
def test_a_product_broken_on_purpose_is_found_out(mutation: Mutation) -> None:
    assert first_red(mutation) is not None


def test_a_failing_world_is_shrunk_to_the_steps_that_matter() -> None:
    plan = plan_of(12)
    guilty = Step(100.0, "kill", 1)
    story = Story(replace(plan, steps=(*plan.steps, guilty)))
    assert shrink(story, lambda shorter: guilty in shorter.steps).steps == (guilty,)
