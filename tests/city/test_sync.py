"""Hub and labs together: nothing is lost, nothing counts twice, whatever the link does."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub.store import holdings, meta, outcomes, sittings, tasks, videos
from hub.work.verify import verify
from hub.work.wipe_trial import wipe_trial
from node.store import announcements, exam, outbox
from node.uplink import uplink as uplink_module
from node.uplink.backoff import Backoff
from shared.kit.clock import now
from shared.rules.rounds import Milestone
from shared.rules.rubric import Role
from tests.city.town import DISTRICTS, GROUPS, WORKS, Lab, Town, a_town, links_down, until
from tests.hub.makers import ADMIN, EXAM_NAME

PERFORMANCES = len(DISTRICTS) * len(GROUPS) * WORKS


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same loops, only with shorter pauses."""
    monkeypatch.setattr(Backoff, "next_s", lambda self, at_least_s=0.0: 0.03)
    monkeypatch.setattr(uplink_module, "PULL_GAP_S", 0.01)
    monkeypatch.setattr(uplink_module, "EMPTY_GAP_S", 0.05)


def play(story: Callable[[Town], Awaitable[None]], folder: Path, seed: int = 1) -> None:
    async def all_of_it() -> None:
        async with a_town(folder, seed) as town:
            await story(town)

    asyncio.run(all_of_it())


def has_videos(lab: Lab, count: int = 1) -> bool:
    with lab.store.reading() as db:
        return lab.count("task") >= count and all(
            row["state"] == "ready" for row in db.table("video").rows_where()
        )


async def mark_to_the_end(town: Town) -> int:
    given = 0

    def is_over() -> bool:
        done = Milestone.ROUND4_ENDED.value
        return all(done in lab.uplink.view().city_done for lab in town.labs)

    async def mark() -> None:
        nonlocal given
        while True:
            for lab in town.labs:
                given += await asyncio.to_thread(lab.mark_all)
            await asyncio.to_thread(town.announce)
            await asyncio.sleep(0.02)

    marking = asyncio.create_task(mark())
    try:
        await until(is_over, within_s=60)
    finally:
        marking.cancel()
        await asyncio.gather(marking, return_exceptions=True)
    await until(town.is_in_step)
    return given


def check_the_record(town: Town, sitting_id: int) -> None:
    with town.hub.reading() as db:
        assert verify(db) == []
        settled = outcomes.of_sitting(db, sitting_id)
        assert len(list(settled)) == PERFORMANCES
    for lab in town.labs:
        with lab.store.reading() as db:
            assert [r["event_id"] for r in db.table("mark").rows_where("result IS NULL")] == []


