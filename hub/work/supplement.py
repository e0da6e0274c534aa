"""Supplement (补分配): what came after the allocation is dealt too, from the same sealed seed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from hub.store import (
    audit,
    exam,
    feed,
    handings,
    hands,
    loads,
    performances,
    sittings,
    slots,
    tasks,
)
from hub.store.hands import Pool
from hub.store.loads import LoadKey
from hub.store.sittings import Sitting
from hub.store.tasks import NewTask
from hub.work import recovery
from hub.work.decks import Deck, digest_of_works
from hub.work.hand_out import take_back
from hub.work.preview import DistrictPreview, Spread, of_districts, spread_of
from hub.work.relief import Relief, reliefs
from hub.work.unmet import what_is_unmet
from shared.kit.refusal import Refusal
from shared.rules.policy import Policy
from shared.rules.rubric import ALL_CRITERIA, Role, to_mask
from shared.rules.supplement import Holder, deal_more, preflight_more

RECORD = "supplement_record"
"""The audit entry that holds what a supplement was dealt from."""


@dataclass(frozen=True, slots=True)
class GroupMore:
    label: str
    works: int
    markers: int
    before: dict[int, Spread]
    """Tasks of a marker, by round."""
    after: dict[int, Spread]


@dataclass(frozen=True, slots=True)
class ReliefMore:
    district: str
    group: str
    newcomers: int
    tasks: int


@dataclass(frozen=True, slots=True)
class More:
    """What a supplement means, before anyone confirms."""

    sitting_id: int
    number: int
    """The sitting's first is 1."""
    groups: list[GroupMore]
    districts: list[DistrictPreview]
    """Of the new tasks alone."""
    reliefs: list[ReliefMore]
    unmet: list[str]
    """What keeps it from being dealt, in Chinese; empty when it can be."""

    @property
    def works(self) -> int:
        return sum(group.works for group in self.groups)

    @property
    def moved(self) -> int:
        return sum(relief.tasks for relief in self.reliefs)

    @property
    def is_needed(self) -> bool:
        return bool(self.works or self.moved or self.unmet)


@dataclass(frozen=True, slots=True)
class _Extra:
    """One item group's part."""

    deck: Deck
    holders: Sequence[Holder]


@dataclass(frozen=True, slots=True)
class _Planned:
    sitting: Sitting
    number: int
    extras: Sequence[_Extra]
    reliefs: Sequence[Relief]


def preview(db: Database) -> More:
    """Exactly what `supplement` would do now; it writes nothing."""
    return _seen(db, _plan(db))


def supplement(db: Database, who: str, moment: datetime) -> More:
    """Deal further works, and let those who came late take over some of their colleagues' tasks."""
    recovery.must_be_over(db, "补分配")
    hands.follow(db)
    planned = _plan(db)
    seen = _seen(db, planned)
    if seen.unmet:
        raise Refusal("unmet", "不能补分配：" + "；".join(seen.unmet))
    if not seen.is_needed:
        raise Refusal("nothing_new", "没有需要补分配的作品或教师")
    last = tasks.last_id(db)
    for extra in planned.extras:
        _hand_on(db, planned.sitting, extra, moment)
    summary = {"sitting": planned.sitting.id, "number": planned.number, "works": seen.works}
    audit.append(db, who, "supplement", summary | {"moved": seen.moved}, moment)
    if seen.works:
        span = [last + 1, tasks.last_id(db)]
        audit.append(db, who, RECORD, _record(planned, span), moment)
    for relief in planned.reliefs:
        for task in relief.tasks:
            take_back(db, task, moment)
    return seen


def more_seed(sitting: Sitting, group_id: int, number: int) -> str:
    return f"{sitting.seed}:{group_id}:more:{number}"


def _plan(db: Database) -> _Planned:
    sitting, policy = _open_sitting(db), exam.policy(db)
    number = 1 + sum(e.detail["sitting"] == sitting.id for e in audit.of_action(db, RECORD))
    kept = loads.of_sitting(db, sitting.id)
    extras = []
    for group in exam.groups(db):
        pool = Pool(sitting.id, Role.MARKER, group.stage)
        works = performances.works_left(db, sitting.id, group.id)
        holders = []
        for hand in hands.here(db, pool):
            keys = [LoadKey(sitting.id, hand.id, group.id, round) for round in (1, 2)]
            first, second = (kept[key].total if key in kept else 0 for key in keys)
            holders.append(Holder(hand, first, second))
        unmet = preflight_more(works, holders, policy)
        seed = more_seed(sitting, group.id, number)
        dealt = [] if unmet else deal_more(works, holders, policy, seed)
        extras.append(_Extra(Deck(group, works, [h.hand for h in holders], unmet, dealt), holders))
    return _Planned(sitting, number, extras, _reliefs(db, sitting, extras))


