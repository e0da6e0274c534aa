"""One event of a node: read by its kind and version, and done, or put aside for a person."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from sqlite_utils import Database

from hub.store import (
    accounts,
    announcements,
    events,
    faults,
    feed,
    holdings,
    nodes,
    probes,
    purges,
    requests,
    sittings,
    tasks,
)
from hub.work.receive_mark import receive_mark, receive_marks
from hub.work.wipe_trial import wipe_again
from shared.kit.passwords import is_hash
from shared.kit.refusal import Refusal
from shared.rules.probes import is_probe
from shared.wire.codes import Code
from shared.wire.messages import (
    Event,
    FaultBody,
    HoldingBody,
    MarkBody,
    PasswordBody,
    PurgedBody,
    ReceiptBody,
    WipedBody,
)
from shared.wire.requests import REQUEST_CHARACTERS_MAX, RequestBody

UNKNOWN_KIND = "市级中心不认识这种记录"
"""Of a later program: taken up again when ours is that one."""

UNKNOWN_SITTING = "没有这个场次"
"""Forgotten by a hub that was put back in time, until a node says that there was one."""

_read_mark = msgspec.json.Decoder(MarkBody).decode

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    code: Code
    reason: str = ""
    """Chinese."""


APPLIED = Outcome(Code.APPLIED)
STALE = Outcome(Code.STALE_SITTING)


@dataclass(frozen=True, slots=True)
class Kind:
    body: type[msgspec.Struct]
    do: Callable[[Database, Event, Any, nodes.Node, datetime], Outcome]
    is_of_sitting: bool
    """Belongs to one sitting, and goes with it when that was a trial."""


def apply(db: Database, event: Event, node: nodes.Node, moment: datetime) -> Outcome:
    """What became of a new event. One that cannot be done never holds up those behind it."""
    kind = _KINDS.get((event.kind, event.v))
    if kind is None:
        return Outcome(Code.QUARANTINED, UNKNOWN_KIND)
    if kind.is_of_sitting:
        sitting = sittings.sitting(db, event.sitting)
        if sitting is None:
            return Outcome(Code.QUARANTINED, UNKNOWN_SITTING)
        if sitting.state == "wiped":
            return STALE
    try:
        body = msgspec.json.decode(event.body, type=kind.body)
    except (msgspec.DecodeError, UnicodeError):
        return Outcome(Code.QUARANTINED, "记录内容无法读取")
    try:
        with events.on_its_own(db):
            return kind.do(db, event, body, node, moment)
    except events.Unfit:
        _log.exception("event %s of node %s could not be applied", event.event_id, node.name)
        return Outcome(Code.QUARANTINED, "记录与市级中心的数据不符")
    except Refusal as refusal:
        return Outcome(Code.QUARANTINED, refusal.text)


def apply_all(
    db: Database, batch: Sequence[Event], node: nodes.Node, moment: datetime
) -> list[Outcome]:
    """In order, and as if one by one; marks that follow one another are done together."""
    outcomes: list[Outcome] = []
    for are_marks, group in groupby(batch, lambda event: (event.kind, event.v) == ("mark", 1)):
        some = [*group]
        together = _marks(db, some, node, moment) if are_marks else None
        outcomes += together or [apply(db, event, node, moment) for event in some]
    return outcomes


def _marks(
    db: Database, batch: Sequence[Event], node: nodes.Node, moment: datetime
) -> list[Outcome] | None:
    """None, and nothing done, where one of them is odd: it is not to trouble the others."""
    found = [sittings.sitting(db, id) for id in {event.sitting for event in batch}]
    if any(sitting is None or sitting.state == "wiped" for sitting in found):
        return None
    try:
        given = [(event, _read_mark(event.body)) for event in batch]
        with events.on_its_own(db):
            results = receive_marks(db, given, node, moment)
    except (msgspec.DecodeError, UnicodeError, events.Unfit, Refusal):
        return None
    return [Outcome(Code(result.code), result.reason) for result in results]


def is_wiped(db: Database, sitting_id: int) -> bool:
    sitting = sittings.sitting(db, sitting_id)
    return sitting is not None and sitting.state == "wiped"


def _mark(
    db: Database, event: Event, body: MarkBody, node: nodes.Node, moment: datetime
) -> Outcome:
    result = receive_mark(db, event, body, node, moment)
    return Outcome(Code(result.code), result.reason)


def _receipt(
    db: Database, event: Event, body: ReceiptBody, node: nodes.Node, moment: datetime
) -> Outcome:
    if not _is_at_home(db, body.account_id, node):
        return _stranger()
    if announcements.announcement(db, body.announcement_id) is None:
        return STALE
    announcements.put_receipt(db, body.announcement_id, body.account_id, body.read_at)
    return APPLIED


def _fault(
    db: Database, event: Event, body: FaultBody, node: nodes.Node, moment: datetime
) -> Outcome:
    of = probes.probe if is_probe(body.task_id) else tasks.task
    task = of(db, body.task_id)
    if task is None or task.sitting_id != event.sitting or task.account_id != body.account_id:
        return Outcome(Code.QUARANTINED, "没有这个任务")
    if not _is_at_home(db, body.account_id, node):
        return _stranger()
    fault = faults.Fault(
        event.event_id, body.task_id, body.account_id, node.id, body.fault, body.reported_at
    )
    faults.add(db, fault)
    return APPLIED


def _password(
    db: Database, event: Event, body: PasswordBody, node: nodes.Node, moment: datetime
) -> Outcome:
    if not _is_at_home(db, body.account_id, node):
        return _stranger()
    text = body.password_hash
    if not is_hash(text):
        return Outcome(Code.QUARANTINED, "密码记录不正确")
    if accounts.set_password(db, body.account_id, text, body.password_version):
        # The district's other nodes learn of it, too.
        feed.append(db, node.district_id, "account", body.account_id)
    return APPLIED


def _holding(
    db: Database, event: Event, body: HoldingBody, node: nodes.Node, moment: datetime
) -> Outcome:
    holdings.change(db, node.id, body.gained, body.lost)
    return APPLIED


def _wiped(
    db: Database, event: Event, body: WipedBody, node: nodes.Node, moment: datetime
) -> Outcome:
    wipe_again(db, body.sitting, moment)
    sittings.confirm_wipe(db, body.sitting, node.id, body.marks, body.tasks, moment)
    return APPLIED


def _purged(
    db: Database, event: Event, body: PurgedBody, node: nodes.Node, moment: datetime
) -> Outcome:
    holdings.forget_node(db, node.id)
    purges.confirm(db, body.ordered_at, node.id, body.videos, body.bytes, moment)
    return APPLIED


def _request(
    db: Database, event: Event, body: RequestBody, node: nodes.Node, moment: datetime
) -> Outcome:
    if not _is_at_home(db, body.asked_by, node):
        return _stranger()
    if body.account_id and not _is_at_home(db, body.account_id, node):
        return _stranger()
    if max(len(body.text), len(body.new_name), len(body.new_phone)) > REQUEST_CHARACTERS_MAX:
        return Outcome(Code.QUARANTINED, "申请内容太长")
    requests.add(db, event.event_id, body, node.id)
    return APPLIED


def _is_at_home(db: Database, account_id: int, node: nodes.Node) -> bool:
    """An account works on its own district's nodes only."""
    account = accounts.account(db, account_id)
    return account is not None and account.district_id == node.district_id


def _stranger() -> Outcome:
    return Outcome(Code.QUARANTINED, "账号不属于本节点的区县")


_KINDS = {
    ("mark", 1): Kind(MarkBody, _mark, is_of_sitting=True),
    ("fault", 1): Kind(FaultBody, _fault, is_of_sitting=True),
    ("request", 1): Kind(RequestBody, _request, is_of_sitting=False),
    ("receipt", 1): Kind(ReceiptBody, _receipt, is_of_sitting=False),
    ("password", 1): Kind(PasswordBody, _password, is_of_sitting=False),
    ("holding", 1): Kind(HoldingBody, _holding, is_of_sitting=False),
    ("wiped", 1): Kind(WipedBody, _wiped, is_of_sitting=False),
    ("purged", 1): Kind(PurgedBody, _purged, is_of_sitting=False),
}
