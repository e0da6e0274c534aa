"""Hand a slot to somebody as a task, or take it back: rounds 3 and 4, and what was taken back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlite_utils import Database

from hub.store import (
    audit,
    exam,
    feed,
    handings,
    hands,
    holdings,
    marks,
    performances,
    probes,
    sittings,
    slots,
    tasks,
)
from hub.store.hands import Pool
from hub.store.performances import Performance
from hub.store.slots import Slot
from hub.store.tasks import NewTask, Task
from hub.work import recovery
from shared.rules.choosing import Asked, Seat, choose, may_take, slot_point
from shared.rules.parts import Hand
from shared.rules.policy import Policy
from shared.rules.rubric import Role, Stage

LEADER_ROUND = 4


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a choice is made from, of several slots of one sitting at once."""

    seed: str
    policy: Policy
    stages: Mapping[int, Stage]
    performances: Mapping[int, Performance]
    near: Mapping[int, Collection[int]]
    """Districts whose nodes hold a video."""
    tasks: Mapping[int, Sequence[Task]]
    """All that were ever handed out of a performance."""
    givers: Mapping[int, Collection[int]]
    knowing: Mapping[int, Collection[int]]
    """Who has a performance as a reference."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A slot, whoever takes it, and what the choice was made from."""

    slot: Slot
    performance: Performance
    found: Seat
    near: Collection[int]
    asked: Asked

    @property
    def new_task(self) -> NewTask:
        return NewTask(
            sitting_id=self.slot.sitting_id,
            performance_id=self.slot.performance_id,
            item_group_id=self.performance.item_group_id,
            round=self.slot.round,
            account_id=self.found.hand.id,
            criteria=self.slot.criteria,
            gen=self.slot.gen,
            position=self.found.total,
        )

    def handing(self, task_id: int) -> handings.Given:
        is_near = self.found.hand.district in self.near if self.slot.round > 2 else None
        return handings.Given(task_id, self.slot.gen, self.near, self.asked, is_near)


def hand_out(db: Database, slot: Slot, moment: datetime, not_to: int | None = None) -> bool:
    """Hand out a waiting slot; it goes on waiting, for all to see, when nobody may take it."""
    return hand_out_all(db, [slot], moment, not_to) > 0


def hand_out_all(
    db: Database, waiting: Sequence[Slot], moment: datetime, not_to: int | None = None
) -> int:
    """Slots of one sitting and of different performances, in this order; how many went."""
    around = _circumstances(db, waiting)
    if around is None:
        return 0
    taken = []
    for slot in waiting:
        performance = around.performances.get(slot.performance_id)
        if performance is None or performance.video_id is None:
            continue
        near = around.near[performance.video_id]
        pool = _pool(slot, around.stages[performance.item_group_id])
        start = slot_point(around.seed, slot.performance_id, slot.round, slot.gen)
        wide = _asked(around, slot, performance, not_to)
        asked = replace(wide, already=wide.already.union(around.knowing[slot.performance_id]))
        found = find_taker(db, pool, asked, near, around.policy, start)
        if found is None and asked != wide:
            # Who has it as a reference is passed over, as long as there is anybody else.
            asked, found = wide, find_taker(db, pool, wide, near, around.policy, start)
        if found is None:
            continue
        # The next choice depends on it; all else may wait until the choices are made.
        hands.move(db, slot.sitting_id, found.hand.id, 1)
        taken.append(Taken(slot, performance, found, near, asked))
    _put_down(db, taken, moment)
    return len(taken)


def hand_out_waiting(db: Database, moment: datetime, limit: int = 200) -> int:
    """Try again what nobody could be given, since people come and are allowed; how many went."""
    sitting = sittings.open_sitting(db)
    if sitting is None:
        return 0
    # A database of before there were hands gets them here.
    hands.follow(db)
    # One by one: one performance may wait in two rounds.
    return sum(hand_out(db, slot, moment) for slot in slots.waiting(db, sitting.id, limit))


