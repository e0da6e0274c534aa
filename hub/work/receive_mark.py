"""Receive a mark from a node: the first valid one fills the slot, and nothing is thrown away."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlite_utils import Database

from hub.store import marks, probes, tasks
from hub.store.marks import Mark
from hub.store.nodes import Node
from hub.store.tasks import Task
from hub.work.adopt_task import adopt_task
from hub.work.fill_slots import FirstMark, fill_slots
from hub.work.receive_probe import receive_probe
from hub.work.revise_mark import revise_mark
from hub.work.well_formed import INTEGER_MAX, is_well_formed
from shared.kit.clock import stamp
from shared.rules.probes import is_probe
from shared.rules.rubric import MarkException, levels_from_text, levels_to_text
from shared.wire.codes import Code
from shared.wire.messages import Event, EventResult, MarkBody

ALONE = {0}
"""No round goes together with it."""
STRANGE_TEXT = "没有这个任务，或者不是本节点账号的任务"


def receive_mark(
    db: Database, event: Event, body: MarkBody, node: Node, moment: datetime
) -> EventResult:
    """Keep a mark, and let it count when its slot is still unfilled."""
    if is_probe(body.task_id):
        return receive_probe(db, event, body, node, moment)
    if known := marks.mark(db, event.event_id):
        return _answer_again(known)
    if not is_well_formed(body):
        return _quarantined(event, "评分内容不合规则")
    task = tasks.task(db, body.task_id) or adopt_task(db, event, body, moment)
    if task is None:
        return _quarantined(event, STRANGE_TEXT)
    mark = _mark(event, body, node, task, stamp(moment))
    if wrong := _what_is_wrong(task, mark, event, node):
        return _quarantined(event, wrong)
    if body.revises:
        return revise_mark(db, task, mark, moment)
    return fill_slots(db, [FirstMark(task, mark)], moment)[0]


def receive_marks(
    db: Database, given: Sequence[tuple[Event, MarkBody]], node: Node, moment: datetime
) -> list[EventResult]:
    """Just as receive_mark does one after the other: what goes together is done together."""
    known = marks.known(db, [event.event_id for event, _ in given])
    held = tasks.of_ids(db, [body.task_id for _, body in given if body.task_id <= INTEGER_MAX])
    results: list[EventResult] = []
    together: list[FirstMark] = []
    touched: dict[int, set[int]] = {}
    text = stamp(moment)
    for event, body in given:
        task = held.get(body.task_id)
        is_new = event.event_id not in known and not body.revises and is_well_formed(body)
        if task is not None and is_new and _goes_with(task, together, touched):
            mark = _mark(event, body, node, task, text)
            if not _what_is_wrong(task, mark, event, node):
                together.append(FirstMark(task, mark))
                touched.setdefault(task.performance_id, set()).add(task.round)
                continue
        results += fill_slots(db, together, moment)
        together = []
        results.append(receive_mark(db, event, body, node, moment))
        # What was read of these before does not hold any more.
        touched = dict.fromkeys(touched, ALONE)
        if task is None and not is_probe(body.task_id):
            # It may have been adopted, and then nothing that was read before holds any more.
            held.clear()
        elif task is not None:
            touched[task.performance_id] = ALONE
    return results + fill_slots(db, together, moment)


def _goes_with(task: Task, together: Sequence[FirstMark], touched: Mapping[int, set[int]]) -> bool:
    """Whether its mark may be done together with these: neither depends on the other.

    `touched`: the rounds that came before it in this batch, by performance.
    """
    if task.state != "open" or (together and together[0].task.sitting_id != task.sitting_id):
        return False
    rounds = touched.get(task.performance_id)
    return rounds is None or {task.round, *rounds} == {1, 2} != rounds


def is_same_mark(db: Database, event: Event) -> bool:
    """A browser offers again what its node had lost: the same mark, only its times may differ."""
    if event.kind != "mark":
        return False
    try:
        body = msgspec.json.decode(event.body, type=MarkBody)
    except (msgspec.DecodeError, UnicodeError):
        return False
    if is_probe(body.task_id):
        return probes.is_given(db, event.event_id, body)
    known = marks.mark(db, event.event_id)
    return known is not None and (
        (known.task_id, known.account_id) == (body.task_id, body.account_id)
        and (levels_to_text(known.levels), known.comment) == (body.levels, body.comment)
        and (known.exception or "", known.revises or "") == (body.exception, body.revises)
    )


def _what_is_wrong(task: Task, mark: Mark, event: Event, node: Node) -> str:
    """Why a person has to look at it; empty when nobody has."""
    whose = (mark.account_id, node.district_id, event.sitting)
    if whose != (task.account_id, task.district_id, task.sitting_id):
        return STRANGE_TEXT
    # A dispute may have changed on the way; what rounds 1 and 2 are asked for never does.
    if (mark.gen >= task.gen or task.round < 3) and not mark.answers(task.criteria):
        return "评分没有包括任务要求的全部评价维度"
    return ""


def _mark(event: Event, body: MarkBody, node: Node, task: Task, received_at: str) -> Mark:
    return Mark(
        event_id=event.event_id,
        sitting_id=task.sitting_id,
        task_id=task.id,
        performance_id=task.performance_id,
        round=task.round,
        account_id=body.account_id,
        node_id=node.id,
        gen=body.gen,
        levels=levels_from_text(body.levels),
        exception=MarkException(body.exception) if body.exception else None,
        comment=body.comment,
        revises=body.revises or None,
        spent_ms=body.spent_ms,
        heard_percent=body.heard_percent,
        given_at=body.given_at,
        received_at=received_at,
        standing="counted",
    )


def _quarantined(event: Event, reason: str) -> EventResult:
    return EventResult(event_id=event.event_id, code=Code.QUARANTINED, reason=reason)


def _answer_again(known: Mark) -> EventResult:
    """Counted once is applied for ever, even if a revision has replaced it since."""
    code = {"surplus": Code.SURPLUS, "refused": Code.REFUSED}.get(known.standing, Code.APPLIED)
    return EventResult(event_id=known.event_id, code=code)
