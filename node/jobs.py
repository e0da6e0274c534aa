"""The timetable: it only wakes the uplink's loops and tidies up; the work is theirs."""

import logging
from collections.abc import Callable
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from node.store import attempts, sessions
from node.uplink.state import finish
from node.uplink.updates import Updates
from node.uplink.uplink import Uplink
from node.work.mirror import Mirror
from shared.kit.clock import now
from shared.kit.store import Store

log = logging.getLogger(__name__)

SWEEP_S = 5
MIRROR_S = 1
IDENTITY_S = 30
RETRY_VIDEOS_MIN = 5
COMPARE_MIN = 10
READY_S = 10
LOOK_FOR_UPDATE_MIN = 5
CHECK_VIDEO_S = 2
"""So 6,000 videos are looked at again in the course of a morning, a few MB at a time."""
CHECKPOINT_MIN = 1
TIDY_H = 1
SESSIONS_KEPT = timedelta(days=2)
ATTEMPTS_KEPT = timedelta(days=1)


def timetable(
    uplink: Uplink,
    store: Store,
    mirror: Mirror | None = None,
    keep_identity: Callable[[], None] | None = None,
    updates: Updates | None = None,
) -> AsyncIOScheduler:
    """To be started on the event loop; nothing is lost when a job is late, asleep or skipped."""
    scheduler = AsyncIOScheduler(
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )

    async def sweep() -> None:
        uplink.wake_push()
        uplink.wake_prefetch()

    async def compare() -> None:
        uplink.compare_again()

    async def retry_videos() -> None:
        uplink.retry_videos()

    # Trigger objects, since names are looked up in package metadata that an exe has not.
    scheduler.add_job(sweep, IntervalTrigger(seconds=SWEEP_S))
    scheduler.add_job(retry_videos, IntervalTrigger(minutes=RETRY_VIDEOS_MIN))
    scheduler.add_job(uplink.check_video, IntervalTrigger(seconds=CHECK_VIDEO_S))
    scheduler.add_job(uplink.tell_ready, IntervalTrigger(seconds=READY_S))
    scheduler.add_job(compare, IntervalTrigger(minutes=COMPARE_MIN))
    if updates is not None:
        trigger = IntervalTrigger(minutes=LOOK_FOR_UPDATE_MIN)
        scheduler.add_job(updates.look, trigger)
    if mirror is not None:
        scheduler.add_job(_copy, IntervalTrigger(seconds=MIRROR_S), args=(mirror,))
    if keep_identity is not None:
        scheduler.add_job(_keep, IntervalTrigger(seconds=IDENTITY_S), args=(keep_identity,))
    scheduler.add_job(finish, IntervalTrigger(minutes=CHECKPOINT_MIN), args=(store.checkpoint,))
    scheduler.add_job(_tidy, IntervalTrigger(hours=TIDY_H), args=(store,))
    return scheduler


async def _copy(mirror: Mirror) -> None:
    try:
        await finish(mirror.catch_up, now())
    except OSError as error:
        # Another drive may be pulled out; what is saved here is safe all the same.
        log.warning("the mirror cannot be written: %s", error)


async def _keep(keep_identity: Callable[[], None]) -> None:
    try:
        await finish(keep_identity)
    except OSError as error:
        log.warning("who this node is cannot be kept beside the database: %s", error)


async def _tidy(store: Store) -> None:
    await finish(_prune, store)


def _prune(store: Store) -> None:
    moment = now()
    with store.writing() as db:
        sessions.prune(db, moment - SESSIONS_KEPT)
        attempts.prune(db, moment - ATTEMPTS_KEPT)
