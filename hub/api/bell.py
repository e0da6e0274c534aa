"""The bell: wakes the long-polls of the districts for which a commit brought something."""

import asyncio
from collections import defaultdict

from hub.schema import EVERY_DISTRICT
from hub.store import feed
from shared.kit.store import Store


class Bell:
    """Lives on the event loop; only ring() may be called from other threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._turns: dict[int, int] = defaultdict(int)
        self._waiting: dict[int, set[asyncio.Future[None]]] = defaultdict(set)
        self._stopped = False
        with store.reading() as db:
            self._seen = feed.last_seq(db)
        store.on_commit = self.ring

    def ring(self) -> None:
        """After a commit, in the thread that committed: see whom it concerns and wake them."""
        with self._store.reading() as db:
            heads = feed.heads(db, self._seen)
        if heads:
            # Two threads may report the same rows; waking twice does no harm.
            self._seen = max(self._seen, *heads.values())
            self._loop.call_soon_threadsafe(self._wake_all, tuple(heads))

    def turn(self, district_id: int) -> int:
        """Taken before the feed is read: no commit falls between the look and the wait."""
        return self._turns[district_id] + self._turns[EVERY_DISTRICT]

    async def wait(self, district_id: int, turn: int, timeout_s: float) -> None:
        """Until something came for the district after `turn`, or the time is up."""
        if self._stopped or self.turn(district_id) != turn:
            return
        woken: asyncio.Future[None] = self._loop.create_future()
        self._waiting[district_id].add(woken)
        try:
            await asyncio.wait([woken], timeout=timeout_s)
        finally:
            self._waiting[district_id].discard(woken)

    def wake(self, district_id: int) -> None:
        """Let the district's nodes answer and ask again."""
        self._turns[district_id] += 1
        everyone = district_id == EVERY_DISTRICT
        for district in tuple(self._waiting) if everyone else (district_id,):
            for woken in self._waiting[district]:
                if not woken.done():
                    woken.set_result(None)

    def stop(self) -> None:
        """Shutting down: every wait ends, and none begins."""
        self._stopped = True
        self._store.on_commit = lambda: None
        self.wake(EVERY_DISTRICT)

    def _wake_all(self, districts: tuple[int, ...]) -> None:
        for district_id in districts:
            self.wake(district_id)