def why_waiting(db: Database, slot: Slot) -> str:
    """In Chinese: why nobody could be given this slot."""
    performance = performances.performance(db, slot.performance_id)
    sitting = sittings.sitting(db, slot.sitting_id)
    if sitting is None or sitting.state != "open":
        return "场次不在进行中"
    if performance is None or performance.video_id is None:
        return "没有可用的视频"
    here = hands.count_here(db, _pool(slot, exam.stage_of_group(db, performance.item_group_id)))
    who = "学科组长" if slot.round == LEADER_ROUND else "阅卷教师"
    if not here:
        return f"没有在岗的{who}"
    return f"在岗的 {here} 名{who}都不能评：评过这份作品，或按区县规则须回避"


def take_back(db: Database, task: Task, moment: datetime) -> bool:
    """Take an open task from its holder, and hand the slot to another."""
    if not tasks.withdraw(db, task):
        return False
    feed.append(db, task.district_id, "task", task.id)
    slot = slots.wait(db, task.sitting_id, task.performance_id, task.round, task.criteria, moment)
    hand_out(db, slot, moment, not_to=task.account_id)
    return True


def take_back_all(db: Database, account_id: int, who: str, moment: datetime) -> int:
    """All open tasks of somebody who left, handed to others; how many they were."""
    sitting = sittings.open_sitting(db)
    if sitting is None:
        return 0
    held = tasks.open_of_account(db, account_id, sitting.id)
    taken = sum(take_back(db, task, moment) for task in held)
    if taken:
        audit.append(db, who, "take_back", {"account": account_id, "tasks": taken}, moment)
    return taken


def find_taker(
    db: Database, pool: Pool, asked: Asked, near: Collection[int], policy: Policy, start: int
) -> Seat | None:
    """The rule's choice, found by the indexes."""

    def may(hand: Hand) -> bool:
        return may_take(hand, asked, policy)

    def search(district: int | None) -> Seat | None:
        if district is None:
            return hands.first_in_city(db, pool, may, start)
        return hands.first_in_district(db, pool, district, may, start)

    return choose(search, near, policy, start)


def _circumstances(db: Database, waiting: Sequence[Slot]) -> Circumstances | None:
    """None while nothing is handed out at all."""
    if not waiting:
        return None
    sitting = sittings.sitting(db, waiting[0].sitting_id)
    if sitting is None or sitting.state != "open" or recovery.is_on(db):
        return None
    ids = [slot.performance_id for slot in waiting]
    works = performances.of_ids(db, ids)
    videos = {work.video_id for work in works.values() if work.video_id is not None}
    return Circumstances(
        seed=sitting.seed,
        policy=exam.policy(db),
        stages={group.id: group.stage for group in exam.groups(db)},
        performances=works,
        near=holdings.districts_by_video(db, videos),
        tasks=tasks.of_performances(db, sitting.id, ids),
        givers=marks.givers(db, sitting.id, ids),
        knowing=probes.holders(db, sitting.id, ids),
    )


def _put_down(db: Database, taken: Sequence[Taken], moment: datetime) -> None:
    if not taken:
        return
    ids = tasks.add(db, [one.new_task for one in taken], moment)
    both = [*zip(taken, ids, strict=True)]
    handings.given(db, taken[0].slot.sitting_id, [one.handing(id) for one, id in both])
    slots.assign(db, [(one.slot, id) for one, id in both], moment)
    feed.append_many(db, [(one.found.hand.district, "task", id) for one, id in both])


def _pool(slot: Slot, stage: Stage) -> Pool:
    role = Role.LEADER if slot.round == LEADER_ROUND else Role.MARKER
    return Pool(slot.sitting_id, role, stage)


def _asked(
    around: Circumstances, slot: Slot, performance: Performance, not_to: int | None
) -> Asked:
    """Nobody who ever marked it, or holds a task of it, or has just been rid of this one."""
    held = around.tasks[slot.performance_id]
    already = {t.account_id for t in held if t.round != slot.round or t.state != "withdrawn"}
    already |= set(around.givers[slot.performance_id])
    if not_to is not None:
        already.add(not_to)
    others = (t for t in held if t.round == 3 - slot.round and t.state != "withdrawn")
    return Asked(
        home=performance.district_id,
        round=slot.round,
        already=frozenset(already),
        partners=frozenset(t.district_id for t in others),
    )
