"""Takes up again what was put aside: after an upgrade, a recovery, or a person's look."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import audit, events, nodes
from hub.work.receive_event import apply
from shared.wire.codes import Code
from shared.wire.messages import Event


def replay(db: Database, who: str, moment: datetime, *, why: str = "") -> int:
    """How many events came to something now; their nodes learn it with the next comparison.

    `why`: only those that were put aside for this reason.
    """
    known = {node.id: node for node in nodes.all_nodes(db)}
    done = 0
    for kept in events.put_aside(db):
        if why and kept.reason != why:
            continue
        event = Event(
            event_id=kept.event_id,
            sitting=kept.sitting_id,
            kind=kept.kind,
            v=kept.v,
            body=kept.body or "",
        )
        outcome = apply(db, event, known[kept.node_id], moment)
        if outcome.code is not Code.QUARANTINED:
            events.settle(db, kept.event_id, outcome.code.value, outcome.reason)
            done += 1
    if done:
        audit.append(db, who, "events_replayed", {"events": done}, moment)
    return done
