"""The phases of a marking event in their order, where it stands, and the one next action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hub.store.counts import Progress
from hub.store.sittings import Sitting
from shared.rules.rounds import Milestone, RoundFacts, missing_for
from shared.web.words import day_clock, share

PhaseState = Literal["done", "skipped", "now", "later"]


@dataclass(frozen=True, slots=True)
class Phase:
    label: str
    state: PhaseState
    text: str


@dataclass(frozen=True, slots=True)
class NextAction:
    title: str
    text: str
    """What unlocks it, or what it is for."""
    label: str
    url: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the phases depend on."""

    has_exam: bool
    trial: Sitting | None
    """The newest trial."""
    formal: Sitting | None
    facts: RoundFacts | None
    """Of the formal sitting."""
    rounds: Mapping[int, Progress]
    """Of the formal sitting."""


def phases(standing: Standing) -> list[Phase]:
    formal = standing.formal
    is_closed = formal is not None and formal.state == "closed"
    archive = Phase("归档", "done" if is_closed else "later", _closed_text(formal))
    return [*_trial_phases(standing), *_round_phases(standing), archive]


def _trial_phases(standing: Standing) -> list[Phase]:
    trial = standing.trial
    if trial is None and standing.formal:
        return [Phase("试阅", "skipped", "未进行"), Phase("清空试阅", "skipped", "未进行")]
    if trial is None:
        return [Phase("试阅", "now", "未开始"), Phase("清空试阅", "later", "未开始")]
    if trial.state == "wiped":
        wiped = Phase("清空试阅", "done", day_clock(trial.closed_at))
        return [Phase("试阅", "done", "已结束"), wiped]
    plan = f"定于 {day_clock(trial.wipe_at)}" if trial.wipe_at else "未定时间"
    if trial.state == "closed":
        return [Phase("试阅", "done", "已结束"), Phase("清空试阅", "now", plan)]
    text = "进行中" if trial.state == "open" else "待分配"
    return [Phase("试阅", "now", text), Phase("清空试阅", "later", plan)]


def _round_phases(standing: Standing) -> list[Phase]:
    first, third = Milestone.ROUND3_ALLOCATED, Milestone.ROUND3_ENDED
    double = standing.rounds.get(1, Progress()) + standing.rounds.get(2, Progress())
    steps = [
        ("1、2评", first, double),
        ("3评", third, standing.rounds.get(3, Progress())),
        ("4评", Milestone.ROUND4_ENDED, standing.rounds.get(4, Progress())),
    ]
    found: list[Phase] = []
    for label, milestone, progress in steps:
        is_first_open = all(p.state == "done" for p in found)
        found.append(_round_phase(label, milestone, progress, standing, is_first_open))
    return found


def _round_phase(
    label: str, milestone: Milestone, progress: Progress, standing: Standing, is_next: bool
) -> Phase:
    formal = standing.formal
    if formal is None or formal.state == "prepared" or standing.facts is None:
        return Phase(label, "later", "未开始")
    if formal.state == "closed" or not missing_for(milestone, standing.facts):
        return Phase(label, "done", f"{progress.total:,} 份")
    words = f"{share(progress.done, progress.total)}，剩 {progress.left:,}"
    if not progress.total:
        words = "未开始"
    return Phase(label, "now" if is_next else "later", words)


def _closed_text(formal: Sitting | None) -> str:
    return day_clock(formal.closed_at) if formal and formal.closed_at else "未开始"


def next_action(standing: Standing) -> NextAction:
    """Exactly one, always."""
    if not standing.has_exam:
        text = "请在服务器上用 import 命令导入考试工作簿。"
        return NextAction("导入考试", text, "查看", "/rounds", False)
    return _trial_action(standing) if standing.formal is None else _formal_action(standing)


def _trial_action(standing: Standing) -> NextAction:
    trial = standing.trial
    if trial is None:
        return NextAction("准备试阅", "也可以不试阅，直接准备正式阅卷。", "准备", "/rounds", True)
    if trial.state == "prepared":
        return NextAction("分配试阅任务", "先看预览，再确认分配。", "去分配", "/rounds", True)
    if trial.state == "wiped":
        text = "试阅已清空，可以准备正式阅卷。"
        return NextAction("准备正式阅卷", text, "准备", "/rounds", True)
    plan = f"定于 {day_clock(trial.wipe_at)} 自动清空。" if trial.wipe_at else "尚未设定清空时间。"
    return NextAction("清空试阅数据", plan, "去清空", "/trial", True)


def _formal_action(standing: Standing) -> NextAction:
    formal, facts = standing.formal, standing.facts
    if formal is not None and formal.state == "closed":
        return NextAction("导出终评结果", "正式阅卷已结束。", "去导出", "/results", True)
    if formal is None or formal.state == "prepared" or facts is None:
        text = "先看预览，再确认分配1评和2评。"
        return NextAction("分配1评、2评任务", text, "去分配", "/rounds", True)
    for milestone in Milestone:
        if missing := missing_for(milestone, facts):
            return _waiting(milestone, missing)
    return NextAction(
        "结束正式阅卷", "4评已全部结束，可以结束并导出结果。", "去结束", "/rounds", True
    )


def _waiting(milestone: Milestone, missing: Sequence[str]) -> NextAction:
    return NextAction(
        _TITLES[milestone], "还差：" + "，".join(missing) + "。", "查看缺项", "/rounds", False
    )


_TITLES = {
    Milestone.ROUND3_ALLOCATED: "3评全部分配",
    Milestone.ROUND3_ENDED: "3评结束",
    Milestone.ROUND4_ALLOCATED: "4评全部分配",
    Milestone.ROUND4_ENDED: "4评结束",
}
