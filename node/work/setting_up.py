"""How far the set-up has come: kept on the node, so that it goes on where it was left."""

import secrets
from enum import StrEnum

from sqlite_utils import Database

from node.store import meta
from shared.kit.tokens import hash_token

STEP_KEY, TOKEN_KEY = "setup_step", "setup_token"
DONE = "done"


class Step(StrEnum):
    CODE = "code"
    NETWORK = "network"
    DISK = "disk"
    BANDWIDTH = "bandwidth"
    ADDRESS = "address"
    ROLL = "roll"
    FINISH = "finish"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def number(self) -> int:
        return list(Step).index(self) + 1

    @property
    def following(self) -> "Step":
        return list(Step)[min(self.number, len(Step) - 1)]


_LABELS = {
    Step.CODE: "接入码",
    Step.NETWORK: "检查网络",
    Step.DISK: "存放位置",
    Step.BANDWIDTH: "下载带宽",
    Step.ADDRESS: "地址与端口",
    Step.ROLL: "核对名册",
    Step.FINISH: "完成",
}


def begin(db: Database) -> str:
    """After the code was accepted: the token by which this browser may go on."""
    token = secrets.token_urlsafe(24)
    meta.put(db, STEP_KEY, Step.NETWORK)
    meta.put(db, TOKEN_KEY, hash_token(token))
    return token


def step(db: Database) -> Step:
    """The first one that is not done; a node that was joined from the command line has them all."""
    if meta.link(db) is None:
        return Step.CODE
    kept = meta.get(db, STEP_KEY)
    return Step.FINISH if kept in (None, DONE) else Step(kept)


def is_going_on(db: Database) -> bool:
    return meta.link(db) is not None and meta.get(db, STEP_KEY) not in (None, DONE)


def pass_step(db: Database, passed: Step) -> None:
    """Going back and passing a step again loses nothing of what came after it."""
    if is_going_on(db) and passed.following.number > step(db).number:
        meta.put(db, STEP_KEY, passed.following)


def finish(db: Database) -> None:
    meta.put(db, STEP_KEY, DONE)
    meta.put(db, TOKEN_KEY, "")


def is_token(db: Database, token: str) -> bool:
    return bool(token) and is_going_on(db) and meta.get(db, TOKEN_KEY) == hash_token(token)
