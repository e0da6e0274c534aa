"""Labs that lose their disk, run twice, or get another secret; hubs that forget: all comes back."""

import asyncio
import shutil
from pathlib import Path

import pytest

from hub.schema import migrations
from hub.store import alarms, hellos, nodes, sittings
from hub.store import marks as hub_marks
from hub.work import milestones, recovery, supplement
from hub.work.dispute import clear
from hub.work.enrol_node import invite
from hub.work.hand_out import hand_out_waiting
from hub.work.rotate_secret import rotate
from node.store import marks, meta, outbox
from node.uplink import uplink as uplink_module
from node.uplink.backoff import Backoff
from shared.kit.clock import now
from shared.kit.store import Store
from tests.city.test_sync import check_the_record, has_videos, mark_to_the_end, play
from tests.city.town import Lab, Town, until
from tests.hub.makers import ADMIN


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same loops, only with shorter pauses."""
    monkeypatch.setattr(Backoff, "next_s", lambda self, at_least_s=0.0: 0.03)
    monkeypatch.setattr(uplink_module, "PULL_GAP_S", 0.01)
    monkeypatch.setattr(uplink_module, "EMPTY_GAP_S", 0.05)


def differ(town: Town) -> list[int]:
    with town.hub.reading() as db:
        return [c.differs for c in hellos.comparisons(db).values()]


async def compared(town: Town) -> None:
    """Every lab and the hub found that they hold the same marks."""
    for lab in town.labs:
        lab.uplink.compare_again()
    await until(lambda: all(lab.uplink.view().differs == 0 for lab in town.labs))
    assert differ(town) == [0] * len(town.labs)


async def enrolled_again(town: Town, lab: Lab, folder: Path) -> Lab:
    """The same slot on a new disk."""
    with town.hub.writing() as db:
        node = nodes.all_nodes(db)[0]
        code = invite(db, node.name, node.district_id, now())
    back = Lab(folder, lab.link, town.chance)
    await back.uplink.start()
    await back.uplink.enrol("http://hub.test", code)
    town.labs[0] = back
    return back


def test_a_lab_that_lost_its_disk_gets_its_tasks_and_its_history_back(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        sitting = town.open("formal")
        lab = town.labs[0]
        await until(lambda: has_videos(lab))
        await asyncio.to_thread(lab.mark_all, 3)
        await until(lambda: town.is_in_step() and town.marks_on_hub() == 3)
        with lab.store.reading() as db:
            given = {row["event_id"]: row["account_id"] for row in db.table("mark").rows}
            held = {row["id"] for row in db.table("task").rows}
        await lab.end()
        back = await enrolled_again(town, lab, tmp_path / "new-disk")
        await until(lambda: back.count("mark") == 3 and back.count("task") == len(held))
        with back.store.reading() as db:
            for event_id, account_id in given.items():
                [found] = [
                    m
                    for m, _ in marks.history(db, account_id, sitting, 0, "", "")
                    if m.event_id == event_id
                ]
                assert found.result == "applied"
            assert outbox.last_seq(db) == 0 or outbox.pending_count(db) >= 0
        await mark_to_the_end(town)
        check_the_record(town, sitting)
        await compared(town)

    play(story, tmp_path)


def test_a_lab_put_back_in_time_gets_back_what_it_lost(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        town.open("formal")
        lab = town.labs[0]
        await until(lambda: has_videos(lab))
        await until(town.is_in_step)
        lab.store.backup(tmp_path / "older.db")
        await asyncio.to_thread(lab.mark_all, 3)
        await until(lambda: town.is_in_step() and town.marks_on_hub() == 3)
        with lab.store.reading() as db:
            life = meta.node_inc(db)
        await lab.end()
        for file in lab.settings.data.glob("node.db*"):
            file.unlink()
        (tmp_path / "older.db").rename(lab.settings.database)
        back = Lab(lab.settings.data, lab.link, town.chance)
        town.labs[0] = back
        await back.uplink.start()
        await until(lambda: back.count("mark") == 3)
        with back.store.reading() as db:
            assert meta.node_inc(db) != life
        await compared(town)

    play(story, tmp_path)


def test_a_lab_that_runs_twice_is_noticed_and_both_hand_in_their_marks(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        town.open("formal")
        lab = town.labs[0]
        await until(lambda: has_videos(lab))
        await until(town.is_in_step)
        copy = tmp_path / "copy"
        copy.mkdir()
        lab.store.backup(copy / "node.db")
        shutil.copytree(lab.settings.cache, copy / "videos")
        twin = Lab(copy, lab.link, town.chance)
        await twin.uplink.start()

        def is_noticed() -> bool:
            for one in (lab, twin):
                one.uplink.sync_now()
            with town.hub.reading() as db:
                return [a.kind for a in alarms.all_open(db)] == ["two_programs"]

        await until(is_noticed)
        await until(lambda: "争议" in lab.uplink.view().last_problem)
        await asyncio.to_thread(lab.mark_all, 2)
        given = 2 + await asyncio.to_thread(twin.mark_all, 1)
        await until(lambda: lab.uplink.view().pending == twin.uplink.view().pending == 0)
        with town.hub.reading() as db:
            assert len(list(hub_marks.every(db, 1))) in (given, given - 1), "one may be surplus"
        await twin.end()
        with town.hub.writing() as db:
            clear(db, nodes.all_nodes(db)[0], ADMIN, now())
        await until(lambda: lab.uplink.view().last_problem == "")

    play(story, tmp_path)


def test_a_secret_is_rotated_under_way_and_a_restored_hub_still_knows_the_node(
    tmp_path: Path,
) -> None:
    async def story(town: Town) -> None:
        sitting = town.open("formal")
        await until(lambda: all(has_videos(lab) for lab in town.labs))
        await until(town.is_in_step)
        restored = tmp_path / "restored"
        restored.mkdir()
        town.back_up(restored / "hub.db")
        shutil.copytree(town.settings.shelf, restored / "shelf")

        def secrets() -> list[str | None]:
            with town.hub.reading() as db:
                return [node.secret for node in nodes.all_nodes(db)]

        before = secrets()
        with town.hub.writing() as db:
            for node in nodes.all_nodes(db):
                rotate(db, node, ADMIN, now())
        for lab in town.labs:
            lab.uplink.sync_now()
        await until(lambda: not set(secrets()) & set(before))
        await asyncio.to_thread(town.labs[0].mark_all, 2)
        await until(town.is_in_step)
        await town.restart_hub(restored)

        def is_over() -> bool:
            with town.hub.reading() as db:
                return not recovery.is_on(db)

        await until(is_over)
        assert town.marks_on_hub() == 2
        await mark_to_the_end(town)
        check_the_record(town, sitting)

    play(story, tmp_path)


def test_a_hub_put_back_to_before_round_3_counts_the_marks_of_the_hand_outs_it_forgot(
    tmp_path: Path,
) -> None:
    async def story(town: Town) -> None:
        sitting = town.open("formal")
        await until(lambda: all(has_videos(lab) for lab in town.labs))
        await until(town.is_in_step)
        restored = tmp_path / "restored"
        restored.mkdir()
        town.back_up(restored / "hub.db")
        shutil.copytree(town.settings.shelf, restored / "shelf")
        given = await mark_to_the_end(town)
        with town.hub.reading() as db:
            before = {m.event_id: m.round for m in hub_marks.all_counted(db, sitting)}
        assert 3 in before.values()
        await town.restart_hub(restored)
        await until(lambda: town.marks_on_hub() == given)
        with town.hub.reading() as db:
            assert {m.event_id: m.round for m in hub_marks.all_counted(db, sitting)} == before

        def is_over() -> bool:
            with town.hub.reading() as db:
                return not recovery.is_on(db)

        await until(is_over)
        await mark_to_the_end(town)
        check_the_record(town, sitting)
        await compared(town)

    play(story, tmp_path, seed=3)


def test_a_hub_put_back_to_before_the_sitting_counts_its_marks_and_deals_the_rest_again(
    tmp_path: Path,
) -> None:
    async def story(town: Town) -> None:
        await until(town.is_in_step)
        restored = tmp_path / "restored"
        restored.mkdir()
        town.back_up(restored / "hub.db")
        shutil.copytree(town.settings.shelf, restored / "shelf")
        sitting = town.open("formal")
        await until(lambda: all(has_videos(lab) for lab in town.labs))
        given = 0
        for lab in town.labs:
            given += await asyncio.to_thread(lab.mark_all, 2)
        await until(lambda: town.is_in_step() and town.marks_on_hub() == given)
        with town.hub.reading() as db:
            before = {m.event_id: m.performance_id for m in hub_marks.all_counted(db, sitting)}
        await town.restart_hub(restored)
        assert await is_recovered(town)
        with town.hub.reading() as db:
            now_there = {m.event_id: m.performance_id for m in hub_marks.all_counted(db, sitting)}
        assert now_there == before
        await until(lambda: all(not has_old_tasks(lab) for lab in town.labs))
        with town.hub.writing() as db:
            current = sittings.open_sitting(db)
            assert current is not None and (current.id, current.kind) == (sitting, "formal")
            assert milestones.undealt(db, current) == supplement.preview(db).works > 0
            supplement.supplement(db, ADMIN, now())
            hand_out_waiting(db, now())
        await mark_to_the_end(town)
        check_the_record(town, sitting)
        await compared(town)

    def has_old_tasks(lab: Lab) -> bool:
        with lab.store.reading() as db:
            return bool(list(db.table("task").rows_where("state = 'open' AND id < ?", [2**20])))

    play(story, tmp_path)


async def is_recovered(town: Town) -> bool:
    def is_over() -> bool:
        with town.hub.reading() as db:
            return not recovery.is_on(db)

    await until(is_over)
    return True


def test_a_mark_that_only_one_side_holds_is_found_and_handed_over(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        town.open("trial")
        lab = town.labs[0]
        await until(lambda: has_videos(lab))
        await asyncio.to_thread(lab.mark_all, 2)
        await until(lambda: town.is_in_step() and town.marks_on_hub() == 2)
        with lab.store.writing() as db:
            # A trial's, since a formal mark cannot be deleted.
            lost = next(row["event_id"] for row in db.table("mark").rows)
            db.conn.execute("DELETE FROM mark WHERE event_id = ?", (lost,))
        lab.uplink.compare_again()
        await until(lambda: lab.mark(lost) is not None)
        await compared(town)

    play(story, tmp_path)


def test_an_older_program_does_not_open_a_newer_database(tmp_path: Path) -> None:
    store = Store(tmp_path / "hub.db", migrations)
    with store.writing() as db:
        db.conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('hub', 'm999_later', '')"
        )
    store.close()
    with pytest.raises(Exception, match="更新版本"):
        Store(tmp_path / "hub.db", migrations)
