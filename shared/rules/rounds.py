"""Milestones of the rounds: facts that may be announced, and what keeps them from being true."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from shared.rules.rubric import Role


class Milestone(StrEnum):
    ROUND3_ALLOCATED = "round3_allocated"
    ROUND3_ENDED = "round3_ended"
    ROUND4_ALLOCATED = "round4_allocated"
    ROUND4_ENDED = "round4_ended"

    @property
    def text(self) -> str:
        """What the city says when it is reached; the first is the operating manual's sentence."""
        return _TEXTS[self]


_TEXTS = {
    Milestone.ROUND3_ALLOCATED: "3评的评阅任务已经全部分配到评阅专家账号，"
    "请继续完成各题组中的3评任务。收到结束公告前请不要离开阅卷现场。",
    Milestone.ROUND3_ENDED: "3评已全部结束，阅卷教师可以离开阅卷现场；学科组长请继续完成4评。",
    Milestone.ROUND4_ALLOCATED: "4评的评阅任务已经全部分配到学科组长账号，请学科组长完成4评。",
    Milestone.ROUND4_ENDED: "4评已全部结束，本次阅卷全部完成，可以离开阅卷现场。",
}


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """Counts over one sitting, city-wide."""

    open_by_round: dict[int, int]
    """Open tasks of each round 1-4."""
    waiting_by_round: dict[int, int]
    """Slots of each round that nobody could be given."""
    events_pending: int
    """Events that nodes still hold, as they last reported."""
    nodes_silent: int
    """Nodes not heard of for so long that what they hold is unknown."""
    performances: int
    nodes_differing: int = 0
    """Nodes whose marks were not the same as the hub's when last compared."""
    nodes_uncompared: int = 0
    """Nodes that handed in marks after they last compared."""
    undealt: int = 0
    """Performances with a video that came after the allocation and are in no round yet."""


def milestones_reached(facts: RoundFacts) -> tuple[Milestone, ...]:
    """All milestones that are true now, in order.

    Later rounds can still change while an earlier one is open, so each milestone needs
    those before it.
    """
    return tuple(m for m in Milestone if not missing_for(m, facts))


def missing_for(milestone: Milestone, facts: RoundFacts) -> tuple[str, ...]:
    """Why a milestone is not true yet, in Chinese; empty when it is true."""
    missing = []
    if facts.performances == 0:
        missing.append("还没有分配作品")
    if facts.undealt:
        missing.append(f"有 {facts.undealt} 份作品未补分配")
    for number in _rounds_needed(milestone):
        if count := facts.open_by_round.get(number, 0):
            missing.append(f"{number}评还有 {count} 份未评")
    for number in _rounds_handed_out(milestone):
        if count := facts.waiting_by_round.get(number, 0):
            missing.append(f"{number}评有 {count} 份无人可分配")
    return (*missing, *_not_in_step(facts))


def _not_in_step(facts: RoundFacts) -> list[str]:
    found = {
        f"节点还有 {facts.events_pending} 条记录未上报": facts.events_pending,
        f"{facts.nodes_silent} 个节点没有消息": facts.nodes_silent,
        f"{facts.nodes_differing} 个节点对账不一致": facts.nodes_differing,
        f"{facts.nodes_uncompared} 个节点正在对账": facts.nodes_uncompared,
    }
    return [text for text, count in found.items() if count]


def _rounds_needed(milestone: Milestone) -> range:
    ended = {
        Milestone.ROUND3_ALLOCATED: 2,
        Milestone.ROUND3_ENDED: 3,
        Milestone.ROUND4_ALLOCATED: 3,
        Milestone.ROUND4_ENDED: 4,
    }[milestone]
    return range(1, ended + 1)


def _rounds_handed_out(milestone: Milestone) -> range:
    handed_out = {
        Milestone.ROUND3_ALLOCATED: 3,
        Milestone.ROUND3_ENDED: 3,
        Milestone.ROUND4_ALLOCATED: 4,
        Milestone.ROUND4_ENDED: 4,
    }[milestone]
    return range(1, handed_out + 1)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Whether a person may leave the lab now, in one sentence."""

    may_leave: bool
    text: str


def leaving(role: Role, reached: Collection[Milestone], *, sitting_is_over: bool) -> Leaving:
    """Markers wait for the end of round 3, leaders for the end of round 4 (the manual's rule)."""
    if sitting_is_over:
        return Leaving(True, "本次阅卷已结束，可以离开。")
    if role is Role.LEADER:
        needed, waiting_for = Milestone.ROUND4_ENDED, "全市4评还没有结束"
    else:
        needed, waiting_for = Milestone.ROUND3_ENDED, "全市3评还没有结束"
    if needed in reached:
        return Leaving(True, f"{'4评' if role is Role.LEADER else '3评'}已全部结束，可以离开。")
    return Leaving(False, f"{waiting_for}，请先不要离开阅卷现场。")