def _open_sitting(db: Database) -> Sitting:
    sitting = sittings.open_sitting(db)
    if sitting is None:
        raise Refusal("not_open", "现在没有正在进行的场次")
    if sitting.kind == "trial":
        raise Refusal("is_trial", "试阅不补分配；新的作品和教师会进入正式阅卷")
    return sitting


def _reliefs(db: Database, sitting: Sitting, extras: Sequence[_Extra]) -> list[Relief]:
    had = Counter[int]()
    for extra in extras:
        for holder in extra.holders:
            had[holder.hand.id] += holder.total
    newcomers = {id for id, total in had.items() if not total}
    after = {extra.deck.group.id: _after(extra) for extra in extras}
    return reliefs(db, sitting.id, after, newcomers)


def _after(extra: _Extra) -> list[Holder]:
    counts = Counter((one.hand, one.round) for one in extra.deck.dealt)
    return [
        replace(
            holder,
            first=holder.first + counts[holder.hand.id, 1],
            second=holder.second + counts[holder.hand.id, 2],
        )
        for holder in extra.holders
    ]


def _seen(db: Database, planned: _Planned) -> More:
    policy, names = exam.policy(db), {d.id: d.name for d in exam.districts(db)}
    labels = {extra.deck.group.id: extra.deck.group.label for extra in planned.extras}
    decks = [extra.deck for extra in planned.extras]
    return More(
        sitting_id=planned.sitting.id,
        number=planned.number,
        groups=[_group(extra) for extra in planned.extras if extra.deck.works],
        districts=[d for d in of_districts(db, decks) if d.tasks],
        reliefs=[
            ReliefMore(
                names[relief.district_id],
                labels[relief.tasks[0].item_group_id],
                relief.newcomers,
                len(relief.tasks),
            )
            for relief in planned.reliefs
        ],
        unmet=list(_unmet(decks, policy, names)),
    )


def _unmet(decks: Sequence[Deck], policy: Policy, names: dict[int, str]) -> Iterator[str]:
    for deck in decks:
        for line in what_is_unmet(deck, policy, names):
            yield f"{deck.group.label}：{line}"


def _group(extra: _Extra) -> GroupMore:
    return GroupMore(
        label=extra.deck.group.label,
        works=len(extra.deck.works),
        markers=len(extra.holders),
        before=_spreads(extra.holders),
        after=_spreads(_after(extra)),
    )


def _spreads(holders: Sequence[Holder]) -> dict[int, Spread]:
    if not holders:
        return {}
    return {1: spread_of([h.first for h in holders]), 2: spread_of([h.second for h in holders])}


def _hand_on(db: Database, sitting: Sitting, extra: _Extra, moment: datetime) -> None:
    """Slots, tasks and loads of one item group; its nodes are told."""
    dealt, everything = extra.deck.dealt, to_mask(ALL_CRITERIA)
    wishes = [(one.work, one.round, everything) for one in dealt]
    waiting = slots.wait_all(db, sitting.id, wishes, moment)
    new = [
        NewTask(
            sitting_id=sitting.id,
            performance_id=one.work,
            item_group_id=extra.deck.group.id,
            round=one.round,
            account_id=one.hand,
            criteria=everything,
            gen=slot.gen,
            position=one.position,
        )
        for one, slot in zip(dealt, waiting, strict=True)
    ]
    for account_id, count in Counter(one.hand for one in dealt).items():
        hands.move(db, sitting.id, account_id, count)
    ids = tasks.add(db, new, moment)
    handings.dealt(db, sitting.id, ids)
    slots.assign(db, list(zip(waiting, ids, strict=True)), moment)
    districts = {hand.id: hand.district for hand in extra.deck.hands}
    feed.append_many(
        db, ((districts[one.hand], "task", id) for one, id in zip(dealt, ids, strict=True))
    )


def _record(planned: _Planned, span: Sequence[int]) -> dict[str, Any]:
    """What anyone needs, with the seed, to deal it again; `tasks`: the first and the last."""
    groups = [
        {
            "group": extra.deck.group.id,
            "hands": [
                [h.hand.id, h.hand.district, h.hand.capacity, h.first, h.second]
                for h in extra.holders
            ],
            "works": len(extra.deck.works),
            "works_sha256": digest_of_works(extra.deck.works),
        }
        for extra in planned.extras
        if extra.deck.works
    ]
    return {
        "sitting": planned.sitting.id,
        "number": planned.number,
        "tasks": list(span),
        "groups": groups,
    }
