"""Outbox to hub: in order, without gaps, one batch at a time, until the hub has it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from node.store import exchanges, marks, meta, outbox
from node.uplink.answers import Gap, Outage
from node.uplink.client import Exchanged, HubClient
from node.uplink.state import LinkState, finish
from node.work.new_life import begin_new_life
from shared.kit.clock import now
from shared.kit.store import Store
from shared.wire.messages import Event, PushAnswer, PushRequest
from shared.wire.paths import EVENTS_PER_PUSH, PUSH_BYTES_MAX

ENVELOPE_BYTES = 1_000
STRIKES_MAX = 3
EVENTS_LEAST = 25
QUICK_S, SLOW_S = 2.0, 8.0


@dataclass(frozen=True, slots=True)
class Batch:
    rows: list[outbox.Row]
    request: PushRequest
    hub_inc: str
    """The life of the hub's database that we know of."""


class Pusher:
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
        self._strikes = 0
        self._size = EVENTS_PER_PUSH

    async def drain(self) -> int:
        """Send all that is pending, and say how many events went; Outage where that fails."""
        sent = 0
        while batch := await finish(self._take):
            sent += await self._send(batch)
        return sent

    async def _send(self, batch: Batch) -> int:
        try:
            answer = await self._client.push(batch.request)
        except Outage:
            self._size = max(self._size // 2, EVENTS_LEAST)
            raise
        except Gap as gap:
            self._strike()
            self._state.is_met = False
            await finish(self._align, gap.expected_seq)
            return 0
        cost = self._client.last
        self._size = next_size(self._size, cost.rtt_s, self._state.events_per_push)
        self._state.rtt_ms = self._state.last_push_ms = cost.ms
        self._state.reached(self._moment())
        if answer.hub_inc != batch.hub_inc:
            self._state.is_met = False
        if await finish(self._settle, batch, answer, cost):
            self._strikes = 0
            return len(batch.rows)
        self._strike()
        return 0

    def _strike(self) -> None:
        """Putting the histories in step takes a try or two; more would go on for ever."""
        self._strikes += 1
        if self._strikes > STRIKES_MAX:
            self._strikes = 0
            raise Outage("与市级中心的记录对不上，请联系市级管理员")

    def _take(self) -> Batch | None:
        with self._store.reading() as db:
            rows = _fitting(outbox.pending(db, self._size))
            node_inc, link = meta.node_inc(db), meta.link(db)
        if not rows:
            return None
        if node_inc is None or link is None:
            raise RuntimeError("an enrolled node has an identity")
        request = PushRequest(
            node_inc=node_inc,
            from_seq=rows[0].seq,
            events=[_event(row) for row in rows],
            chain=rows[-1].chain,
        )
        return Batch(rows, request, link.hub_inc)

    def _align(self, expected_seq: int) -> None:
        with self._store.writing() as db:
            if 1 <= expected_seq <= outbox.last_seq(db) + 1:
                outbox.align(db, expected_seq)
            else:
                begin_new_life(db, self._moment())

    def _settle(self, batch: Batch, answer: PushAnswer, cost: Exchanged) -> bool:
        """Marks learn what became of them in the transaction that confirms their events."""
        moment = self._moment()
        with self._store.writing() as db:
            if outbox.chain_at(db, answer.acked_seq) != answer.chain:
                begin_new_life(db, moment)
                return False
            given = {row.event_id for row in batch.rows if row.kind == "mark"}
            marks.set_results(db, [r for r in answer.results if r.event_id in given])
            # No further than what was answered for, though the hub may hold more: every event
            # is to learn its result.
            last_seq = batch.rows[-1].seq
            outbox.ack(db, answer.results, min(answer.acked_seq, last_seq))
            exchanges.record(
                db, "push", moment, count=len(batch.rows), bytes=cost.bytes, ms=cost.ms
            )
        return answer.acked_seq >= last_seq


def next_size(size: int, took_s: float, most: int) -> int:
    """Few large pushes cost the least; on a thin line a large one would never get through."""
    if took_s > SLOW_S:
        size //= 2
    elif took_s < QUICK_S:
        size *= 2
    return min(max(size, EVENTS_LEAST), most)


def _fitting(rows: list[outbox.Row]) -> list[outbox.Row]:
    """As many as one push may hold, at least one."""
    room = PUSH_BYTES_MAX - ENVELOPE_BYTES
    for count, row in enumerate(rows):
        room -= len(msgspec.json.encode(_event(row))) + 1
        if room < 0 and count > 0:
            return rows[:count]
    return rows


def _event(row: outbox.Row) -> Event:
    return Event(
        event_id=row.event_id, sitting=row.sitting_id, kind=row.kind, v=row.v, body=row.body
    )
