"""Asks the city how the own district marks; what it said last stays where it is away."""

import asyncio
import time

from node.store import quality
from node.uplink.answers import Outage
from node.uplink.client import HubClient
from node.uplink.state import LinkState, finish
from shared.kit.store import Store
from shared.wire.quality import QualityAnswer

FRESH_S = 30.0
PATIENCE_S = 5.0
"""A page waits so long at most; the hub may just be measuring 100,000 performances."""


class QualityAsker:
    def __init__(self, store: Store, client: HubClient, state: LinkState) -> None:
        self._store = store
        self._client = client
        self._state = state
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")

    async def refresh(self) -> None:
        """However many look: one question at a time, and none while the link is down."""
        async with self._asking:
            if not self._state.is_connected or time.monotonic() - self._asked_at < FRESH_S:
                return
            self._asked_at = time.monotonic()
            try:
                answer = await asyncio.wait_for(self._client.quality(), PATIENCE_S)
            except (Outage, TimeoutError):
                return
            await finish(self._keep, answer)

    def _keep(self, answer: QualityAnswer) -> None:
        with self._store.writing() as db:
            quality.keep(db, answer)
