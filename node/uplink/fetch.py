"""Fetches one file: from where it stopped, no faster than allowed, verified before it counts."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from node.uplink.answers import Outage
from node.uplink.bucket import Bucket
from node.uplink.client import VideoStream
from node.uplink.state import LinkState, finish
from node.videos.cache import Cache, WrongContent

WRITE_BYTES = 1 << 20
GIVE_WAY_S = 2.0
MEASURING_S = 0.2


Stream = Callable[[str, int], AbstractAsyncContextManager[VideoStream]]
"""The file of that sha256, from that byte on."""


class Wanted(Protocol):
    """A video, or a packed program."""

    @property
    def sha256(self) -> str: ...
    @property
    def bytes(self) -> int: ...


class Fetcher:
    def __init__(self, cache: Cache, stream: Stream, state: LinkState, bucket: Bucket) -> None:
        self._cache = cache
        self._stream = stream
        self._state = state
        self._bucket = bucket
        self.bytes = 0
        """Received since the last look."""

    async def fetch(self, wanted: Wanted) -> None:
        """Into the cache; WrongContent, Missing or Outage where that fails.

        A whole and right file that is there already is not fetched again.
        """
        if await finish(self._cache.verify, wanted.sha256, wanted.bytes):
            return
        start = self._cache.part_bytes(wanted.sha256)
        if start > wanted.bytes:
            self._cache.drop_part(wanted.sha256)
            start = 0
        if start < wanted.bytes:
            await self._download(wanted, start)
        await finish(self._cache.put, wanted.sha256, wanted.bytes)

    async def _download(self, wanted: Wanted, start: int) -> None:
        async with self._stream(wanted.sha256, start) as stream:
            written, buffer = stream.start, bytearray()
            try:
                async for chunk in stream.chunks:
                    buffer += chunk
                    self.bytes += len(chunk)
                    if written + len(buffer) > wanted.bytes:
                        raise WrongContent(wanted.sha256)
                    if len(buffer) >= WRITE_BYTES:
                        written = await self._write(wanted, written, buffer)
                    await self._slow_down(len(chunk))
            finally:
                # Also when the link broke: the next try goes on from here.
                written = await self._write(wanted, written, buffer)
        if written < wanted.bytes:
            raise Outage("下载中断，稍后从断点继续")

    async def _write(self, wanted: Wanted, start: int, buffer: bytearray) -> int:
        content = bytes(buffer)
        buffer.clear()
        await finish(self._cache.write_part, wanted.sha256, start, content)
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
