"""From a world that fails to the few steps that it takes to fail in the same way."""

from collections.abc import Callable
from dataclasses import replace

from tests.simulation.plan import Plan
from tests.simulation.world import Story, play


def laws_of(story: Story) -> set[str]:
    """The names of what was broken."""
    return {finding.partition(":")[0] for finding in story.findings}


def shrink(story: Story, fails: Callable[[Plan], bool] | None = None) -> Plan:
    """Drop steps, first many at a time, as long as one of the same laws is broken."""
    broken = laws_of(story)

    def fails_alike(plan: Plan) -> bool:
        return bool(laws_of(play(plan)) & broken)

    fails = fails or fails_alike
    plan, size = story.plan, max(len(story.plan.steps) // 2, 1)
    while plan.steps:
        shorter = _one_shorter(plan, size, fails)
        if shorter is not None:
            plan = shorter
        elif size == 1:
            return plan
        size = max(min(size, len(plan.steps)) // (1 if shorter else 2), 1)
    return plan


def _one_shorter(plan: Plan, size: int, fails: Callable[[Plan], bool]) -> Plan | None:
    for start in range(0, len(plan.steps), size):
        shorter = replace(plan, steps=plan.steps[:start] + plan.steps[start + size :])
        if fails(shorter):
            return shorter
    return None
