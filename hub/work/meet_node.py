"""A node says hello, compares its marks, or asks for those that it lost."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import alarms, events, hellos, mark_history, meta, sittings
from hub.store.nodes import Node
from hub.work import lives, recovery
from hub.work.adopt_sitting import adopt_sittings
from hub.work.hand_out import hand_out_waiting
from shared import PROTOCOL, PROTOCOL_LEAST
from shared.kit.clock import stamp
from shared.rules.hello import Protocols
from shared.wire import digest
from shared.wire.meeting import (
    CompareAnswer,
    CompareRequest,
    Difference,
    HelloAnswer,
    HelloRequest,
    HistoryAnswer,
)
from shared.wire.paths import EVENTS_PER_PUSH_MAX, MARKS_PER_PAGE

OURS = Protocols(PROTOCOL_LEAST, PROTOCOL)


def hello(db: Database, node: Node, said: HelloRequest, moment: datetime) -> HelloAnswer:
    """What the node needs to decide; what it says may show that we were put back in time."""
    known = events.stream(db, node.id, said.node_inc)
    is_same = said.hub_inc == meta.hub_inc(db)
    is_later = lives.number_of(said.hub_inc) > meta.lives(db)
    if is_later or (is_same and said.acked_seq > known.acked_seq):
        lives.begin_again(db, lives.AHEAD, moment, said.hub_inc)
    if recovery.is_on(db):
        adopt_sittings(db, node, said.sittings, moment)
    inc = meta.hub_inc(db)
    hellos.put(db, node.id, inc, said, moment)
    return HelloAnswer(
        hub_id=meta.hub_id(db),
        hub_inc=inc,
        protocol_min=OURS.least,
        protocol_max=OURS.most,
        is_suspended=alarms.is_open(db, node.id),
        acked_seq=known.acked_seq,
        chain=known.chain,
        server_time=stamp(moment),
        events_per_push=EVENTS_PER_PUSH_MAX,
    )


def speaks_our_language(db: Database, node_id: int) -> bool:
    theirs = hellos.protocols(db, node_id)
    return theirs is None or theirs.meet(OURS)


def history(db: Database, node: Node, after: str, moment: datetime) -> HistoryAnswer:
    found = mark_history.page(db, node.id, after, MARKS_PER_PAGE + 1)
    return HistoryAnswer(
        marks=found[:MARKS_PER_PAGE],
        more=len(found) > MARKS_PER_PAGE,
        server_time=stamp(moment),
    )


def compare(db: Database, node: Node, asked: CompareRequest, moment: datetime) -> CompareAnswer:
    """Pile by pile; where one differs, the node is told what we have in its unequal buckets."""
    known = events.stream(db, node.id, asked.node_inc)
    if known.acked_seq != asked.acked_seq:
        return CompareAnswer(
            is_comparable=False, differs=0, differences=[], server_time=stamp(moment)
        )
    wiped = {s.id for s in sittings.all_sittings(db) if s.state == "wiped"}
    ours = mark_history.ids_of_node(db, node.id)
    our_piles = {(p.sitting, p.round, p.group_id): p for p in digest.piles(ours)}
    theirs = {(p.sitting, p.round, p.group_id): p for p in asked.piles if p.sitting not in wiped}
    differences, differs = [], 0
    for key in sorted(our_piles.keys() | theirs.keys()):
        one, other = our_piles.get(key), theirs.get(key)
        buckets = digest.unequal(one, other)
        if not buckets:
            continue
        counts = [pile.count if pile else 0 for pile in (one, other)]
        differs += max(abs(counts[0] - counts[1]), len(buckets))
        ids = [i for i in ours.get(key, ()) if digest.bucket_of(i) in buckets]
        differences.append(
            Difference(
                sitting=key[0], round=key[1], group_id=key[2], buckets=buckets, event_ids=ids
            )
        )
    hellos.put_comparison(
        db, node.id, meta.hub_inc(db), differs, moment, asked.node_inc, asked.acked_seq
    )
    if recovery.end_when_complete(db, moment):
        hand_out_waiting(db, moment)
    return CompareAnswer(
        is_comparable=True, differs=differs, differences=differences, server_time=stamp(moment)
    )
