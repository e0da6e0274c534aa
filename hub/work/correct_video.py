"""Correct a video: a performance gets another one, and is marked afresh in rounds 1 and 2."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import (
    audit,
    corrections,
    feed,
    marks,
    outcomes,
    performances,
    sittings,
    slots,
    tasks,
    videos,
)
from hub.store.corrections import Correction
from hub.store.performances import Performance
from hub.store.sittings import Sitting
from hub.store.videos import NewVideo
from hub.work.hand_out import hand_out
from shared.kit.clock import stamp
from shared.kit.refusal import Refusal
from shared.rules.rubric import ALL_CRITERIA, to_mask


def correct_video(
    db: Database, code: str, video: NewVideo, who: str, moment: datetime
) -> Performance:
    """The earlier marks stay in the record, but count no more; nobody of them marks it again."""
    performance = performances.by_code(db, code.strip())
    if performance is None:
        raise Refusal("no_performance", f"没有作品“{code}”", 404)
    sitting = sittings.open_sitting(db)
    if sitting is None:
        raise Refusal("not_open", "现在没有正在进行的场次")
    _must_be_open(db, sitting, performance)
    video_id = videos.add(db, video)
    if video_id == performance.video_id:
        raise Refusal("same_video", "这就是作品现在的视频，请选择更正后的文件", 400)
    performances.set_video(db, performance.id, video_id)
    before = Correction(
        sitting.id,
        performance.id,
        performance.video_id,
        video_id,
        tasks.last_id(db),
        stamp(moment),
    )
    corrections.add(db, before)
    _forget_marks(db, sitting, performance)
    _open_afresh(db, sitting, performance, moment)
    detail = {"sitting": sitting.id, "performance": performance.id, "video": video.sha256}
    audit.append(db, who, "correct_video", detail, moment)
    return performance


def _must_be_open(db: Database, sitting: Sitting, performance: Performance) -> None:
    found = outcomes.outcome(db, sitting.id, performance.id)
    if found and found.state == "settled":
        raise Refusal("settled", f"作品 {performance.code} 已有终评结果，不能更换视频")
    if not slots.of_performance(db, sitting.id, performance.id):
        raise Refusal("not_allocated", f"作品 {performance.code} 不在这个场次里")


def _forget_marks(db: Database, sitting: Sitting, performance: Performance) -> None:
    for task in tasks.of_performance(db, sitting.id, performance.id):
        if tasks.undo(db, task):
            feed.append(db, task.district_id, "task", task.id)
    for mark in marks.counted(db, sitting.id, performance.id).values():
        marks.replace(db, mark.event_id)
    outcomes.remove(db, sitting.id, performance.id)


def _open_afresh(
    db: Database, sitting: Sitting, performance: Performance, moment: datetime
) -> None:
    for number, slot in slots.of_performance(db, sitting.id, performance.id).items():
        if number > 2:
            slots.close(db, slot, moment)
    everything = to_mask(ALL_CRITERIA)
    for number in (1, 2):
        slot = slots.wait(db, sitting.id, performance.id, number, everything, moment)
        hand_out(db, slot, moment)
