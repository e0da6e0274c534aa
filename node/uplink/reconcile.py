"""Compares the node's marks with the hub's, and fetches back what this node lost."""

import time
from collections.abc import Callable
from datetime import datetime

from node.store import marks, meta, outbox
from node.uplink.client import HubClient
from node.uplink.state import LinkState, finish
from node.work.new_life import begin_new_life
from node.work.take_back_marks import take_back
from shared.kit.clock import now
from shared.kit.store import Store
from shared.wire import digest
from shared.wire.meeting import (
    CompareAnswer,
    CompareRequest,
    HistoryAnswer,
    HistoryRequest,
)

HEALS_IN_A_ROW = 3
REST_S = 30.0
"""After so many tries to put right what differs: the hub may need some time for its part."""


class Reconciler:
    def __init__(
        self,
        store: Store,
        client: HubClient,
        state: LinkState,
        moment: Callable[[], datetime] = now,
    ) -> None:
        self._store = store
        self._client = client
        self._state = state
        self._moment = moment
        self._heals = 0
        self._rests_until = 0.0

    async def compare(self) -> None:
        """Both sides hold the same marks of this node, or what is missing is on its way."""
        if time.monotonic() < self._rests_until:
            return
        request = await finish(self._request)
        if request is None:
            return
        answer = await self._client.compare(request)
        if not answer.is_comparable:
            # It does not hold what it had confirmed: both meet anew.
            self._state.is_met = False
            return
        self._state.differs = answer.differs
        self._state.is_compared = not answer.differences
        self._heals = self._heals + 1 if answer.differences else 0
        if self._heals % HEALS_IN_A_ROW:
            await finish(self._heal, answer)
        elif self._heals:
            self._rests_until = time.monotonic() + REST_S

    async def fetch_history(self) -> None:
        """Page by page; where it breaks off, it goes on from there."""
        while (after := await finish(self._history_after)) is not None:
            answer = await self._client.history(HistoryRequest(after=after))
            await finish(self._take_back, after, answer)

    def _request(self) -> CompareRequest | None:
        """None while anything is still to be sent, or to come."""
        with self._store.reading() as db:
            node_inc = meta.node_inc(db)
            is_behind = meta.is_snapshot_open(db) or meta.history_after(db) is not None
            if node_inc is None or is_behind or outbox.pending_count(db):
                return None
            return CompareRequest(
                node_inc=node_inc,
                acked_seq=outbox.acked_seq(db),
                piles=digest.piles(marks.confirmed(db)),
            )

    def _heal(self, answer: CompareAnswer) -> None:
        with self._store.writing() as db:
            confirmed = marks.confirmed(db)
            for found in answer.differences:
                key = (found.sitting, found.round, found.group_id)
                ours = set(confirmed.get(key, ())) - set(found.event_ids)
                if any(digest.bucket_of(one) in found.buckets for one in ours):
                    begin_new_life(db, self._moment())
                    return
            meta.want_history(db)

    def _history_after(self) -> str | None:
        with self._store.reading() as db:
            # A mark is of a task: these come first, with the feed.
            return None if meta.is_snapshot_open(db) else meta.history_after(db)

    def _take_back(self, after: str, answer: HistoryAnswer) -> None:
        with self._store.writing() as db:
            for card in answer.marks:
                take_back(db, card)
            last = answer.marks[-1].event_id if answer.marks else after
            meta.put_history(db, last, more=answer.more)
