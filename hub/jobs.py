"""The hub's timetable: short jobs in threads, each sees for itself what is to be done."""

import logging
from datetime import UTC, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from hub.media.bucket import Bucket, open_bucket
from hub.media.shelf import sweep
from hub.pages.costly import KEPT_S, recount
from hub.pages.exporting import tidy
from hub.settings import HubSettings
from hub.store import attempts, nodes, sittings
from hub.work import recovery
from hub.work.back_up import back_up
from hub.work.back_up import keep_copy as keep_copy
from hub.work.hand_out import hand_out_waiting
from hub.work.milestones import announce_reached
from hub.work.plan_announcement import publish_due
from hub.work.quality_kept import quality_of
from hub.work.reach_file import keep_reach
from hub.work.seed_probes import AT_ONCE, seed_probes
from hub.work.wipe_trial import wipe_when_due
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store

ANNOUNCE_EVERY_S = 2
WIPE_EVERY_S = 10
HAND_OUT_EVERY_S = 30
SEED_EVERY_S = 60
MEASURE_EVERY_S = 300
HAND_OUTS_AT_ONCE = 200
PRUNE_EVERY_S = 3600
CHECKPOINT_EVERY_S = 60
REMEMBER_EVERY_S = 5
SEND_UP_EVERY_S = 60
HEARTBEATS_KEPT = timedelta(days=7)
ATTEMPTS_KEPT = timedelta(days=1)
THREADS = 3

log = logging.getLogger(__name__)


def timetable(store: Store, settings: HubSettings) -> BackgroundScheduler:
    """Not started yet. A job that is late runs once, and never twice at a time."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(THREADS)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job, every_s in (
        (announce, ANNOUNCE_EVERY_S),
        (hand_out, HAND_OUT_EVERY_S),
        (seed, SEED_EVERY_S),
        (measure, MEASURE_EVERY_S),
        (count, KEPT_S),
        (Store.checkpoint, CHECKPOINT_EVERY_S),
    ):
        scheduler.add_job(job, _every(every_s), args=(store,))
    both = (store, settings)
    scheduler.add_job(wipe, _every(WIPE_EVERY_S), args=both)
    scheduler.add_job(save, _every(settings.backup_minutes * 60), args=both)
    scheduler.add_job(remember, _every(REMEMBER_EVERY_S), args=both)
    scheduler.add_job(prune, _every(PRUNE_EVERY_S), args=both)
    if (bucket := open_bucket(settings.bucket_place)) is not None:
        scheduler.add_job(send_up, _every(SEND_UP_EVERY_S), args=(bucket, settings))
    return scheduler


def announce(store: Store) -> None:
    with store.writing() as db:
        announce_reached(db, now())
        publish_due(db, now())


def wipe(store: Store, settings: HubSettings) -> None:
    with store.reading() as db:
        is_due = bool(sittings.due_for_wipe(db, now())) and not recovery.is_on(db)
    if not is_due:
        return
    back_up(store, settings, now())
    with store.writing() as db:
        wipe_when_due(db, now())
    tidy(store, settings.exports, now())


def hand_out(store: Store) -> None:
    """What nobody could be given when it arose may have a taker by now."""
    handed = HAND_OUTS_AT_ONCE
    while handed == HAND_OUTS_AT_ONCE:
        # Many wait after a recovery; marks come in between.
        with store.writing() as db:
            handed = hand_out_waiting(db, now(), HAND_OUTS_AT_ONCE)


def seed(store: Store) -> None:
    """Reference clips and second looks that are due."""
    handed = AT_ONCE
    while handed >= AT_ONCE:
        with store.writing() as db:
            handed = seed_probes(db, now())


def measure(store: Store) -> None:
    """So that the overview can say who deserves a look, and the quality page opens at once."""
    with store.reading() as db:
        sitting = sittings.open_sitting(db)
        if sitting is not None:
            quality_of(store, db, sitting.id, now())


def remember(store: Store, settings: HubSettings) -> None:
    """How far we are; and a recovery whose last node was retired ends here."""
    keep_reach(settings.reach_file, store)
    with store.reading() as db:
        is_recovering = recovery.is_on(db)
    if is_recovering:
        with store.writing() as db:
            recovery.end_when_complete(db, now())


def count(store: Store) -> None:
    """What the overview shows and takes long to count."""
    recount(store, now())


def prune(store: Store, settings: HubSettings) -> None:
    moment = now()
    sweep(settings.shelf, moment)
    tidy(store, settings.exports, moment)
    with store.writing() as db:
        nodes.prune_heartbeats(db, moment - HEARTBEATS_KEPT)
        attempts.prune(db, moment - ATTEMPTS_KEPT)


def send_up(bucket: Bucket, settings: HubSettings) -> None:
    """Videos that a page or a command put on the shelf meanwhile."""
    try:
        for _ in bucket.send_up(settings.shelf, now()):
            pass
    except Refusal as refusal:
        # The shelf serves them until the object store is there again.
        log.warning("%s", refusal.text)


def save(store: Store, settings: HubSettings) -> None:
    back_up(store, settings, now())


def _every(seconds: int) -> IntervalTrigger:
    # An object, not its name: names are looked up in package metadata, which an exe lacks.
    return IntervalTrigger(seconds=seconds, timezone=UTC)
