"""Verify: recompute outcomes, slots, loads, audit chain and allocation from the record alone."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from sqlite_utils import Database

from hub.store import (
    audit,
    exam,
    handings,
    hands,
    loads,
    marks,
    outcomes,
    performances,
    sittings,
    slots,
    tasks,
)
from hub.store.marks import Mark
from hub.store.outcomes import Outcome
from hub.store.sittings import Sitting
from hub.store.slots import Slot
from hub.work.allocate import RECORD
from hub.work.choose_again import ChoosingAgain
from hub.work.decks import digest_of_works, group_seed
from hub.work.settle import verdict_on, wanted_of
from hub.work.supplement import RECORD as MORE
from hub.work.supplement import more_seed
from shared.rules.agreement import Verdict
from shared.rules.allocation import Hand, Work, deal
from shared.rules.policy import Policy, policy_hash
from shared.rules.supplement import Holder, deal_more

FINDINGS_MAX = 200


def verify(db: Database) -> list[str]:
    """What does not agree, in Chinese; empty when everything does. Reads all there is."""
    found = []
    for finding in _findings(db):
        found.append(finding)
        if len(found) == FINDINGS_MAX:
            return [*found, f"只列出前 {FINDINGS_MAX} 处不一致"]
    return found


def _findings(db: Database) -> Iterator[str]:
    broken = audit.broken_at(db)
    if broken is not None:
        yield f"审计记录从第 {broken} 条起与哈希链不符"
    for sitting in sittings.all_sittings(db):
        if sha256(sitting.seed.encode()).hexdigest() != sitting.seed_hash:
            yield f"场次 {sitting.id} 的随机种子与公布的哈希不符"
        if sitting.state in ("open", "closed"):
            yield from _loads(db, sitting)
            yield from _hands(db, sitting)
            yield from _performances(db, sitting)
            yield from _allocation(db, sitting)


def _loads(db: Database, sitting: Sitting) -> Iterator[str]:
    kept, counted = loads.of_sitting(db, sitting.id), loads.recounted(db, sitting.id)
    for key in sorted(
        {key for key in kept.keys() | counted.keys() if kept.get(key) != counted.get(key)},
        key=lambda key: (key.account_id, key.item_group_id, key.round),
    ):
        yield (
            f"场次 {sitting.id}：账号 {key.account_id} 题组 {key.item_group_id}"
            f" {key.round}评的任务数与任务表不符"
        )


def _hands(db: Database, sitting: Sitting) -> Iterator[str]:
    """What the choice of a taker is made from: as many tasks as the loads say."""
    counted: dict[int, int] = {}
    for key, load in loads.of_sitting(db, sitting.id).items():
        counted[key.account_id] = counted.get(key.account_id, 0) + load.total
    kept = hands.totals(db, sitting.id)
    for account_id in sorted(
        {id for id in kept.keys() | counted.keys() if kept.get(id, 0) != counted.get(id, 0)}
    ):
        yield f"场次 {sitting.id}：账号 {account_id} 的分配依据与任务数不符"


def _performances(db: Database, sitting: Sitting) -> Iterator[str]:
    """Outcomes, slots and tasks against the counted marks."""
    policy = exam.policy(db)
    codes = {p.id: p.code for p in performances.every(db)}
    states = tasks.state_by_id(db, sitting.id)
    for performance, by_round, given, kept in _by_performance(
        slots.of_sitting(db, sitting.id),
        marks.all_counted(db, sitting.id),
        outcomes.of_sitting(db, sitting.id),
    ):
        where = f"场次 {sitting.id} 作品 {codes.get(performance, performance)}"
        if not by_round:
            yield f"{where}：没有分配却有评分"
            continue
        verdict = verdict_on(given, policy)
        if not _outcome_agrees(kept, given, verdict):
            yield f"{where}：终评结果与评分不符"
        for number in _rounds_that_disagree(by_round, given, verdict, states):
            yield f"{where}：{number}评的任务与评分不符"


def _by_performance(
    of_slots: Iterator[Slot], of_marks: Iterator[Mark], of_outcomes: Iterator[Outcome]
) -> Iterator[tuple[int, dict[int, Slot], dict[int, Mark], Outcome | None]]:
    """A city's marks do not fit into memory; each of the three comes by performance."""
    every = merge(of_slots, of_marks, of_outcomes, key=attrgetter("performance_id"))
    for performance, some in groupby(every, key=attrgetter("performance_id")):
        by_round: dict[int, Slot] = {}
        given: dict[int, Mark] = {}
        kept = None
        for one in some:
            match one:
                case Slot():
                    by_round[one.round] = one
                case Mark():
                    given[one.round] = one
                case Outcome():
                    kept = one
        yield performance, by_round, given, kept


