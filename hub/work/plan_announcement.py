"""Plans an announcement for a set time, publishes what is due, calls one off."""

from collections.abc import Collection
from datetime import datetime

from sqlite_utils import Database

from hub.store import audit, planned
from hub.store.announcements import Strength
from hub.work import recovery
from hub.work.announce import announce, check
from shared.kit.clock import stamp
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role


def plan(
    db: Database,
    text: str,
    strength: Strength,
    district_id: int,
    roles: Collection[Role],
    publish_at: datetime,
    who: str,
    moment: datetime,
) -> None:
    if publish_at <= moment:
        raise Refusal("time_passed", "发布时间已经过去，请选择以后的时间。", 400)
    text = check(db, text, strength, district_id)
    planned.add(db, publish_at, strength, text, district_id, sorted(set(roles)), who)
    detail = {"text": text, "publish_at": stamp(publish_at)}
    audit.append(db, who, "plan_announcement", detail, moment)


def publish_due(db: Database, moment: datetime) -> int:
    """How many were published. A hub that is recovering speaks of nothing yet."""
    due = planned.due(db, moment)
    if not due or recovery.is_on(db):
        return 0
    for one in due:
        id = announce(db, one.text, one.strength, one.district_id, one.roles, one.author, moment)
        planned.set_published(db, one.id, id)
    return len(due)


def cancel(db: Database, id: int, who: str, moment: datetime) -> None:
    if not planned.cancel(db, id):
        raise Refusal("already_published", "这条公告已发布或已取消。")
    audit.append(db, who, "cancel_announcement", {"announcement": id}, moment)
