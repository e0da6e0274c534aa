"""How fast bytes come from the hub: several streams for some seconds, while videos wait."""

import asyncio
import time

from node.uplink.answers import Missing, Outage
from node.uplink.client import HubClient
from node.uplink.state import LinkState

STREAMS = 4
SECONDS = 8.0
PATIENCE_S = 15.0


class LinkMeter:
    def __init__(self, client: HubClient, state: LinkState) -> None:
        self._client = client
        self._state = state
        self._turn = asyncio.Lock()
        self._bytes = 0

    async def mbit(self) -> float:
        """Outage where the hub is away, busy, or of a version that cannot be asked for it."""
        async with self._turn:
            self._state.is_measuring = True
            try:
                return await asyncio.wait_for(self._measure(), PATIENCE_S)
            except TimeoutError as error:
                raise Outage("市级中心没有及时回答") from error
            except Missing as error:
                raise Outage("市级中心的版本还不支持测速") from error
            finally:
                self._state.is_measuring = False

    async def _measure(self) -> float:
        self._bytes = 0
        began = time.monotonic()
        await asyncio.gather(*(self._take(began + SECONDS) for _ in range(STREAMS)))
        return self._bytes * 8 / 1e6 / max(time.monotonic() - began, 0.001)

    async def _take(self, until: float) -> None:
        async with self._client.noise() as stream:
            async for chunk in stream.chunks:
                self._bytes += len(chunk)
                if time.monotonic() >= until:
                    return
