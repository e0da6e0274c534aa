"""The hub's timetable: backups that can be restored, announcements, the wipe at its time."""

from datetime import timedelta
from pathlib import Path

import hub.schema
from hub import jobs
from hub.settings import HubSettings
from hub.store import announcements, attempts, meta, nodes, sittings
from hub.work.back_up import NAME, back_up, superfluous
from shared.kit.clock import now
from shared.kit.store import Store
from tests.hub.makers import an_allocated_hub, hear_of
from tests.makers import NINE


def test_a_hub_that_starts_from_a_backup_begins_a_new_life(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    copy = jobs.keep_copy(store, tmp_path, NINE)
    with store.reading() as db:
        hub_id, hub_inc = meta.hub_id(db), meta.hub_inc(db)
    store.close()
    assert copy.name == "hub-20230413T010000Z.db"
    restored = Store(copy, hub.schema.migrations)
    with restored.writing() as db:
        meta.ensure_identity(db)
        assert meta.hub_id(db) == hub_id
        assert meta.hub_inc(db).startswith("2-") and hub_inc.startswith("1-")
        assert sittings.open_sitting(db) is not None
    restored.close()


def test_an_ordinary_start_goes_on_with_the_same_life(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        before = meta.hub_inc(db)
        meta.ensure_identity(db)
        assert meta.hub_inc(db) == before
    store.close()


def test_only_the_newest_backups_are_kept(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    settings = HubSettings(data=tmp_path, backups_kept=2)
    settings.backups.mkdir()
    for hour in range(3):
        jobs.keep_copy(store, settings.backups, NINE + timedelta(hours=hour))
    back_up(store, settings, NINE + timedelta(hours=72))
    kept = sorted(path.name for path in settings.backups.iterdir())
    assert kept == ["hub-20230413T030000Z.db", "hub-20230416T010000Z.db"]
    store.close()


def test_of_each_of_the_last_hours_one_backup_is_kept() -> None:
    names = [(NINE + timedelta(minutes=10 * n)).strftime(NAME) for n in range(6 * 60)]
    gone = superfluous([*names, "hub-by-hand.db"], 12, NINE + timedelta(hours=60))
    kept = [name for name in names if name not in gone]
    assert "hub-by-hand.db" not in gone
    assert kept[-12:] == names[-12:]
    assert len(kept) == 48 + 12 - 2, "the two newest hours are among the newest twelve"


def test_every_backup_is_also_on_the_other_disk(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    second = tmp_path / "other-disk"
    made = back_up(store, HubSettings(data=tmp_path, second_backups=second), NINE)
    assert (second / made.name).read_bytes() == made.read_bytes()
    store.close()


def test_the_trial_is_wiped_at_its_time(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, "trial", works=1)
    with store.writing() as db:
        sitting = sittings.open_sitting(db)
        assert sitting is not None
        sittings.set_wipe_at(db, sitting.id, now() + timedelta(hours=1))
    jobs.wipe(store, HubSettings(data=tmp_path))
    with store.writing() as db:
        assert sittings.open_sitting(db) is not None
        sittings.set_wipe_at(db, sitting.id, now() - timedelta(seconds=1))
    jobs.wipe(store, HubSettings(data=tmp_path))
    with store.reading() as db:
        wiped = sittings.sitting(db, sitting.id)
    assert wiped is not None and wiped.state == "wiped"
    assert len(list((tmp_path / "backups").glob("hub-*.db"))) == 1, "made before the wipe"
    store.close()


def test_nothing_is_announced_before_it_is_true(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    jobs.announce(store)
    with store.reading() as db:
        assert announcements.recent(db) == []
    store.close()


def test_old_heartbeats_and_tries_are_pruned(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    moment = now()
    with store.writing() as db:
        for days in (8, 0):
            hear_of(db, 1, moment - timedelta(days=days))
            attempts.add(db, "name", moment - timedelta(days=days))
    jobs.prune(store, HubSettings(data=tmp_path))
    with store.reading() as db:
        assert len(nodes.heartbeats(db, 1, moment - timedelta(days=30))) == 1
        assert len(attempts.since(db, "name", moment - timedelta(days=30))) == 1
    store.close()


def test_the_timetable_starts_and_ends(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    timetable = jobs.timetable(store, HubSettings(data=tmp_path))
    timetable.start()
    names = {job.name for job in timetable.get_jobs()}
    assert {"announce", "wipe", "hand_out", "remember", "save", "prune"} <= names
    timetable.shutdown(wait=True)
    store.close()


def test_the_timetable_keeps_the_wal_small(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    scheduled = {
        job.func: job for job in jobs.timetable(store, HubSettings(data=tmp_path)).get_jobs()
    }
    job = scheduled[Store.checkpoint]
    job.func(*job.args)
    assert (tmp_path / "hub.db-wal").stat().st_size == 0
    store.close()
