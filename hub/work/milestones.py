"""Milestones of the rounds: count the facts, and announce each once as soon as it is true."""

import json
from datetime import datetime

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import (
    announcements,
    audit,
    hellos,
    loads,
    meta,
    nodes,
    performances,
    sittings,
    slots,
)
from hub.store.announcements import NewAnnouncement
from hub.store.sittings import Sitting
from hub.work import compare_now, recovery
from hub.work.announce import publish
from shared.kit.refusal import Refusal
from shared.rules.rounds import Milestone, RoundFacts, milestones_reached
from shared.rules.rubric import ROUNDS

SYSTEM = "系统"


def facts(db: Database, sitting_id: int, moment: datetime) -> RoundFacts:
    """Cheap enough for a job of every few seconds: no task or mark is read."""
    by_round = loads.by_round(db, sitting_id)
    waiting = slots.waiting_by_round(db, sitting_id)
    first = by_round.get(1)
    sitting = sittings.sitting(db, sitting_id)
    left_out = names_left_out(db, sitting_id)
    silent = {node.name for node in nodes.silent(db, moment)} | set(recovery.awaited(db))
    return RoundFacts(
        open_by_round={r: load.total - load.done for r, load in by_round.items()},
        waiting_by_round={r: waiting.get(r, 0) for r in ROUNDS},
        events_pending=nodes.pending_events(db) - _pending_on(db, left_out),
        nodes_silent=len(silent - left_out),
        performances=(first.total if first else 0) + waiting.get(1, 0),
        nodes_differing=len(set(hellos.out_of_step(db)) - left_out),
        nodes_uncompared=len(set(hellos.not_compared_since(db)) - left_out),
        undealt=undealt(db, sitting) if sitting else 0,
    )


def undealt(db: Database, sitting: Sitting) -> int:
    """Works that came after the open formal sitting was allocated; a trial takes no more."""
    if sitting.kind == "trial" or sitting.state != "open":
        return 0
    first = loads.by_round(db, sitting.id).get(1)
    dealt = (first.total if first else 0) + slots.waiting_by_round(db, sitting.id).get(1, 0)
    return max(0, performances.count_with_video(db) - dealt)


def announce_reached(db: Database, moment: datetime) -> list[Milestone]:
    """Those that have just become true, each announced once in a sitting."""
    sitting = sittings.current(db)
    if sitting is None or sitting.state not in ("open", "closed") or recovery.is_on(db):
        return []
    found = facts(db, sitting.id, moment)
    compare_now.ask_when_due(db, sitting, found)
    if sitting.state == "closed":
        return []
    said, reached = announcements.milestones(db, sitting.id), milestones_reached(found)
    return [
        milestone
        for milestone in reached
        if milestone not in said and publish(db, _said(sitting.id, milestone), moment)
    ]


def leave_out(db: Database, node_name: str, who: str, moment: datetime) -> None:
    """Do not wait for this node, silent or not in step: by name, for this sitting, on record."""
    sitting = sittings.current(db)
    if sitting is None or sitting.state not in ("open", "closed"):
        raise Refusal("not_open", "现在没有正在进行的场次")
    silent = {node.name for node in nodes.silent(db, moment)}
    unlike = set(hellos.out_of_step(db)) | set(hellos.not_compared_since(db))
    if node_name not in silent | unlike:
        raise Refusal("not_silent", "只有没有消息或对账不一致的节点可以不等，请核对节点名称")
    names = names_left_out(db, sitting.id) | {node_name}
    meta.put(db, _key(sitting.id), json.dumps(sorted(names), ensure_ascii=False))
    audit.append(db, who, "leave_out_node", {"sitting": sitting.id, "node": node_name}, moment)


def names_left_out(db: Database, sitting_id: int) -> frozenset[str]:
    """Of nodes that the milestones of this sitting do not wait for."""
    return frozenset(json.loads(meta.get(db, _key(sitting_id)) or "[]"))


def _key(sitting_id: int) -> str:
    return f"left_out:{sitting_id}"


def _pending_on(db: Database, names: frozenset[str]) -> int:
    if not names:
        return 0
    enrolled = [n for n in nodes.all_nodes(db) if n.state == "enrolled" and n.name in names]
    return sum(node.status.pending_events for node in enrolled if node.status)


def _said(sitting_id: int, milestone: Milestone) -> NewAnnouncement:
    return NewAnnouncement(
        sitting_id=sitting_id,
        kind=milestone.value,
        strength="important",
        text=milestone.text,
        district_id=EVERY_DISTRICT,
        roles=(),
        author=SYSTEM,
    )
