"""Fresh comparison: before something is said to be over, nodes compare their newest marks."""

from dataclasses import replace

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import feed, hellos, meta
from hub.store.nodes import Node
from hub.store.sittings import Sitting
from hub.work import recovery
from shared.rules.rounds import RoundFacts, milestones_reached
from shared.wire.meeting import COMPARES_WHEN_ASKED

_KEY = "compare_now"


def ask_when_due(db: Database, sitting: Sitting, facts: RoundFacts) -> None:
    """Only when nothing else is missing: while marks come in, comparing would never end."""
    is_due = bool(facts.nodes_uncompared) and (
        sitting.state == "closed" or bool(milestones_reached(replace(facts, nodes_uncompared=0)))
    )
    if is_due == is_asked(db):
        return
    meta.put(db, _KEY, "1" if is_due else "")
    if is_due:
        # The exam's card comes once more, so that no node waits out its long-poll.
        feed.append(db, EVERY_DISTRICT, "exam", 1)


def is_asked(db: Database) -> bool:
    return bool(meta.get(db, _KEY))


def is_asked_of(db: Database, node: Node) -> bool:
    """Also while the hub recovers: it may have forgotten what the node knows to be compared."""
    awaited = hellos.not_compared_since(db) if is_asked(db) else recovery.awaited(db)
    return node.name in awaited and hellos.understands(db, node.id, COMPARES_WHEN_ASKED)
