"""Prepare and close a sitting; its seed is sealed first, and disclosed when it is over."""

import secrets
from datetime import datetime
from hashlib import sha256

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import audit, feed, sittings
from hub.store.sittings import Sitting, SittingKind
from hub.work import recovery
from shared.kit.clock import stamp
from shared.kit.refusal import Refusal

KIND_LABELS: dict[SittingKind, str] = {"trial": "试阅", "formal": "正式"}


def prepare(db: Database, kind: SittingKind, who: str, moment: datetime) -> Sitting:
    """A new sitting, with the one seed that everything random in it comes from."""
    # One that was forgotten may yet come back from the nodes.
    recovery.must_be_over(db, "准备场次")
    earlier = sittings.all_sittings(db)
    if any(s.state == "prepared" for s in earlier):
        raise Refusal("already_prepared", "已有一个场次准备好，请先分配它")
    if any(s.kind == "formal" and s.state == "open" for s in earlier):
        raise Refusal("formal_is_open", "正式阅卷正在进行，不能再准备场次")
    seed = secrets.token_hex(32)
    added = sittings.add(db, kind, seed, sha256(seed.encode()).hexdigest())
    feed.append(db, EVERY_DISTRICT, "sitting", added.id)
    detail = {"sitting": added.id, "kind": kind, "seed_hash": added.seed_hash}
    audit.append(db, who, "prepare_sitting", detail, moment)
    return added


def close(db: Database, sitting_id: int, who: str, moment: datetime) -> None:
    """End a sitting: marks on their way still count, nothing more is handed out or revised."""
    sitting = known_sitting(db, sitting_id)
    if sitting.state == "prepared":
        raise Refusal("not_open", "这个场次还没有开始")
    if not sittings.set_closed(db, sitting_id, moment):
        return
    feed.append(db, EVERY_DISTRICT, "sitting", sitting_id)
    detail = {"sitting": sitting_id, "seed": sitting.seed}
    audit.append(db, who, "close_sitting", detail, moment)


def set_wipe_at(
    db: Database, sitting_id: int, wipe_at: datetime | None, who: str, moment: datetime
) -> None:
    """When a trial will be wiped by itself, e.g. at 17:30; None: only by hand."""
    known_sitting(db, sitting_id)
    if not sittings.set_wipe_at(db, sitting_id, wipe_at):
        raise Refusal("not_a_trial", "只有试阅可以定时清空")
    feed.append(db, EVERY_DISTRICT, "sitting", sitting_id)
    detail = {"sitting": sitting_id, "wipe_at": stamp(wipe_at) if wipe_at else None}
    audit.append(db, who, "set_wipe_at", detail, moment)


def known_sitting(db: Database, sitting_id: int) -> Sitting:
    found = sittings.sitting(db, sitting_id)
    if found is None:
        raise Refusal("no_sitting", "没有这个场次", 404)
    return found
