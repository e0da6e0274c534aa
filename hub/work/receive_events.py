"""A node hands in a batch of events: each is done once and answered for."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from hub.store import audit, events, meta, nodes
from hub.work.receive_event import STALE, Outcome, apply_all, is_wiped
from hub.work.receive_mark import is_same_mark
from shared.kit.clock import stamp
from shared.kit.ids import is_id
from shared.kit.refusal import Refusal
from shared.wire import chain
from shared.wire.codes import Code
from shared.wire.messages import Event, EventResult, PushAnswer, PushGap, PushRequest
from shared.wire.paths import EVENTS_PER_PUSH_MAX

Do = Callable[[Database, Sequence[Event], nodes.Node, datetime], list[Outcome]]

FORKED = PushGap(expected_seq=0)

_log = logging.getLogger(__name__)


class Arrived(NamedTuple):
    """One event with its place in the node's stream."""

    seq: int
    event: Event
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose events they are, and what is done with new ones."""

    node: nodes.Node
    node_inc: str
    do: Do


class Kept(NamedTuple):
    """An event, the id that it is kept under, and what became of it."""

    arrived: Arrived
    key: str
    outcome: Outcome


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
    if request.from_seq < 1 or len(request.events) > EVENTS_PER_PUSH_MAX or not request.node_inc:
        raise Refusal("bad_batch", "上报的内容不正确。", 400)
    known = events.stream(db, node.id, request.node_inc)
    if request.from_seq > known.acked_seq + 1:
        return PushGap(expected_seq=known.acked_seq + 1)
    batch = [
        Arrived(seq, event, chain.body_hash(event.body))
        for seq, event in enumerate(request.events, request.from_seq)
    ]
    before = events.known_of(db, [arrived.event.event_id for arrived in batch]).keys()
    now_known = _grown(known, batch)
    if _is_forked(db, known, batch, request, before, now_known):
        _note_fork(db, node, request, moment)
        return FORKED
    if node.node_inc != request.node_inc and not is_disputed:
        nodes.seen_life(db, node.id, request.node_inc)
    do = _set_aside if is_disputed else apply_all
    results = _take(db, Sender(node, request.node_inc, do), batch, before, moment)
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
    db: Database,
    known: events.Stream,
    batch: Sequence[Arrived],
    request: PushRequest,
    before: Collection[str],
    now_known: events.Stream,
) -> bool:
    """A node put back in time, or running twice, writes another history under the same numbers."""
    for arrived in batch:
        if arrived.seq > known.acked_seq:
            break
        if arrived.event.event_id not in before:
            # Of a wiped trial the hub keeps nothing, so nothing is to be concluded from it.
            return not is_wiped(db, arrived.event.sitting)
    reaches_end = request.from_seq + len(batch) - 1 >= known.acked_seq
    return reaches_end and now_known.chain != request.chain


def _note_fork(db: Database, node: nodes.Node, request: PushRequest, moment: datetime) -> None:
    _log.warning("node %s: stream %s is forked", node.name, request.node_inc)
    detail = {"node": node.name, "node_inc": request.node_inc, "from_seq": request.from_seq}
    audit.append(db, node.name, "stream_forked", detail, moment)


def _grown(known: events.Stream, batch: Sequence[Arrived]) -> events.Stream:
    seq, head = known.acked_seq, known.chain
    for arrived in batch:
        if arrived.seq > seq:
            seq = arrived.seq
            head = chain.link(head, arrived.event.event_id, arrived.body_sha256)
    return events.Stream(seq, head)


def _take(
    db: Database,
    sender: Sender,
    batch: Sequence[Arrived],
    before: Collection[str],
    moment: datetime,
) -> list[EventResult]:
    """In order; new events that follow one another are done, and kept, together."""
    results: list[EventResult] = []
    fresh: dict[str, Arrived] = {}
    for arrived in batch:
        id = arrived.event.event_id
        if is_id(id) and id not in before and id not in fresh:
            fresh[id] = arrived
            continue
        results += _take_fresh(db, sender, [*fresh.values()], moment)
        before, fresh = {*before, *fresh}, {}
        results.append(_take_odd(db, sender, arrived, moment))
    return results + _take_fresh(db, sender, [*fresh.values()], moment)


def _take_fresh(
    db: Database, sender: Sender, fresh: Sequence[Arrived], moment: datetime
) -> list[EventResult]:
    outcomes = sender.do(db, [arrived.event for arrived in fresh], sender.node, moment)
    done = [Kept(a, a.event.event_id, o) for a, o in zip(fresh, outcomes, strict=True)]
    return _keep(db, sender, done, moment)


def _take_odd(db: Database, sender: Sender, arrived: Arrived, moment: datetime) -> EventResult:
    """One that came before, or has no proper id."""
    event, key = arrived.event, arrived.event.event_id
    before = events.known(db, key)
    if before and (before.body_sha256 == arrived.body_sha256 or is_same_mark(db, event)):
        return EventResult(event_id=key, code=before.code, reason=before.reason)
    outcome = Outcome(Code.QUARANTINED, "记录编号不正确")
    if before:
        outcome = Outcome(Code.QUARANTINED, "同一编号的记录内容不同")
        # The first body stays; this one is kept beside it.
        key = f"{key}/{arrived.body_sha256}"
    return _keep(db, sender, [Kept(arrived, key, outcome)], moment)[0]


def _set_aside(
    db: Database, batch: Sequence[Event], node: nodes.Node, moment: datetime
) -> list[Outcome]:
    odd = Outcome(Code.QUARANTINED, "用已作废的凭据上报，等待市级核对")
    return [STALE if is_wiped(db, event.sitting) else odd for event in batch]


def _keep(
    db: Database, sender: Sender, done: Sequence[Kept], moment: datetime
) -> list[EventResult]:
    """Of a wiped trial nothing is kept, also where a later event of the batch had it wiped."""
    over = {id for id in {one.arrived.event.sitting for one in done} if is_wiped(db, id)}
    for one in done:
        if one.outcome.code is Code.QUARANTINED:
            text, name = one.outcome.reason, sender.node.name
            _log.warning("node %s: event %s quarantined: %s", name, one.key, text)
    lasting = [
        one
        for one in done
        if one.outcome.code is not Code.STALE_SITTING and one.arrived.event.sitting not in over
    ]
    events.add(db, [_received(sender, one) for one in lasting], moment)
    return [
        EventResult(
            event_id=one.arrived.event.event_id,
            code=one.outcome.code.value,
            reason=one.outcome.reason,
        )
        for one in done
    ]


def _received(sender: Sender, one: Kept) -> events.Received:
    event = one.arrived.event
    return events.Received(
        event_id=one.key,
        node_id=sender.node.id,
        node_inc=sender.node_inc,
        seq=one.arrived.seq,
        sitting_id=event.sitting,
        kind=event.kind,
        v=event.v,
        body_sha256=one.arrived.body_sha256,
        body=event.body if one.outcome.code is Code.QUARANTINED else None,
        code=one.outcome.code.value,
        reason=one.outcome.reason,
    )