def test_a_city_marks_over_a_link_that_loses_a_fifth_of_everything(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        sitting = town.open("formal")
        for lab in town.labs:
            lab.link.loss = 0.2
        given = await mark_to_the_end(town)
        assert given == town.marks_on_hub() == sum(lab.count("mark") for lab in town.labs)
        assert given > 2 * PERFORMANCES, "some went on to rounds 3 and 4"
        check_the_record(town, sitting)

        def is_announced(lab: Lab) -> bool:
            with lab.store.reading() as db:
                kinds = {a.kind for a in announcements.for_role(db, Role.MARKER)}
            return Milestone.ROUND3_ALLOCATED.value in kinds

        await until(lambda: all(is_announced(lab) for lab in town.labs))

    play(story, tmp_path, seed=7)


def test_videos_are_there_before_they_are_needed_and_the_hub_knows(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        town.open("formal")
        await until(lambda: all(has_videos(lab) for lab in town.labs))

        def hub_knows() -> bool:
            with town.hub.reading() as db:
                return all(
                    len(holdings.districts_holding(db, n)) == 2 for n in range(1, PERFORMANCES + 1)
                )

        await until(hub_knows)
        for lab in town.labs:
            for name in lab.cache.names():
                with town.hub.reading() as db:
                    video = videos.by_sha256(db, name)
                assert video is not None and lab.cache.verify(name, video.bytes)

    play(story, tmp_path)


def test_a_lab_cut_off_for_hours_goes_on_marking_and_catches_up(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        sitting = town.open("formal")
        away = town.labs[0]
        await until(lambda: has_videos(away))
        with links_down(away):
            offline = await asyncio.to_thread(away.mark_all)
            assert offline > 0
            await until(lambda: not away.uplink.view().is_connected)
            assert away.uplink.view().pending >= offline
            for lab in town.labs[1:]:
                await asyncio.to_thread(lab.mark_all)
            await until(lambda: all(lab.uplink.view().pending == 0 for lab in town.labs[1:]))
        away.uplink.sync_now()
        await mark_to_the_end(town)
        check_the_record(town, sitting)

    play(story, tmp_path)


def test_a_trial_is_wiped_everywhere_and_late_marks_of_it_are_dropped(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        trial = town.open("trial")
        await until(lambda: all(has_videos(lab) for lab in town.labs))
        away = town.labs[0]
        with links_down(away):
            late = await asyncio.to_thread(away.mark_all)
            await asyncio.to_thread(town.labs[1].mark_all, 3)
            await until(lambda: town.marks_on_hub() == 3)
            with town.hub.writing() as db:
                wipe_trial(db, EXAM_NAME, ADMIN, now())
            await until(lambda: all(lab.count("task") == 0 for lab in town.labs[1:]))
            assert away.count("mark") == late
            formal = town.open("formal")
        away.uplink.sync_now()

        def is_confirmed() -> bool:
            with town.hub.reading() as db:
                return len(sittings.wipe_confirmations(db, trial)) == len(town.labs)

        await until(is_confirmed)
        await until(town.is_in_step)
        assert town.marks_on_hub() == 0
        for lab in town.labs:
            assert lab.count("mark") == 0
            with lab.store.reading() as db:
                sitting = exam.open_sitting(db)
            assert sitting is not None and sitting.id == formal
        await mark_to_the_end(town)
        check_the_record(town, formal)

    play(story, tmp_path)


def test_a_hub_restored_from_an_hour_ago_gets_every_mark_back(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        sitting = town.open("formal")
        await until(lambda: all(has_videos(lab) for lab in town.labs))
        await asyncio.to_thread(town.labs[0].mark_all, 3)
        await until(town.is_in_step)
        restored = tmp_path / "restored"
        restored.mkdir()
        town.back_up(restored / "hub.db")
        shutil.copytree(town.settings.shelf, restored / "shelf")
        given = 3
        for lab in town.labs:
            given += await asyncio.to_thread(lab.mark_all, 4)
        await until(lambda: town.is_in_step() and town.marks_on_hub() == given)
        await town.restart_hub(restored)
        await until(lambda: town.marks_on_hub() == given)
        await until(town.is_in_step)
        await mark_to_the_end(town)
        check_the_record(town, sitting)

    play(story, tmp_path)


def test_a_lab_put_back_to_an_older_state_loses_nothing_that_the_hub_has(tmp_path: Path) -> None:
    async def story(town: Town) -> None:
        sitting = town.open("formal")
        lab = town.labs[0]
        await until(lambda: has_videos(lab))
        await asyncio.to_thread(lab.mark_all, 2)
        await until(town.is_in_step)
        lab.store.backup(tmp_path / "older.db")
        await asyncio.to_thread(lab.mark_all, 2)
        await until(lambda: town.is_in_step() and town.marks_on_hub() == 4)
        await lab.end()
        town.labs.remove(lab)
        for file in lab.settings.data.glob("node.db*"):
            file.unlink()
        (tmp_path / "older.db").rename(lab.settings.database)
        back = Lab(lab.settings.data, lab.link, town.chance)
        await back.uplink.start()
        town.labs.insert(0, back)
        await mark_to_the_end(town)
        check_the_record(town, sitting)
        with back.store.reading() as db:
            assert outbox.pending_count(db) == 0
        with town.hub.reading() as db:
            assert meta.get(db, "hub_id")
            assert all(t.state == "done" for t in tasks.first_hand_outs(db, sitting))

    play(story, tmp_path)
