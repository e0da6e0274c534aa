"""Announce something to all, to a district, or to roles."""

from collections.abc import Collection
from datetime import datetime

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import announcements, audit, exam, feed, sittings
from hub.store.announcements import MANUAL, NewAnnouncement, Strength
from hub.work import recovery
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role

TEXT_MAX = 1000


def announce(
    db: Database,
    text: str,
    strength: Strength,
    district_id: int,
    roles: Collection[Role],
    who: str,
    moment: datetime,
) -> int:
    """Its id. It reaches every open browser of those it is for within seconds."""
    recovery.must_be_over(db, "发布公告")
    text = check(db, text, strength, district_id)
    sitting = sittings.open_sitting(db)
    new = NewAnnouncement(
        sitting_id=sitting.id if sitting else None,
        kind=MANUAL,
        strength=strength,
        text=text,
        district_id=district_id,
        roles=sorted(set(roles)),
        author=who,
    )
    return publish(db, new, moment) or 0


def check(db: Database, text: str, strength: Strength, district_id: int) -> str:
    """The text as it will be shown."""
    text = text.strip()
    if not text:
        raise Refusal("empty_announcement", "请填写公告内容", 400)
    if len(text) > TEXT_MAX:
        raise Refusal("long_announcement", f"公告不能超过 {TEXT_MAX} 个字", 400)
    if strength not in ("normal", "important", "blocking"):
        raise Refusal("unknown_strength", "没有这种公告级别", 400)
    if district_id != EVERY_DISTRICT and district_id not in {d.id for d in exam.districts(db)}:
        raise Refusal("no_district", "没有这个区县", 404)
    return text


def publish(db: Database, new: NewAnnouncement, moment: datetime) -> int | None:
    """Write it, tell the nodes, record it; None for a milestone announced before."""
    added = announcements.add(db, new, moment)
    if added is None:
        return None
    feed.append(db, new.district_id, "announcement", added)
    detail = {"announcement": added, "kind": new.kind, "text": new.text}
    audit.append(db, new.author, "announce", detail, moment)
    return added
