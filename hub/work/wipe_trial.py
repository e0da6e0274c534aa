"""Wipe the trial: forget its marks and tasks, and tell every node to do the same."""

from datetime import datetime

from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import audit, exam, faults, feed, foresight, loads, sittings
from hub.store.sittings import Sitting
from hub.work import recovery
from hub.work.milestones import SYSTEM
from shared.kit.refusal import Refusal


def wipe_trial(db: Database, typed_name: str, who: str, moment: datetime) -> None:
    """By hand. Wiping again changes nothing; a formal sitting is never touched."""
    recovery.must_be_over(db, "清空试阅")
    must_be_named(db, typed_name)
    trials = [s for s in sittings.all_sittings(db) if s.kind == "trial"]
    if not trials:
        raise Refusal("no_trial", "没有试阅场次可以清空")
    begun = [s for s in trials if s.state in ("open", "closed")]
    for trial in begun:
        _wipe(db, trial, who, moment)
    if not begun and any(s.state == "prepared" for s in trials):
        raise Refusal("not_open", "试阅还没有开始，没有数据可以清空")


def must_be_named(db: Database, typed_name: str) -> None:
    named = exam.exam(db)
    if named is None or typed_name.strip() != named.name:
        raise Refusal("wrong_name", "输入的考试名称不一致，试阅数据没有清空", 400)


def wipe_when_due(db: Database, moment: datetime) -> list[int]:
    """The sittings whose set time has come."""
    due = [] if recovery.is_on(db) else sittings.due_for_wipe(db, moment)
    for trial in due:
        _wipe(db, trial, SYSTEM, moment)
    return [trial.id for trial in due]


def wipe_again(db: Database, sitting_id: int, moment: datetime) -> None:
    """A node has wiped a trial at our word, which we forgot when we were put back in time."""
    trial = sittings.sitting(db, sitting_id)
    if trial is None or trial.kind != "trial" or not recovery.is_on(db):
        return
    if trial.state in ("open", "closed"):
        _wipe(db, trial, SYSTEM, moment)


def _wipe(db: Database, trial: Sitting, who: str, moment: datetime) -> None:
    counts = loads.by_round(db, trial.id)
    foresight.keep_of_trial(db, foresight.seen_by_group(db, trial.id))
    faults.delete_sitting(db, trial.id)
    if not sittings.set_wiped(db, trial.id, moment):
        return
    feed.append(db, EVERY_DISTRICT, "sitting", trial.id)
    detail = {
        "sitting": trial.id,
        "seed": trial.seed,
        "tasks": sum(load.total for load in counts.values()),
        "done": sum(load.done for load in counts.values()),
    }
    audit.append(db, who, "wipe_trial", detail, moment)
