"""A marker reports that a video does not play: the task is set aside, the file checked."""

from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from node.store import exam, outbox, tasks, videos
from shared.kit.clock import stamp
from shared.kit.ids import is_id
from shared.kit.refusal import Refusal
from shared.wire.messages import FaultBody


def report_fault(
    db: Database,
    account_id: int,
    task_id: int,
    fault: Literal["unplayable", "no_sound"],
    event_id: str,
    moment: datetime,
) -> None:
    """No exception and no mark: the task comes back once its video was verified or fetched anew."""
    task = tasks.task(db, task_id)
    if task is None or task.account_id != account_id:
        raise Refusal("not_yours", "这份作品不在你的任务里，请刷新页面。", 404)
    if not is_id(event_id):
        raise Refusal("invalid", "编号不对，请刷新页面后重试。", 400)
    if outbox.of_event(db, event_id) is not None:
        return
    sitting = exam.open_sitting(db)
    if sitting is None or sitting.id != task.sitting_id:
        raise Refusal("sitting_over", "这一场次已经结束。")
    body = FaultBody(task_id=task_id, account_id=account_id, fault=fault, reported_at=stamp(moment))
    outbox.put(db, task.sitting_id, "fault", 1, body, event_id, moment)
    tasks.set_aside(db, task_id, moment)
    videos.want_again(db, task.video_sha256)
