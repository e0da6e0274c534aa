"""Keeps the uplink's loops going: over outages, with growing pauses, until they are ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import httpx

from node.uplink.answers import Outage
from node.uplink.backoff import Backoff
from node.uplink.prefetch import NoRoom
from node.uplink.state import LinkState

T = TypeVar("T")

log = logging.getLogger(__name__)

AFTER_A_BUG_S = 10.0
NO_ROOM_S = 30.0


Note = Callable[[str, str], Awaitable[None]]
"""Keeps which loop met what problem."""


class Loops:
    """The running loops of one enrolment, and the clients they use."""

    def __init__(self, state: LinkState, https: Sequence[httpx.AsyncClient], note: Note) -> None:
        self._state = state
        self._https = https
        self._note = note
        self._tasks: list[asyncio.Task[None]] = []
        self._backoffs: dict[str, Backoff] = {}
        self._hurries: dict[str, asyncio.Event] = {}

    def run(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        self._backoffs[name] = Backoff()
        self._hurries[name] = asyncio.Event()
        self._tasks.append(asyncio.create_task(self._repeat(name, step), name=f"uplink {name}"))

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for http in self._https:
            await http.aclose()

    def reached(self, name: str) -> None:
        """This loop got through; after an outage the others need not wait out their pauses."""
        if self._backoffs[name].has_failed:
            self.hurry()
        self._backoffs[name].reset()

    def hurry(self) -> None:
        """Every pause ends now; the next one is no longer for it."""
        for hurry in self._hurries.values():
            hurry.set()

    async def _repeat(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await self._try(name, step)
            except Outage as outage:
                await self._pause(name, self._backoffs[name].next_s(outage.retry_after_s))
            except NoRoom as no_room:
                self._state.video_problem = no_room.text
                log.warning("%s: %s", name, no_room.text)
                await self._pause(name, NO_ROOM_S)
            except Exception:
                # The one place that goes on after a bug: a loop that ended here would leave a
                # lab cut off from the hub until somebody started its server again.
                log.exception("the %s loop failed", name)
                self._state.lost(name, "程序出错，已记入日志，稍后自动重试")
                await self._pause(name, AFTER_A_BUG_S)

    async def _try(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Outage as outage:
            # The hub that comes back may have been put back in time: both meet anew.
            self._state.is_met = False
            if self._state.lost(name, outage.text):
                log.warning("%s: %s", name, outage.text)
                await self._note(name, outage.text)
            raise

    async def _pause(self, name: str, seconds: float) -> None:
        hurry = self._hurries[name]
        hurry.clear()
        try:
            await asyncio.wait_for(hurry.wait(), seconds)
        except TimeoutError:
            return


async def until(work: Coroutine[Any, Any, T], interrupted: asyncio.Event) -> T | None:
    """What `work` returns, or None when it was cut off by the event."""
    running = asyncio.create_task(work)
    waiting = asyncio.create_task(interrupted.wait())
    try:
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return running.result() if running.done() else None
    finally:
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
