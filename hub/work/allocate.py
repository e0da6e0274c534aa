"""Allocate rounds 1 and 2 from the sealed seed, which opens the sitting."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import audit, exam, feed, hands, loads, sittings, slots, tasks
from hub.store.sittings import Sitting
from hub.store.tasks import NewTask
from hub.work import recovery
from hub.work.decks import Deck, decks, digest_of_works
from hub.work.preview import Preview, preview_of
from hub.work.sittings import known_sitting
from shared.kit.refusal import Refusal
from shared.rules.policy import Policy, policy_hash
from shared.rules.rubric import ALL_CRITERIA, to_mask

RECORD = "allocation_record"
"""The audit entry that holds what an allocation was made from."""


def preview(db: Database, sitting_id: int) -> Preview:
    """Exactly what `allocate` would do now; it writes nothing."""
    sitting = known_sitting(db, sitting_id)
    policy = exam.policy(db)
    return preview_of(db, sitting, decks(db, sitting, policy), policy)


def allocate(db: Database, sitting_id: int, who: str, moment: datetime) -> Preview:
    """Deal, write slots, tasks and loads, tell the nodes, and open the sitting."""
    recovery.must_be_over(db, "分配")
    sitting = known_sitting(db, sitting_id)
    _must_be_next(db, sitting)
    policy = exam.policy(db)
    dealt = decks(db, sitting, policy)
    seen = preview_of(db, sitting, dealt, policy)
    if seen.unmet:
        raise Refusal("unmet", "不能分配：" + "；".join(seen.unmet))
    for deck in dealt:
        tasks.add_dealt(db, _new_tasks(deck, sitting.id), moment)
    slots.add_dealt(db, sitting.id)
    loads.count_dealt(db, sitting.id)
    sittings.set_open(db, sitting.id, moment)
    hands.follow(db)
    # The sitting goes first, so that a node knows it when its tasks come.
    feed.append(db, EVERY_DISTRICT, "sitting", sitting.id)
    feed.append_many(
        db, ((task.district_id, "task", task.id) for task in tasks.placed(db, sitting.id))
    )
    audit.append(db, who, "allocate", _summary(seen, policy), moment)
    audit.append(db, who, RECORD, _record(sitting, dealt, policy), moment)
    return seen


def _must_be_next(db: Database, sitting: Sitting) -> None:
    if sitting.state != "prepared" or slots.exists(db, sitting.id):
        raise Refusal("already_allocated", "这个场次已经分配过")
    if sittings.open_sitting(db):
        raise Refusal("other_is_open", "另一个场次正在进行，请先结束它")


def _new_tasks(deck: Deck, sitting_id: int) -> list[NewTask]:
    everything = to_mask(ALL_CRITERIA)
    return [
        NewTask(
            sitting_id=sitting_id,
            performance_id=one.work,
            item_group_id=deck.group.id,
            round=one.round,
            account_id=one.hand,
            criteria=everything,
            gen=1,
            position=one.position,
        )
        for one in deck.dealt
    ]


def _summary(seen: Preview, policy: Policy) -> dict[str, Any]:
    return {
        "sitting": seen.sitting_id,
        "seed_hash": seen.seed_hash,
        "policy_hash": policy_hash(policy),
        "works": seen.works,
        "tasks": sum(district.tasks for district in seen.districts),
        "without_video": sum(group.without_video for group in seen.groups),
    }


def _record(sitting: Sitting, dealt: Sequence[Deck], policy: Policy) -> dict[str, Any]:
    """What anyone needs, with the seed, to run the allocation again; works by their digest."""
    groups = [
        {
            "group": deck.group.id,
            "hands": [[hand.id, hand.district, hand.capacity] for hand in deck.hands],
            "works": len(deck.works),
            "works_sha256": digest_of_works(deck.works),
        }
        for deck in dealt
    ]
    return {"sitting": sitting.id, "policy": asdict(policy), "groups": groups}
