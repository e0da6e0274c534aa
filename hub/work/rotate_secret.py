"""Gives a node another secret: both hold until the node uses the new one, then the old is over."""

import secrets
from datetime import datetime, timedelta

from sqlite_utils import Database

from hub.store import audit, credentials
from hub.store.credentials import Credential
from hub.store.nodes import Node
from shared.kit.clock import parse_stamp
from shared.kit.refusal import Refusal

SECRET_BYTES = 32
ON_ITS_WAY = timedelta(minutes=10)


def rotate(db: Database, node: Node, who: str, moment: datetime) -> None:
    """On demand; the node learns it with its next pull. Twice is as once."""
    if node.state != "enrolled":
        raise Refusal("not_enrolled", "只有已接入的节点可以更换凭据。")
    if next_secret(db, node) == "":
        credentials.put_next(db, node.id, secrets.token_hex(SECRET_BYTES), moment)
        audit.append(db, who, "secret_rotated", {"node": node.name}, moment)


def secrets_of(db: Database, node: Node) -> list[Credential]:
    """The one in use first."""
    current = [Credential(node.secret, "current", "")] if node.secret else []
    return current + credentials.of_node(db, node.id)


def is_over(node: Node, used: Credential, moment: datetime) -> bool:
    """A request may still be on its way when a secret is rotated; not when a PC is replaced."""
    if used.state != "retired":
        return False
    was_replaced = node.state != "enrolled" or (node.enrolled_at or "") >= used.since
    return was_replaced or moment - parse_stamp(used.since) > ON_ITS_WAY


def next_secret(db: Database, node: Node) -> str:
    """What the node is to use from now on; empty when it is as it should be."""
    waiting = [c for c in credentials.of_node(db, node.id) if c.state == "next"]
    return waiting[0].secret if waiting else ""
