"""A node joins the city: invited with a one-time code, enrolled with it, retired at the end."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlite_utils import Database

from hub.store import alarms, attempts, audit, credentials, exam, holdings, meta, nodes
from shared import PROTOCOL, PROTOCOL_LEAST
from shared.kit.clock import parse_stamp, stamp
from shared.kit.refusal import Refusal
from shared.wire.check import check_digits
from shared.wire.messages import EnrolAnswer, EnrolRequest

CODE_LIFE = timedelta(hours=48)
CODE_TRIES_MAX = 10
REPLAY_LIFE = timedelta(minutes=15)
ADDRESS_TRIES_MAX = 20
ADDRESS_WINDOW = timedelta(minutes=15)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})
_DIGITS = 10
_SELECTOR = 2
"""So many characters of a code are kept readable, so that a wrong guess counts against a slot."""


def invite(db: Database, name: str, district_id: int, moment: datetime) -> str:
    """A new code for a slot; a node that is at work keeps working until the code is used."""
    name = name.strip()
    if not name:
        raise Refusal("node_name_missing", "请填写节点名称。", 400)
    if district_id not in {district.id for district in exam.districts(db)}:
        raise Refusal("district_unknown", "没有这个区县，请先导入考试数据。", 400)
    known = nodes.by_name(db, name)
    if known and known.district_id != district_id:
        raise Refusal("node_name_taken", f"节点名称“{name}”已用于其他区县，请换一个名称。")
    code = _new_code()
    nodes.invite(db, name, district_id, _hash(code), stamp(moment + CODE_LIFE))
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def enrol(
    db: Database,
    request: EnrolRequest,
    address: str,
    moment: datetime,
    *,
    is_to_be_confirmed: bool = False,
) -> EnrolAnswer | Refusal:
    """Refusals are returned, not raised: a wrong try must stay counted."""
    subject = f"enrol {address}"
    if len(attempts.since(db, subject, moment - ADDRESS_WINDOW)) >= ADDRESS_TRIES_MAX:
        return Refusal("too_many_tries", "接入码输错次数太多，请 15 分钟后再试。", 429)
    if not PROTOCOL_LEAST <= request.protocol <= PROTOCOL:
        return Refusal("protocol", "节点程序的版本与市级中心不一致，请安装市里发布的版本。", 426)
    node = _node_of(db, request.code)
    if node is None:
        attempts.add(db, subject, moment)
        return Refusal("code_wrong", "接入码不正确，请核对后重新输入。", 403)
    if (refused := _refused(node, request, moment)) is not None:
        return refused
    answer = _admit(db, node, request, address, moment)
    if node.enrol_nonce is None:
        digits = check_digits(answer.secret) if is_to_be_confirmed else ""
        nodes.put_check_digits(db, node.id, digits)
    return answer


def confirm(db: Database, node_id: int, who: str, moment: datetime) -> None:
    """Somebody compared the digits on both screens: from now on the node gets people and tasks."""
    node = nodes.node(db, node_id)
    if node is None:
        raise Refusal("node_unknown", "没有这个节点。", 404)
    if node.check_digits:
        nodes.put_check_digits(db, node_id, "")
        audit.append(db, who, "node_confirmed", {"node": node.name}, moment)


def retire(db: Database, node_id: int, who: str, moment: datetime) -> None:
    """From now on the hub no longer knows the node's secret, nor counts on what it holds."""
    node = nodes.node(db, node_id)
    if node is None:
        raise Refusal("node_unknown", "没有这个节点。", 404)
    if node.state != "retired":
        credentials.retire_all(db, node_id, moment)
        nodes.retire(db, node_id)
        holdings.forget_node(db, node_id)
        alarms.clear(db, node_id, moment)
        audit.append(db, who, "node_retired", {"node": node.name}, moment)


def _node_of(db: Database, typed: str) -> nodes.Node | None:
    """Whose code it is; a wrong one counts against the slots that it could have been meant for."""
    code = typed.upper().translate(_LOOKALIKES)
    if not _is_well_formed(code):
        return None
    wanted = _hash(code)
    meant = [n for n in nodes.with_code(db) if (n.code_hash or "").startswith(code[:_SELECTOR])]
    for node in meant:
        if secrets.compare_digest(node.code_hash or "", wanted):
            return node
    for node in meant:
        nodes.count_try(db, node.id)
    return None


def _refused(node: nodes.Node, request: EnrolRequest, moment: datetime) -> Refusal | None:
    if node.code_tries >= CODE_TRIES_MAX:
        return Refusal("code_locked", "这个接入码被输错太多次，已作废，请向市里要新的接入码。", 403)
    if node.enrol_nonce is not None and not _is_replay(node, request, moment):
        return Refusal("code_used", "这个接入码已经用过，请向市里要新的接入码。", 403)
    if node.enrol_nonce is None and (node.code_expires_at or "") < stamp(moment):
        return Refusal("code_expired", "这个接入码已过期，请向市里要新的接入码。", 403)
    return None


def _is_replay(node: nodes.Node, request: EnrolRequest, moment: datetime) -> bool:
    """The answer was lost on its way, and the same node asks again."""
    if node.enrol_nonce != request.enrol_nonce or node.enrolled_at is None:
        return False
    if node.last_seen_at is not None:
        # It spoke since: the answer was not lost, and its secret is another one by now.
        return False
    return moment - parse_stamp(node.enrolled_at) <= REPLAY_LIFE


def _admit(
    db: Database, node: nodes.Node, request: EnrolRequest, address: str, moment: datetime
) -> EnrolAnswer:
    secret = node.secret
    if node.enrol_nonce is None or secret is None:
        secret = secrets.token_hex(32)
        credentials.retire_all(db, node.id, moment)
        alarms.clear(db, node.id, moment)
        nodes.enrol(db, node.id, secret, request.enrol_nonce, request.node_inc, moment)
        # Whatever stood in this slot before: the new cache is empty until it reports.
        holdings.forget_node(db, node.id)
        detail = {"node": node.name, "address": address, "version": request.app_version[:40]}
        audit.append(db, node.name, "node_enrolled", detail, moment)
    names = {district.id: district.name for district in exam.districts(db)}
    return EnrolAnswer(
        node_id=node.id,
        node_name=node.name,
        district=names[node.district_id],
        hub_id=meta.hub_id(db),
        hub_inc=meta.hub_inc(db),
        secret=secret,
    )


def _new_code() -> str:
    """Ten characters and a check character that is one of the same alphabet."""
    while True:
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_DIGITS))
        if (check := _check_value(code)) < len(_ALPHABET):
            return code + _ALPHABET[check]


def _is_well_formed(code: str) -> bool:
    if len(code) != _DIGITS + 1 or not set(code) <= set(_ALPHABET):
        return False
    return _check_value(code[:_DIGITS]) == _ALPHABET.index(code[_DIGITS])


def _check_value(digits: str) -> int:
    """Crockford's: modulo 37 shows every single wrong character and every swap of two."""
    value = 0
    for digit in digits:
        value = value * len(_ALPHABET) + _ALPHABET.index(digit)
    return value % 37


def _hash(code: str) -> str:
    return code[:_SELECTOR] + sha256(code.encode()).hexdigest()
