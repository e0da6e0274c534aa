"""Milestones: announced only when true, and otherwise what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.rounds import Milestone, RoundFacts, milestones_reached, missing_for


def facts(
    opened: dict[int, int] | None = None,
    waiting: dict[int, int] | None = None,
    pending: int = 0,
    silent: int = 0,
    performances: int = 100,
) -> RoundFacts:
    """All done, but for what is said."""
    return RoundFacts(opened or {}, waiting or {}, pending, silent, performances)


def test_all_milestones_are_reached_when_all_is_done() -> None:
    assert milestones_reached(facts()) == tuple(Milestone)
    assert all(not missing_for(milestone, facts()) for milestone in Milestone)


@pytest.mark.parametrize(
    ("found", "reached"),
    [
        (facts(opened={1: 1}), 0),
        (facts(opened={2: 1}), 0),
        (facts(waiting={1: 1}), 0),
        (facts(waiting={3: 1}), 0),
        (facts(opened={3: 5}), 1),
        (facts(opened={3: 5, 4: 2}, waiting={4: 1}), 1),
        (facts(waiting={4: 1}), 2),
        (facts(opened={4: 1}), 3),
        (facts(pending=1), 0),
        (facts(silent=1), 0),
        (facts(performances=0), 0),
    ],
)
def test_a_milestone_needs_those_before_it(found: RoundFacts, reached: int) -> None:
    assert milestones_reached(found) == tuple(Milestone)[:reached]


def test_what_is_missing_is_said_in_numbers() -> None:
    found = facts(opened={1: 3, 3: 2}, waiting={3: 4}, pending=7, silent=1)
    assert missing_for(Milestone.ROUND3_ENDED, found) == (
        "1评还有 3 份未评",
        "3评还有 2 份未评",
        "3评有 4 份无人可分配",
        "节点还有 7 条记录未上报",
        "1 个节点没有消息",
    )
    assert missing_for(Milestone.ROUND3_ALLOCATED, facts(performances=0)) == ("还没有分配作品",)


def test_an_announcement_says_who_may_leave() -> None:
    assert Milestone.ROUND3_ALLOCATED.text.startswith("3评的评阅任务已经全部分配到评阅专家账号")
    assert "可以离开" in Milestone.ROUND3_ENDED.text
    assert "可以离开" not in Milestone.ROUND4_ALLOCATED.text


counts = st.dictionaries(st.integers(1, 4), st.integers(0, 2))


@given(st.builds(RoundFacts, counts, counts, st.integers(0, 1), st.integers(0, 1), st.just(5)))
def test_milestones_are_reached_in_order_and_never_with_work_left(found: RoundFacts) -> None:
    reached = milestones_reached(found)
    assert reached == tuple(Milestone)[: len(reached)]
    if Milestone.ROUND4_ENDED in reached:
        assert not sum(found.open_by_round.values()) + sum(found.waiting_by_round.values())
