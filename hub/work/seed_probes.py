"""Hands out reference clips and second looks, and tells what was expected when it is time."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import exam, feed, probes, sittings
from hub.store.probes import Due, NewProbe
from hub.store.sittings import Sitting
from hub.work import recovery
from shared.kit.clock import parse_stamp
from shared.rules.policy import Policy
from shared.rules.probes import (
    alias,
    half_day_start,
    place,
    probe_id,
    repeats_due,
)

AT_ONCE = 1000
ORDERS = 1000
NEAR = 10
"""A second look comes among the next so many tasks."""


def seed_probes(db: Database, moment: datetime) -> int:
    """What is missing in the open sitting, at most AT_ONCE of it; how many were handed out."""
    sitting = sittings.open_sitting(db)
    if sitting is None or recovery.is_on(db):
        return 0
    policy = exam.policy(db)
    handed = _references(db, sitting, policy, moment) + _repeats(db, sitting, policy, moment)
    if policy.probe_feedback:
        _tell(db, sitting, policy, moment)
    return handed


def _references(db: Database, sitting: Sitting, policy: Policy, moment: datetime) -> int:
    if not policy.reference_every:
        return 0
    new = []
    found = probes.lacking(db, sitting.id, policy.home_district, AT_ONCE)
    for one in found:
        id = probe_id(sitting.seed, one.account_id, "reference", one.performance_id)
        new.append(
            NewProbe(
                id=id,
                sitting_id=sitting.id,
                kind="reference",
                performance_id=one.performance_id,
                account_id=one.account_id,
                round=1 + id % 2,
                code=alias(sitting.seed, one.account_id, one.code),
                # Every marker meets them in an order of their own.
                position=-1 - place(sitting.seed, id, ORDERS),
                expected=one.levels,
            )
        )
    probes.add_many(db, new, moment)
    feed.append_many(
        db, [(one.district_id, "task", made.id) for one, made in zip(found, new, strict=True)]
    )
    return len(new)


def _repeats(db: Database, sitting: Sitting, policy: Policy, moment: datetime) -> int:
    handed = 0
    for due in probes.due(db, sitting.id):
        if not repeats_due(due.marks, due.repeats, policy.repeat_percent) or handed >= AT_ONCE:
            continue
        # One at a time: the next sweep sees whether there are more.
        if (made := _repeat(db, sitting, due, policy.repeat_after)) is not None:
            probes.add_many(db, [made], moment)
            feed.append(db, due.district_id, "task", made.id)
            handed += 1
    return handed


def _repeat(db: Database, sitting: Sitting, due: Due, repeat_after: int) -> NewProbe | None:
    """Of a performance marked long enough ago, where there is still work to hide it among."""
    places = probes.open_places(db, sitting.id, due.account_id)
    candidates = [
        (probe_id(sitting.seed, due.account_id, "repeat", own.performance_id), own)
        for own in probes.own_marks(db, sitting.id, due.account_id)[repeat_after:]
        if not own.is_asked and places.get(own.item_group_id)
    ]
    if not candidates:
        return None
    id, own = min(candidates, key=lambda candidate: candidate[0])
    near = places[own.item_group_id][:NEAR]
    return NewProbe(
        id=id,
        sitting_id=sitting.id,
        kind="repeat",
        performance_id=own.performance_id,
        account_id=due.account_id,
        round=1 + id % 2,
        code=alias(sitting.seed, due.account_id, own.code),
        position=near[place(sitting.seed, id, len(near))],
        expected=own.levels,
    )


def _tell(db: Database, sitting: Sitting, policy: Policy, moment: datetime) -> None:
    """After the half-day: until then nobody can learn which of today's works were probes."""
    local = moment.astimezone()
    begin = local if policy.feedback_at_once else half_day_start(local)
    due = [
        one
        for one in probes.answered(db, sitting.id)
        if not one.is_told and parse_stamp(one.given_at).astimezone() < begin
    ]
    probes.set_told(db, [one.probe_id for one in due])
    for one in due:
        known = probes.probe(db, one.probe_id)
        if known is not None:
            feed.append(db, known.district_id, "task", known.id)
