"""Fetches the videos that the tasks need, the most needed first, and keeps the cache in bounds."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from node.store import exchanges, fetching, outbox, videos
from node.store.videos import Video
from node.uplink.answers import Missing
from node.uplink.fetch import Fetcher
from node.uplink.state import LinkState, finish
from node.videos.cache import Cache, WrongContent
from node.work import purge
from node.work.let_go import let_go
from shared.kit.clock import now
from shared.kit.ids import new_id
from shared.kit.store import Store
from shared.wire.messages import HoldingBody

FLUSH_S = 2.0
FLUSH_COUNT = 50
LOOK_AHEAD = 64
LOOK_EVERY_S = 1.0
"""The order of need is worked out over all tasks: not for every video anew."""
EVICT_AT_ONCE = 100
REST_S = 5.0
ALL = 1_000_000
CHECK_AFTER = timedelta(hours=4)

log = logging.getLogger(__name__)


class NoRoom(Exception):
    """The disk cannot take a video, or let go of it; `text` is Chinese, for the status page."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Prefetcher:
    def __init__(
        self,
        store: Store,
        cache: Cache,
        fetcher: Fetcher,
        state: LinkState,
        parallel: int,
        reserve_bytes: int,
        moment: Callable[[], datetime] = now,
    ) -> None:
        self._store = store
        self._cache = cache
        self._fetcher = fetcher
        self._state = state
        self._parallel = parallel
        self._reserve_bytes = reserve_bytes
        self._moment = moment
        self._gained: list[str] = []
        self._flushed_at = time.monotonic()
        self._resting: dict[str, float] = {}
        self._making_room = asyncio.Lock()
        self._listed: list[Video] = []
        self._listed_at = float("-inf")

    async def drain(self) -> None:
        """Fetch all that is wanted now; Outage or NoRoom where that cannot go on."""
        running: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                for video in await self._choose(running):
                    running[video.sha256] = asyncio.create_task(self._fetch(video))
                if not running:
                    return
                await asyncio.wait(
                    running.values(), timeout=FLUSH_S, return_when=asyncio.FIRST_COMPLETED
                )
                # One after the other: what is left when one has failed is looked after below.
                for sha256 in [name for name, task in running.items() if task.done()]:
                    running.pop(sha256).result()
                if self._is_flush_due():
                    await self._flush()
        finally:
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)
            await self._flush()
            self._state.video_bytes_per_s = 0

    def reconcile(self) -> None:
        """The disk is right: what it lacks is wanted again, what nobody knows goes."""
        with self._store.reading() as db:
            lost = [v.sha256 for v in videos.ready(db) if not self._cache.has(v.sha256, v.bytes)]
            known = {v.sha256 for v in videos.ready(db)}
            known |= {v.sha256 for v in videos.next_wanted(db, ALL)}
        if lost:
            self._let_go(lost)
        for sha256 in self._cache.names() - known:
            self._cache.remove(sha256)
        self._cache.drop_parts(known)

    def check_one(self) -> None:
        """Looks at the video that was not looked at for the longest time.

        One whose bytes are no longer the right ones goes, to be fetched again when a task needs it.
        """
        moment = self._moment()
        with self._store.reading() as db:
            video = videos.longest_unchecked(db, moment - CHECK_AFTER)
        if video is None:
            return
        if self._cache.verify(video.sha256, video.bytes):
            with self._store.writing() as db:
                videos.set_checked(db, video.sha256, moment)
            return
        log.warning("video %s was damaged on the disk and is fetched again", video.sha256)
        self._let_go([video.sha256])

    def purge(self) -> None:
        """Deletes all videos where the city ordered it; NoRoom while a file cannot be removed."""
        with self._store.reading() as db:
            ordered_at = purge.due(db)
        if not ordered_at:
            return
        found = purge.Found(len(self._cache.names()), self._cache.bytes_used())
        with self._store.writing() as db:
            purge.begin(db, found)
        if left := self._cache.clear():
            raise NoRoom(f"市级要求清除视频缓存，还有 {left} 个文件被占用，无法删除")
        with self._store.writing() as db:
            purge.finish(db, ordered_at, self._moment())

    async def retry_failed(self) -> None:
        self._resting.clear()
        await finish(self._want_failed)

    def _want_failed(self) -> None:
        with self._store.writing() as db:
            videos.retry_failed(db)

    async def _choose(self, running: dict[str, asyncio.Task[None]]) -> list[Video]:
        free, moment = self._parallel - len(running), time.monotonic()
        if free <= 0:
            return []
        busy = {sha256 for sha256, until in self._resting.items() if until > moment}
        busy |= running.keys() | set(self._gained)
        found = [video for video in self._listed if video.sha256 not in busy]
        if len(found) < free or moment - self._listed_at >= LOOK_EVERY_S:
            self._listed = await finish(self._wanted, LOOK_AHEAD + len(busy))
            self._listed_at = moment
            found = [video for video in self._listed if video.sha256 not in busy]
        chosen, self._listed = found[:free], found[free:]
        return chosen

    def _wanted(self, limit: int) -> list[Video]:
        with self._store.reading() as db:
            return [] if fetching.is_paused(db) else videos.next_wanted(db, limit)

    async def _fetch(self, video: Video) -> None:
        try:
            async with self._making_room:
                await finish(self._make_room, video)
            await self._fetcher.fetch(video)
        except WrongContent:
            await self._fail(video, "内容校验不一致，将重新下载")
        except Missing:
            await self._fail(video, "市级中心没有这个视频，或大小不符")
        except OSError as error:
            raise NoRoom(f"无法写入视频缓存：{error.strerror or error}") from error
        else:
            self._state.video_problem = ""
            self._gained.append(video.sha256)

    async def _fail(self, video: Video, problem: str) -> None:
        self._cache.drop_part(video.sha256)
        self._resting[video.sha256] = time.monotonic() + REST_S * 2.0**video.tries
        await finish(self._note_failure, video, problem)

    def _note_failure(self, video: Video, problem: str) -> None:
        with self._store.writing() as db:
            videos.set_failed(db, video.sha256, problem)

    def _make_room(self, video: Video) -> None:
        """Only what no open task needs may go."""
        lacking = self._lacking(video)
        if lacking <= 0:
            return
        with self._store.reading() as db:
            candidates = videos.evictable(db, EVICT_AT_ONCE)
        leaving: list[Video] = []
        while lacking > 0 and candidates:
            leaving.append(candidates.pop(0))
            lacking -= leaving[-1].bytes
        if leaving:
            self._let_go([v.sha256 for v in leaving])
        if self._lacking(video) > 0:
            raise NoRoom("视频缓存没有空间了：请清理磁盘，或调大缓存上限；已下载的视频不受影响")

    def _lacking(self, video: Video) -> int:
        need = video.bytes - self._cache.part_bytes(video.sha256)
        if self._cache.has(video.sha256, video.bytes):
            need = 0
        of_disk = self._reserve_bytes + need - self._cache.free_bytes()
        return max(self._cache.room_lacking(need), of_disk if need else 0)

    def _let_go(self, lost: list[str]) -> None:
        with self._store.writing() as db:
            let_go(db, lost, self._moment())
        for sha256 in lost:
            self._cache.remove(sha256)

    def _is_flush_due(self) -> bool:
        waited_s = time.monotonic() - self._flushed_at
        return waited_s >= FLUSH_S or len(self._gained) >= FLUSH_COUNT

    async def _flush(self) -> None:
        """Videos become ready, and the hub hears of it, in one transaction."""
        waited_s = time.monotonic() - self._flushed_at
        self._flushed_at = time.monotonic()
        gained, self._gained = self._gained, []
        bytes, self._fetcher.bytes = self._fetcher.bytes, 0
        self._state.video_bytes_per_s = round(bytes / max(waited_s, 0.001))
        if gained or bytes:
            await finish(self._record, gained, bytes, waited_s)

    def _record(self, gained: list[str], bytes: int, waited_s: float) -> None:
        moment = self._moment()
        with self._store.writing() as db:
            for sha256 in gained:
                videos.set_ready(db, sha256, moment)
            if gained:
                body = HoldingBody(gained=gained, lost=[])
                outbox.put(db, 0, "holding", 1, body, new_id(moment), moment)
            exchanges.record(
                db, "video", moment, count=len(gained), bytes=bytes, ms=round(waited_s * 1000)
            )
