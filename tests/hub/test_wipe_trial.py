"""Wiping the trial: everything of it goes, nothing of a formal sitting ever does."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from hub.store import announcements, audit, faults, feed, marks, sittings, tasks
from hub.store.faults import Fault
from hub.work.allocate import allocate
from hub.work.announce import announce
from hub.work.sittings import close, prepare, set_wipe_at
from hub.work.verify import verify
from hub.work.wipe_trial import wipe_trial, wipe_when_due
from shared.kit.clock import stamp
from shared.kit.refusal import Refusal
from tests.hub.makers import ADMIN, EXAM_NAME, a_hub, an_allocated_hub, give, give_both, the_task
from tests.makers import NINE

OF_A_SITTING = ("mark", "task", "slot", "load", "outcome", "announcement", "receipt", "fault")


def rows(db: Database) -> dict[str, int]:
    return {name: db[name].count for name in OF_A_SITTING}


def mark_something(db: Database) -> None:
    give_both(db, 1, "332101", "322100")
    task = the_task(db, 1, 1)
    faults.add(db, Fault("f" * 32, task.id, task.account_id, 1, "no_sound", stamp(NINE)))
    said = announce(db, "试阅开始", "normal", 0, [], ADMIN, NINE)
    assert announcements.put_receipt(db, said, task.account_id, stamp(NINE))


def test_the_trial_leaves_nothing_behind(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial")
    with store.writing() as db:
        mark_something(db)
        assert all(rows(db).values())
        wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        assert not any(rows(db).values())
        trial = sittings.sitting(db, 1)
        assert trial is not None and trial.state == "wiped"
        changes = feed.after(db, 1, 0, 1000)
        assert {c.kind for c in changes} == {"sitting"}
        assert [e.detail["tasks"] for e in audit.of_action(db, "wipe_trial")] == [49]
        assert verify(db) == []


def test_the_formal_sitting_starts_with_task_numbers_of_its_own(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial")
    with store.writing() as db:
        highest = max(placed.id for placed in tasks.placed(db, 1))
        wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        formal = prepare(db, "formal", ADMIN, NINE)
        allocate(db, formal.id, ADMIN, NINE)
        assert min(placed.id for placed in tasks.placed(db, formal.id)) > highest
        assert verify(db) == []


def test_wiping_twice_is_as_once(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial")
    with store.writing() as db:
        wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        assert len(audit.of_action(db, "wipe_trial")) == 1


def test_the_set_time_wipes_by_itself(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial")
    with store.writing() as db:
        mark_something(db)
        half_past_five = NINE + timedelta(hours=8.5)
        set_wipe_at(db, 1, half_past_five, ADMIN, NINE)
        assert wipe_when_due(db, half_past_five - timedelta(seconds=1)) == []
        assert wipe_when_due(db, half_past_five) == [1]
        assert wipe_when_due(db, half_past_five) == []
        assert rows(db)["mark"] == 0


def test_each_node_confirms_once(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial")
    with store.writing() as db:
        assert not sittings.confirm_wipe(db, 1, 2, 5, 9, NINE)
        wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        assert sittings.confirm_wipe(db, 1, 2, 5, 9, NINE)
        assert not sittings.confirm_wipe(db, 1, 2, 0, 0, NINE)
        assert not sittings.confirm_wipe(db, 77, 2, 0, 0, NINE)
        confirmed = sittings.wipe_confirmations(db, 1)
        assert [(c.node_id, c.marks, c.tasks) for c in confirmed.values()] == [(2, 5, 9)]


def test_a_mistyped_name_wipes_nothing(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial")
    with store.writing() as db:
        with pytest.raises(Refusal) as refused:
            wipe_trial(db, "2024全市监测", ADMIN, NINE)
        assert refused.value.code == "wrong_name"
        assert rows(db)["task"] == 48


def test_a_formal_sitting_cannot_be_wiped(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 1))
        with pytest.raises(Refusal, match="没有试阅场次"):
            wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        with pytest.raises(Refusal, match="只有试阅"):
            set_wipe_at(db, 1, NINE, ADMIN, NINE)
        close(db, 1, ADMIN, NINE)
        assert not sittings.set_wiped(db, 1, NINE)
        assert len(marks.counted(db, 1, 1)) == 1


def test_the_database_itself_keeps_formal_marks(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 1))
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"), store.writing() as db:
        db.conn.execute("DELETE FROM mark")


def test_a_trial_that_has_not_begun_has_nothing_to_wipe(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db:
        prepare(db, "trial", ADMIN, NINE)
        with pytest.raises(Refusal, match="还没有开始"):
            wipe_trial(db, EXAM_NAME, ADMIN, NINE)
