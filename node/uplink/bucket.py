"""A token bucket: keeps the videos' share of the link below what was set."""

import asyncio
import time
from collections.abc import Awaitable, Callable

BURST_S = 0.25


class Bucket:
    """Takers are served in the order they come; 0 bytes a second means no limit.

    The rate is asked for each time: it may differ with the time of the day.
    """

    def __init__(
        self,
        bytes_per_s: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._clock = clock
        self._sleep = sleep
        self._paid_until = 0.0

    async def take(self, bytes: int) -> None:
        rate = self._bytes_per_s()
        if rate <= 0:
            return
        now = self._clock()
        self._paid_until = max(self._paid_until, now - BURST_S) + bytes / rate
        if (wait_s := self._paid_until - now) > 0:
            await self._sleep(wait_s)
