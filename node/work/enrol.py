"""Enrolment: this node becomes the lab of one district, at one hub."""

from collections.abc import Callable
from urllib.parse import urlsplit

from sqlite_utils import Database

from node.store import meta, outbox
from shared import PROTOCOL
from shared.kit.refusal import Refusal
from shared.wire.chain import body_hash
from shared.wire.messages import EnrolAnswer, EnrolRequest


def begin(db: Database, code: str, app_version: str, fresh_id: Callable[[], str]) -> EnrolRequest:
    """What to ask the hub; the same code asks the same again, so a lost answer burns no code."""
    code = code.strip().upper()
    if not code:
        raise Refusal("code_missing", "请填写市级中心给出的接入码。", 400)
    asked = meta.get(db, "enrol_code_hash")
    nonce = meta.get(db, "enrol_nonce")
    if nonce is None or asked != body_hash(code):
        nonce = fresh_id()
        meta.put(db, "enrol_nonce", nonce)
        meta.put(db, "enrol_code_hash", body_hash(code))
    node_inc = meta.node_inc(db)
    if node_inc is None:
        node_inc = fresh_id()
        meta.put_node_inc(db, node_inc)
    return EnrolRequest(
        code=code,
        enrol_nonce=nonce,
        node_inc=node_inc,
        app_version=app_version,
        protocol=PROTOCOL,
    )


def finish(db: Database, hub_url: str, answer: EnrolAnswer) -> meta.Link:
    """Keep what the hub answered; what is here of another hub's exam is never handed over."""
    before = meta.get(db, "hub_id")
    if before not in (None, answer.hub_id) and outbox.last_seq(db) > 0:
        raise Refusal(
            "other_hub",
            "本节点已有另一个市级中心的阅卷数据，不能改接。请换用新的数据目录后重新接入。",
        )
    link = meta.Link(
        hub_url=checked_url(hub_url),
        node_id=answer.node_id,
        node_name=answer.node_name,
        district=answer.district,
        hub_id=answer.hub_id,
        hub_inc=answer.hub_inc,
        secret=answer.secret,
        feed_after=0,
    )
    meta.put_link(db, link)
    # Whatever was lost with an earlier disk: tasks and people come with the feed, marks by pages.
    meta.begin_snapshot(db, answer.hub_inc)
    meta.want_history(db)
    return link


def checked_url(text: str) -> str:
    """The hub's address without a slash at its end."""
    try:
        parts = urlsplit(text.strip())
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if not port_is_fine or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refusal(
            "hub_url_wrong",
            "市级中心地址不正确，应以 http:// 或 https:// 开头，例如 https://hub.example.cn。",
            400,
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
