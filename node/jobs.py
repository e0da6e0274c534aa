"""The timetable: it only wakes the uplink's loops and tidies up; the work is theirs."""

from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from node.store import attempts, sessions
from node.uplink.state import finish
from node.uplink.uplink import Uplink
from shared.kit.clock import now
from shared.kit.store import Store

SWEEP_S = 5
RETRY_VIDEOS_MIN = 5
COMPARE_MIN = 10
CHECK_VIDEO_S = 2
"""So 6,000 videos are looked at again in the course of a morning, a few MB at a time."""
TIDY_H = 1
SESSIONS_KEPT = timedelta(days=2)
ATTEMPTS_KEPT = timedelta(days=1)


def timetable(uplink: Uplink, store: Store) -> AsyncIOScheduler:
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

    async def check_video() -> None:
        await uplink.check_video()

    async def tidy() -> None:
        await finish(_tidy, store)

    # Trigger objects, since names are looked up in package metadata that an exe has not.
    scheduler.add_job(sweep, IntervalTrigger(seconds=SWEEP_S))
    scheduler.add_job(retry_videos, IntervalTrigger(minutes=RETRY_VIDEOS_MIN))
    scheduler.add_job(check_video, IntervalTrigger(seconds=CHECK_VIDEO_S))
    scheduler.add_job(compare, IntervalTrigger(minutes=COMPARE_MIN))
    scheduler.add_job(tidy, IntervalTrigger(hours=TIDY_H))
    return scheduler


def _tidy(store: Store) -> None:
    moment = now()
    with store.writing() as db:
        sessions.prune(db, moment - SESSIONS_KEPT)
        attempts.prune(db, moment - ATTEMPTS_KEPT)
