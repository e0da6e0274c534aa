"""A node hands in a batch of events: each is done once and answered for."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from hub.store import audit, events, meta, nodes
from hub.work.receive_event import Outcome, apply, of_wiped_sitting
from hub.work.receive_mark import is_same_mark
from shared.kit.clock import stamp
from shared.kit.ids import is_id
from shared.kit.refusal import Refusal
from shared.wire import chain
from shared.wire.codes import Code
from shared.wire.messages import Event, EventResult, PushAnswer, PushGap, PushRequest
from shared.wire.paths import EVENTS_PER_PUSH

Do = Callable[[Database, Event, nodes.Node, datetime], Outcome]

FORKED = PushGap(expected_seq=0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrived:
    """One event with its place in the node's stream."""

    seq: int
    event: Event
    body_sha256: str


def receive(
    db: Database,
    node: nodes.Node,
    request: PushRequest,
    moment: datetime,
    *,
    is_disputed: bool = False,
) -> PushAnswer | PushGap:
    """All in the caller's one transaction; the stream only ever grows by what follows on it.

    What is disputed is kept as it came, and counts for nothing until a person has looked at it.
    """
    if request.from_seq < 1 or len(request.events) > EVENTS_PER_PUSH or not request.node_inc:
        raise Refusal("bad_batch", "上报的内容不正确。", 400)
    known = events.stream(db, node.id, request.node_inc)
    if request.from_seq > known.acked_seq + 1:
        return PushGap(expected_seq=known.acked_seq + 1)
    batch = [
        Arrived(seq, event, chain.body_hash(event.body))
        for seq, event in enumerate(request.events, request.from_seq)
    ]
    if _is_forked(db, known, batch, request):
        _log.warning("node %s: stream %s is forked", node.name, request.node_inc)
        detail = {"node": node.name, "node_inc": request.node_inc, "from_seq": request.from_seq}
        audit.append(db, node.name, "stream_forked", detail, moment)
        return FORKED
    if node.node_inc != request.node_inc and not is_disputed:
        nodes.seen_life(db, node.id, request.node_inc)
    do = _set_aside if is_disputed else apply
    results = [_take(db, node, request.node_inc, arrived, moment, do) for arrived in batch]
    now_known = _grown(known, batch)
    if now_known != known:
        events.put_stream(db, node.id, request.node_inc, now_known)
    return PushAnswer(
        hub_inc=meta.hub_inc(db),
        acked_seq=now_known.acked_seq,
        chain=now_known.chain,
        results=results,
        server_time=stamp(moment),
    )


def _is_forked(
    db: Database, known: events.Stream, batch: Sequence[Arrived], request: PushRequest
) -> bool:
    """A node put back in time, or running twice, writes another history under the same numbers."""
    for arrived in batch:
        if arrived.seq > known.acked_seq:
            break
        if events.known(db, arrived.event.event_id) is None:
            # Of a wiped trial the hub keeps nothing, so nothing is to be concluded from it.
            return not of_wiped_sitting(db, arrived.event)
    reaches_end = request.from_seq + len(batch) - 1 >= known.acked_seq
    return reaches_end and _grown(known, batch).chain != request.chain


def _grown(known: events.Stream, batch: Sequence[Arrived]) -> events.Stream:
    seq, head = known.acked_seq, known.chain
    for arrived in batch:
        if arrived.seq > seq:
            seq = arrived.seq
            head = chain.link(head, arrived.event.event_id, arrived.body_sha256)
    return events.Stream(seq, head)


def _take(
    db: Database, node: nodes.Node, node_inc: str, arrived: Arrived, moment: datetime, do: Do
) -> EventResult:
    event, key = arrived.event, arrived.event.event_id
    before = events.known(db, key)
    if before and (before.body_sha256 == arrived.body_sha256 or is_same_mark(db, event)):
        return EventResult(event_id=key, code=before.code, reason=before.reason)
    if before:
        outcome = Outcome(Code.QUARANTINED, "同一编号的记录内容不同")
        # The first body stays; this one is kept beside it.
        key = f"{key}/{arrived.body_sha256}"
    elif not is_id(key):
        outcome = Outcome(Code.QUARANTINED, "记录编号不正确")
    else:
        outcome = do(db, event, node, moment)
    if outcome.code is not Code.STALE_SITTING:
        _keep(db, node, node_inc, arrived, key, outcome, moment)
    return EventResult(event_id=event.event_id, code=outcome.code.value, reason=outcome.reason)


def _set_aside(db: Database, event: Event, node: nodes.Node, moment: datetime) -> Outcome:
    return Outcome(Code.QUARANTINED, "用已作废的凭据上报，等待市级核对")


def _keep(
    db: Database,
    node: nodes.Node,
    node_inc: str,
    arrived: Arrived,
    key: str,
    outcome: Outcome,
    moment: datetime,
) -> None:
    event = arrived.event
    is_quarantined = outcome.code is Code.QUARANTINED
    if is_quarantined:
        _log.warning("node %s: event %s quarantined: %s", node.name, key, outcome.reason)
    received = events.Received(
        event_id=key,
        node_id=node.id,
        node_inc=node_inc,
        seq=arrived.seq,
        sitting_id=event.sitting,
        kind=event.kind,
        v=event.v,
        body_sha256=arrived.body_sha256,
        body=event.body if is_quarantined else None,
        code=outcome.code.value,
        reason=outcome.reason,
    )
    events.add(db, received, moment)
