"""The city orders every node to delete the videos it has cached."""

from datetime import datetime

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import audit, exam, feed, purges, sittings
from shared.kit.refusal import Refusal


def order_purge(db: Database, typed_name: str, who: str, moment: datetime) -> None:
    """Only while nobody marks, or is about to; a node that is away does it when it returns."""
    named = exam.exam(db)
    if named is None or typed_name.strip() != named.name:
        raise Refusal("wrong_name", "输入的考试名称不一致，没有下达清除指令。", 400)
    if any(s.state in ("prepared", "open") for s in sittings.all_sittings(db)):
        raise Refusal("sitting_open", "还有待开始或进行中的场次，结束后才能清除各节点的视频。")
    purges.add(db, who, moment)
    feed.append(db, EVERY_DISTRICT, "exam", 1)
    audit.append(db, who, "order_purge", {"exam": named.name}, moment)
