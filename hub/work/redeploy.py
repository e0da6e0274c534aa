"""Redeploy (调配): people leave or come back, a node falls silent; what they had goes to others."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import accounts, audit, hands, nodes, sittings
from hub.store.sittings import Sitting
from hub.work.hand_out import take_back_all
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role


def send_away(db: Database, account_id: int, who: str, moment: datetime) -> int:
    """Somebody left: nothing new goes there, and all open tasks go to others, evenly.

    How many went. Marks that still arrive from there are kept as surplus where somebody else
    was first.
    """
    sitting = _open_sitting(db)
    account = accounts.account(db, account_id)
    if account is None:
        raise Refusal("no_account", "没有这个账号", 404)
    if hands.set_state(db, sitting.id, account_id, is_here=False):
        audit.append(db, who, "send_away", {"account": account_id}, moment)
    return take_back_all(db, account_id, who, moment)


def call_back(db: Database, account_id: int, who: str, moment: datetime) -> bool:
    """Somebody is there again, and may be given new tasks; the old ones stay with the others."""
    sitting = _open_sitting(db)
    if not hands.set_state(db, sitting.id, account_id, is_here=True):
        return False
    audit.append(db, who, "call_back", {"account": account_id}, moment)
    return True


def take_from_node(db: Database, node_name: str, who: str, moment: datetime) -> int:
    """Everything open in the district of a silent node goes to other districts; how much it was.

    People may sit at any node of their district, so it must be the only one that is not silent.
    """
    silent = {node.name: node for node in nodes.silent(db, moment)}
    if node_name not in silent:
        raise Refusal("not_silent", "只能收回没有消息的节点的任务，请核对节点名称")
    district = silent[node_name].district_id
    if any(_is_heard(node, district, set(silent)) for node in nodes.all_nodes(db)):
        raise Refusal("others_heard", "这个区县还有别的节点在线，请在区县页面逐人调配")
    people = _people(db, district)
    # All are away before the first task is handed on, so that none goes to a neighbour there.
    sitting = _open_sitting(db)
    for account_id in people:
        hands.set_state(db, sitting.id, account_id, is_here=False)
    taken = sum(take_back_all(db, account_id, who, moment) for account_id in people)
    detail = {"node": node_name, "people": len(people), "tasks": taken}
    audit.append(db, who, "take_from_node", detail, moment)
    return taken


def give_to_node(db: Database, node_name: str, who: str, moment: datetime) -> int:
    """A node is back: its people may be given new tasks again; how many they are."""
    node = nodes.by_name(db, node_name)
    if node is None:
        raise Refusal("no_node", "没有这个节点", 404)
    sitting = _open_sitting(db)
    people = _people(db, node.district_id)
    back = sum(hands.set_state(db, sitting.id, account_id, is_here=True) for account_id in people)
    if back:
        audit.append(db, who, "give_to_node", {"node": node_name, "people": back}, moment)
    return back


def _is_heard(node: nodes.Node, district_id: int, silent: set[str]) -> bool:
    return node.district_id == district_id and node.state == "enrolled" and node.name not in silent


def _people(db: Database, district_id: int) -> list[int]:
    return [
        account.id
        for role in (Role.MARKER, Role.LEADER)
        for account in accounts.active(db, role, None)
        if account.district_id == district_id
    ]


def _open_sitting(db: Database) -> Sitting:
    sitting = sittings.open_sitting(db)
    if sitting is None:
        raise Refusal("not_open", "现在没有正在进行的场次")
    return sitting
