"""Recovery: a hub that was put back in time waits for its nodes before it decides anything new."""

from datetime import datetime

import msgspec
from sqlite_utils import Database

from hub.store import audit, hellos, meta
from shared.kit.clock import stamp
from shared.kit.refusal import Refusal

NAMES_SHOWN = 8
ENDS_BY_ITSELF = "全部节点重新上报并对账一致后，恢复状态自动结束。"
_KEY = "recovery"


class Recovery(msgspec.Struct, frozen=True):
    since: str
    reason: str
    """Chinese."""
    left_out: list[str] = []
    """Nodes that are not waited for, by name and on record."""


def begin(db: Database, reason: str, moment: datetime) -> None:
    _put(db, Recovery(stamp(moment), reason))
    audit.append(db, "系统", "recovery_begun", {"reason": reason}, moment)


def recovery(db: Database) -> Recovery | None:
    """None: the hub is as it should be."""
    text = meta.get(db, _KEY)
    return msgspec.json.decode(text, type=Recovery) if text else None


def is_on(db: Database) -> bool:
    return bool(meta.get(db, _KEY))


def awaited(db: Database) -> list[str]:
    """Names of the nodes that have not yet handed in again what the hub may have lost."""
    now = recovery(db)
    if now is None:
        return []
    return [n for n in hellos.not_heard_in(db, meta.hub_inc(db)) if n not in now.left_out]


def leave_out(db: Database, node_name: str, who: str, moment: datetime) -> None:
    """Do not wait for this node: only by name, and on record."""
    now = recovery(db)
    if now is None:
        raise Refusal("not_recovering", "市级中心没有处于恢复状态")
    if node_name not in awaited(db):
        raise Refusal("not_awaited", "只有还在等待的节点可以不等，请核对节点名称")
    _put(db, Recovery(now.since, now.reason, [*now.left_out, node_name]))
    audit.append(db, who, "recovery_left_out", {"node": node_name}, moment)
    end_when_complete(db, moment)


def end_when_complete(db: Database, moment: datetime) -> bool:
    """Whether it ended just now."""
    if not is_on(db) or awaited(db):
        return False
    meta.put(db, _KEY, "")
    audit.append(db, "系统", "recovery_ended", {}, moment)
    return True


def must_be_over(db: Database, wish: str) -> None:
    """`wish` is what cannot be done while the hub recovers, in Chinese."""
    if not is_on(db):
        return
    names = awaited(db)
    shown = "、".join(names[:NAMES_SHOWN]) + (f" 等 {len(names)} 个" if names[NAMES_SHOWN:] else "")
    raise Refusal(
        "recovering",
        f"市级中心正在恢复数据，暂时不能{wish}。"
        + (f"还在等待这些节点重新上报：{shown}。" if names else "请稍候再试。"),
    )


def _put(db: Database, now: Recovery) -> None:
    meta.put(db, _KEY, msgspec.json.encode(now).decode())
