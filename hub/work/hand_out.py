"""Hand a slot to somebody as a task, or take it back: rounds 3 and 4, and what was taken back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from hub.store import (
    audit,
    exam,
    feed,
    holdings,
    loads,
    marks,
    performances,
    sittings,
    slots,
    tasks,
)
from hub.store.loads import Hands
from hub.store.performances import Performance
from hub.store.sittings import Sitting
from hub.store.slots import Slot
from hub.store.tasks import NewTask, Task
from shared.rules.allocation import Hand, choose
from shared.rules.policy import Policy
from shared.rules.rubric import Role, Stage


@dataclass(frozen=True, slots=True)
class Found:
    """Who takes a slot."""

    hand: Hand
    total: int
    """The tasks that he or she has already."""


def hand_out(db: Database, slot: Slot, moment: datetime, not_to: int | None = None) -> bool:
    """Hand out a waiting slot; it goes on waiting, for all to see, when nobody may take it."""
    sitting = sittings.sitting(db, slot.sitting_id)
    performance = performances.performance(db, slot.performance_id)
    if sitting is None or sitting.state != "open" or performance is None:
        return False
    if performance.video_id is None:
        return False
    found = _find(db, slot, sitting, performance, not_to)
    if found is None:
        return False
    new = NewTask(
        sitting_id=slot.sitting_id,
        performance_id=slot.performance_id,
        item_group_id=performance.item_group_id,
        round=slot.round,
        account_id=found.hand.id,
        criteria=slot.criteria,
        gen=slot.gen,
        position=found.total,
    )
    task_id = tasks.add(db, new, moment)
    slots.assign(db, slot, task_id, moment)
    feed.append(db, found.hand.district, "task", task_id)
    return True


def hand_out_waiting(db: Database, moment: datetime, limit: int = 200) -> int:
    """Try again what nobody could be given, since people come and are allowed; how many went."""
    sitting = sittings.open_sitting(db)
    if sitting is None:
        return 0
    return sum(hand_out(db, slot, moment) for slot in slots.waiting(db, sitting.id, limit))


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


def _find(
    db: Database, slot: Slot, sitting: Sitting, performance: Performance, not_to: int | None
) -> Found | None:
    policy = exam.policy(db)
    held = tasks.of_performance(db, slot.sitting_id, slot.performance_id)
    already = {t.account_id for t in held if t.round != slot.round or t.state != "withdrawn"}
    already |= marks.givers(db, slot.sitting_id, slot.performance_id)
    if not_to is not None:
        already.add(not_to)
    seed = f"{sitting.seed}:{slot.performance_id}:{slot.round}:{slot.gen}"
    for pool in _pools(db, slot, performance, policy):
        allowed = _placed(pool.hands, slot.round, held, policy)
        chosen = choose(
            allowed,
            pool.totals,
            (),
            performance.district_id,
            already,
            policy,
            seed,
        )
        if chosen is not None:
            hand = next(hand for hand in allowed if hand.id == chosen)
            return Found(hand, pool.totals.get(chosen, 0))
    return None


def _pools(db: Database, slot: Slot, performance: Performance, policy: Policy) -> Iterable[Hands]:
    """The people to choose among: of the districts that hold the video, then of the city.

    Reading a district is cheap, reading the city is not: it is read only when it has to be.
    """
    role = Role.LEADER if slot.round == 4 else Role.MARKER
    stage = _stage(db, performance)
    if policy.prefer_cached and performance.video_id is not None:
        hands: list[Hand] = []
        totals: dict[int, int] = {}
        for district in holdings.districts_holding(db, performance.video_id):
            near = loads.hands_of_district(db, slot.sitting_id, role, stage, district)
            hands += near.hands
            totals.update(near.totals)
        yield Hands(hands, totals)
    yield loads.hands_of_city(db, slot.sitting_id, role, stage)


def _stage(db: Database, performance: Performance) -> Stage:
    return next(g.stage for g in exam.groups(db) if g.id == performance.item_group_id)


def _placed(hands: list[Hand], round: int, held: list[Task], policy: Policy) -> list[Hand]:
    """Rounds 1 and 2 in different districts, or in the same one, where the policy says so."""
    others = {t.district_id for t in held if t.round == 3 - round and t.state != "withdrawn"}
    if round > 2 or not others:
        return hands
    is_together = policy.placement == "together"
    return [hand for hand in hands if (hand.district in others) == is_together]
