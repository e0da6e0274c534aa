"""A sitting that the hub forgot when it was put back in time, known again from its nodes."""

import secrets
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import audit, exam, feed, hands, sittings
from hub.store.nodes import Node
from hub.store.sittings import SittingKind, SittingState
from hub.work.allocate import RECORD
from hub.work.receive_event import UNKNOWN_SITTING
from hub.work.replay import replay
from hub.work.sittings import close
from hub.work.well_formed import INTEGER_MAX
from shared.wire.meeting import KnownSitting

_AS_KNOWN: dict[tuple[str, str], tuple[SittingKind, SittingState]] = {
    ("trial", "open"): ("trial", "open"),
    ("trial", "closed"): ("trial", "closed"),
    ("trial", "wiped"): ("trial", "wiped"),
    ("formal", "open"): ("formal", "open"),
    ("formal", "closed"): ("formal", "closed"),
}
"""One that was only prepared has no tasks and no marks: it is prepared again."""


def adopt_sittings(
    db: Database, node: Node, known: Iterable[KnownSitting], moment: datetime
) -> None:
    """Marks of these sittings come in as they always did, and find their tasks by the seals.

    What is left of a sitting that goes on is dealt with a supplement: the old seed is lost.
    """
    for one in known:
        there_was = _AS_KNOWN.get((one.kind, one.state))
        if there_was and 0 < one.sitting <= INTEGER_MAX and not sittings.sitting(db, one.sitting):
            _adopt(db, node, one.sitting, *there_was, moment)
            # Whoever handed in before anybody had said hello.
            replay(db, node.name, moment, why=UNKNOWN_SITTING)


def _adopt(
    db: Database, node: Node, id: int, kind: SittingKind, state: SittingState, moment: datetime
) -> None:
    if state == "open" and (other := sittings.open_sitting(db)):
        # There is one open sitting at a time: the earlier of the two was over by then.
        if other.id < id:
            close(db, other.id, node.name, moment)
        else:
            state = "closed"
    seed = secrets.token_hex(32)
    seed_hash = sha256(seed.encode()).hexdigest()
    sittings.adopt(db, id, kind, state, seed, seed_hash, moment)
    if state != "wiped":
        # Also where it is over: the loads of the marks that come back are counted by hand.
        hands.follow_in(db, id, seed)
    feed.append(db, EVERY_DISTRICT, "sitting", id)
    detail = {"sitting": id, "kind": kind, "state": state, "seed_hash": seed_hash}
    audit.append(db, node.name, "sitting_adopted", detail, moment)
    # Nothing that the new seed would have dealt: what was dealt before is known by its seals only.
    record = {"sitting": id, "policy": asdict(exam.policy(db)), "groups": []}
    audit.append(db, node.name, RECORD, record, moment)
