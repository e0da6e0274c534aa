"""Tells the city how ready the lab is: when that changed, and now and then all the same."""

import time

from node.store import meta
from node.uplink.answers import Missing, Outage
from node.uplink.client import HubClient
from node.uplink.state import LinkState, finish
from node.work.site_check import ready_report
from shared.kit.store import Store
from shared.wire.ready import ReadyReport

AGAIN_S = 600.0


class ReadyTeller:
    def __init__(self, store: Store, client: HubClient, state: LinkState) -> None:
        self._store = store
        self._client = client
        self._state = state
        self._told: ReadyReport | None = None
        self._told_at = float("-inf")

    async def tell(self) -> None:
        """An older hub that does not listen is asked again later, as one that is away is."""
        report = await finish(self._report)
        is_fresh = report == self._told and time.monotonic() - self._told_at < AGAIN_S
        if report is None or is_fresh or not self._state.is_connected:
            return
        self._told, self._told_at = report, time.monotonic()
        try:
            await self._client.ready(report)
        except (Outage, Missing):
            self._told = None

    def _report(self) -> ReadyReport | None:
        with self._store.reading() as db:
            return None if meta.link(db) is None else ready_report(db)
