"""Probes over the real line: given, handed in, in step, told, and never among the marks."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from hub.store import hellos, references
from hub.work.seed_probes import seed_probes
from node.store import accounts, exam, feedback, tasks
from node.uplink import uplink as uplink_module
from node.uplink.backoff import Backoff
from node.work.give_mark import give_mark
from node.work.next_tasks import next_tasks
from shared.kit.clock import now
from shared.rules.probes import is_probe
from tests.city.town import Lab, Town, a_town, until
from tests.hub.makers import ADMIN

EXPERTS = "323232"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same loops, only with shorter pauses."""
    monkeypatch.setattr(Backoff, "next_s", lambda self, at_least_s=0.0: 0.03)
    monkeypatch.setattr(uplink_module, "PULL_GAP_S", 0.01)
    monkeypatch.setattr(uplink_module, "EMPTY_GAP_S", 0.05)


def mark_with_probes(lab: Lab) -> int:
    """As people mark from the page: probes come among the tasks. How many of them came."""
    met = 0
    with lab.store.writing() as db:
        sitting = exam.open_sitting(db)
        assert sitting is not None
        for account in accounts.everyone(db):
            for group in exam.groups(db):
                while found := next_tasks(db, account.id, sitting.id, group.id, 1, now()):
                    give_mark(db, account.id, lab._answer(found[0]), now())
                    met += is_probe(found[0].id)
    return met


def seed(town: Town) -> int:
    with town.hub.writing() as db:
        for performance in (1, 2, 3, 7, 8, 9):
            references.put(db, performance, EXPERTS, "", ADMIN, now())
        return seed_probes(db, now())


def count(town: Town, table: str) -> int:
    with town.hub.reading() as db:
        return int(db.table(table).count)


def probes_at(lab: Lab) -> int:
    with lab.store.reading() as db:
        return int(
            db.conn.execute(
                "SELECT count(*) FROM task JOIN video ON video.sha256 = task.video_sha256"
                " WHERE is_probe = 1 AND video.state = 'ready'"
            ).fetchone()[0]
        )


def differences(town: Town) -> list[int]:
    with town.hub.reading() as db:
        return [one.differs for one in hellos.comparisons(db).values()]


def test_probes_are_handed_in_beside_the_marks_and_both_sides_stay_in_step(
    tmp_path: Path,
) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            town.open("formal")
            handed = seed(town)
            assert handed > 0
            await until(lambda: sum(map(probes_at, town.labs)) == handed)
            met = sum(mark_with_probes(lab) for lab in town.labs)
            assert met > 0
            await until(lambda: count(town, "probe_mark") == met)
            await until(town.is_in_step)
            given = sum(lab.count("mark") for lab in town.labs)
            assert town.marks_on_hub() == given - met
            assert count(town, "event") >= given
            with town.hub.writing() as db:
                db.table("comparison").delete_where()
            for lab in town.labs:
                lab.uplink.compare_again()
                lab.uplink.wake_push()
            await until(lambda: len(differences(town)) == len(town.labs))
            assert set(differences(town)) == {0}
            await the_day_after(town, met)

    asyncio.run(play())


async def the_day_after(town: Town, met: int) -> None:
    with town.hub.writing() as db:
        seed_probes(db, now() + timedelta(days=1))
    await until(lambda: sum(map(told_at, town.labs)) == met)
    with town.labs[0].store.reading() as db:
        sitting = exam.open_sitting(db)
        assert sitting is not None
        for account in accounts.everyone(db):
            for one in feedback.told(db, account.id, sitting.id):
                assert one.expected == EXPERTS
                known = tasks.task(db, one.task_id)
                assert known is not None
                assert known.is_locked


def told_at(lab: Lab) -> int:
    with lab.store.reading() as db:
        sitting = exam.open_sitting(db)
        assert sitting is not None
        return sum(len(feedback.told(db, a.id, sitting.id)) for a in accounts.everyone(db))
