"""Archives the exam: it is over for good, and nodes may let go of what the hub has."""

from datetime import datetime

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import audit, exam, feed, hellos, meta, nodes, sittings
from hub.work import recovery
from shared.kit.clock import stamp
from shared.kit.refusal import Refusal


def archive(db: Database, typed_name: str, who: str, moment: datetime) -> None:
    """Only when nothing is under way, and every node's marks are the same as ours."""
    recovery.must_be_over(db, "归档")
    named = exam.exam(db)
    if named is None or typed_name.strip() != named.name:
        raise Refusal("wrong_name", "输入的考试名称不一致，考试没有归档", 400)
    if sittings.open_sitting(db) is not None:
        raise Refusal("still_open", "还有正在进行的场次，请先结束它")
    if pending := nodes.pending_events(db):
        raise Refusal("still_pending", f"节点还有 {pending} 条记录未上报，请等它们报完")
    if differing := hellos.out_of_step(db):
        raise Refusal("not_in_step", f"这些节点对账不一致，不能归档：{'、'.join(differing)}")
    if waiting := hellos.not_compared_since(db):
        raise Refusal("not_compared", f"这些节点还没有对账，请稍后再试：{'、'.join(waiting)}")
    if meta.get(db, "archived_at") is not None:
        return
    meta.put(db, "archived_at", stamp(moment))
    feed.append(db, EVERY_DISTRICT, "exam", 1)
    audit.append(db, who, "exam_archived", {"exam": named.name}, moment)