def _outcome_agrees(kept: Outcome | None, given: Mapping[int, Mark], verdict: Verdict) -> bool:
    if not given.keys() >= {1, 2}:
        return kept is None
    return kept is not None and kept.agrees_with(verdict)


def _rounds_that_disagree(
    by_round: Mapping[int, Slot],
    given: Mapping[int, Mark],
    verdict: Verdict,
    states: Mapping[int, tasks.TaskState],
) -> list[int]:
    return [
        number
        for number in (1, 2, 3, 4)
        if not _slot_agrees(number, by_round.get(number), given.get(number), verdict, states)
    ]


def _slot_agrees(
    number: int,
    slot: Slot | None,
    mark: Mark | None,
    verdict: Verdict,
    states: Mapping[int, tasks.TaskState],
) -> bool:
    if mark:
        return (
            slot is not None
            and (slot.state, slot.mark_id, slot.task_id) == ("filled", mark.event_id, mark.task_id)
            and states.get(mark.task_id) == "done"
        )
    wanted = wanted_of(number, verdict) if number > 2 else 63
    if slot is None or slot.state == "closed":
        return not wanted
    if slot.criteria != wanted:
        return False
    if slot.state == "waiting":
        return slot.task_id is None
    return slot.state == "assigned" and states.get(slot.task_id or 0) == "open"


def _allocation(db: Database, sitting: Sitting) -> Iterator[str]:
    """Deal again from the seed and the recorded input, and compare with what was handed out."""
    records = [e for e in audit.of_action(db, RECORD) if e.detail["sitting"] == sitting.id]
    if len(records) != 1:
        yield f"场次 {sitting.id} 没有唯一的分配记录"
        return
    record = records[0].detail
    policy = msgspec.convert(record["policy"], Policy)
    if sitting.state == "open" and policy_hash(policy) != policy_hash(exam.policy(db)):
        yield f"场次 {sitting.id} 的规则与分配时公布的不符"
    for task in ChoosingAgain(db, sitting, policy).differing():
        yield (
            f"场次 {sitting.id}：{task.round}评任务 {task.id} 交给了账号 {task.account_id}，"
            "与随机种子重算的不符"
        )
    yield from _dealings(db, sitting, policy, record["groups"])


def _dealings(
    db: Database, sitting: Sitting, policy: Policy, first: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """The first deal and every supplement."""
    later = [e.detail for e in audit.of_action(db, MORE) if e.detail["sitting"] == sitting.id]
    handed_out: dict[tuple[int, int], list[tasks.Task]] = {}
    handed_on = handings.handed_on(db, sitting.id)
    for task in tasks.first_hand_outs(db, sitting.id):
        number = _number_of(task, later)
        if number or task.id not in handed_on:
            handed_out.setdefault((number, task.item_group_id), []).append(task)
    districts = {p.id: p.district_id for p in performances.every(db)}
    for number, groups in [(0, first), *((one["number"], one["groups"]) for one in later)]:
        for group in groups:
            of_group = handed_out.get((number, group["group"]), [])
            works = [Work(t.performance_id, districts[t.performance_id]) for t in of_group]
            if problem := _dealt_otherwise(sitting, number, group, of_group, works[::2], policy):
                where = f"第 {number} 次补分配" if number else "分配"
                yield f"场次 {sitting.id} 题组 {group['group']} {where}：{problem}"


def _number_of(task: tasks.Task, later: Sequence[Mapping[str, Any]]) -> int:
    """Of the supplement that it was dealt in; 0 for the first deal."""
    return next((o["number"] for o in later if o["tasks"][0] <= task.id <= o["tasks"][1]), 0)


def _dealt_otherwise(
    sitting: Sitting,
    number: int,
    group: Mapping[str, Any],
    handed_out: list[tasks.Task],
    works: list[Work],
    policy: Policy,
) -> str:
    """What differs; empty when dealing again gives the same."""
    if digest_of_works(works) != group["works_sha256"]:
        return "作品或其区县在分配之后有改动"
    if number:
        holders = [Holder(Hand(*row[:3]), *row[3:]) for row in group["hands"]]
        again = deal_more(works, holders, policy, more_seed(sitting, group["group"], number))
    else:
        hands = [Hand(*hand) for hand in group["hands"]]
        again = deal(works, hands, policy, group_seed(sitting, group["group"])) if works else []
    expected = {(one.work, one.round, one.hand, one.position) for one in again}
    present = {(t.performance_id, t.round, t.account_id, t.position) for t in handed_out}
    return "" if expected == present else "用随机种子重算的分配与实际任务不符"
