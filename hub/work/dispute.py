"""A node's credential in dispute: no new work until the city decides; marks always come in."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import alarms, audit
from hub.store.alarms import AlarmKind
from hub.store.nodes import Node
from shared.kit.refusal import Refusal

TEXTS: dict[AlarmKind, str] = {
    "two_programs": "有两台电脑在用这个节点的身份，请停用其中一台，再解除警报或重新接入",
    "retired_secret": "有电脑在用这个节点已作废的凭据，它的上报已另存，请核对",
}


def raise_alarm(db: Database, node: Node, kind: AlarmKind, moment: datetime) -> None:
    if alarms.put(db, node.id, kind, moment):
        audit.append(db, "系统", f"alarm_{kind}", {"node": node.name}, moment)


def clear(db: Database, node: Node, who: str, moment: datetime) -> None:
    """By a person, who has looked into it."""
    if alarms.clear(db, node.id, moment):
        audit.append(db, who, "alarms_cleared", {"node": node.name}, moment)


def must_be_undisputed(db: Database, node: Node) -> None:
    if alarms.is_open(db, node.id):
        raise Refusal(
            "suspended",
            "本节点的身份有争议（可能有两台电脑在用），市级中心暂停下发任务，"
            "请联系市级管理员；评分照常保存和上报。",
            403,
        )
