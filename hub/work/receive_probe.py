"""Receive what a marker gave for a probe: kept in full, and no mark."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import feed, probes
from hub.store.nodes import Node
from hub.work.well_formed import is_well_formed
from shared.rules.rubric import ALL_CRITERIA, levels_from_text
from shared.wire.codes import Code
from shared.wire.messages import Event, EventResult, MarkBody


def receive_probe(
    db: Database, event: Event, body: MarkBody, node: Node, moment: datetime
) -> EventResult:
    if not is_well_formed(body):
        return _quarantined(event, "评分内容不合规则")
    known = probes.probe(db, body.task_id)
    if known is None or not (
        known.account_id == body.account_id
        and known.sitting_id == event.sitting
        and known.district_id == node.district_id
    ):
        return _quarantined(event, "没有这个任务，或者不是本节点账号的任务")
    levels = levels_from_text(body.levels)
    if not body.exception and set(levels) != set(ALL_CRITERIA):
        return _quarantined(event, "评分没有包括任务要求的全部评价维度")
    probes.add_mark(db, event.event_id, body, node.id, moment)
    if probes.set_done(db, known.id):
        feed.append(db, known.district_id, "task", known.id)
    return EventResult(event_id=event.event_id, code=Code.APPLIED)


def _quarantined(event: Event, reason: str) -> EventResult:
    return EventResult(event_id=event.event_id, code=Code.QUARANTINED, reason=reason)
