"""Fetches one video: from where it stopped, no faster than allowed, verified before it counts."""

import asyncio

from node.store.videos import Video
from node.uplink.answers import Outage
from node.uplink.bucket import Bucket
from node.uplink.client import HubClient
from node.uplink.state import LinkState, finish
from node.videos.cache import Cache, WrongContent

WRITE_BYTES = 1 << 20
GIVE_WAY_S = 2.0
MEASURING_S = 0.2


class Fetcher:
    def __init__(self, cache: Cache, client: HubClient, state: LinkState, bucket: Bucket) -> None:
        self._cache = cache
        self._client = client
        self._state = state
        self._bucket = bucket
        self.bytes = 0
        """Received since the last look."""

    async def fetch(self, video: Video) -> None:
        """Into the cache; WrongContent, Missing or Outage where that fails.

        A whole and right file that is there already is not fetched again.
        """
        if await finish(self._cache.verify, video.sha256, video.bytes):
            return
        start = self._cache.part_bytes(video.sha256)
        if start > video.bytes:
            self._cache.drop_part(video.sha256)
            start = 0
        if start < video.bytes:
            await self._download(video, start)
        await finish(self._cache.put, video.sha256, video.bytes)

    async def _download(self, video: Video, start: int) -> None:
        async with self._client.video(video.sha256, start) as stream:
            written, buffer = stream.start, bytearray()
            try:
                async for chunk in stream.chunks:
                    buffer += chunk
                    self.bytes += len(chunk)
                    if written + len(buffer) > video.bytes:
                        raise WrongContent(video.sha256)
                    if len(buffer) >= WRITE_BYTES:
                        written = await self._write(video, written, buffer)
                    await self._slow_down(len(chunk))
            finally:
                # Also when the link broke: the next try goes on from here.
                written = await self._write(video, written, buffer)
        if written < video.bytes:
            raise Outage("视频下载中断，稍后从断点继续")

    async def _write(self, video: Video, start: int, buffer: bytearray) -> int:
        content = bytes(buffer)
        buffer.clear()
        await finish(self._cache.write_part, video.sha256, start, content)
        return start + len(content)

    async def _slow_down(self, bytes: int) -> None:
        await self._bucket.take(bytes)
        while self._state.is_measuring:
            await asyncio.sleep(MEASURING_S)
        if not self._state.push_is_idle.is_set():
            try:
                await asyncio.wait_for(self._state.push_is_idle.wait(), GIVE_WAY_S)
            except TimeoutError:
                return
