"""A node killed at each statement of what it writes: all of it is there afterwards, or nothing."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

import node.schema
from node.store import exam, marks, meta, outbox, tasks
from node.work.apply_feed import apply_feed
from node.work.give_mark import Answer, give_mark
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA
from shared.wire.messages import PullAnswer
from tests.makers import NINE, TRIAL, WANG, a_node_store, a_sitting_card, a_task_card, enrol
from tests.simulation.disk import Disk, Killed
from tests.simulation.loop import VirtualLoop
from tests.simulation.seams import deterministic

EVENT = "0" * 31 + "1"
STATEMENTS_MAX = 60


@pytest.fixture(autouse=True)
def sim() -> Iterator[None]:
    with closing(VirtualLoop()) as loop, deterministic(loop, random.Random(1)):
        yield


def save_mark(db: Database) -> None:
    answer = Answer(EVENT, 1, 1, dict.fromkeys(CRITERIA, 3), None, "", "", 60_000, 100)
    give_mark(db, WANG, answer, NINE)


def take_page(db: Database) -> None:
    answer = PullAnswer(
        hub_inc="1",
        after=7,
        more=False,
        items=[a_task_card(2), a_task_card(3), a_task_card(1, locked=True)],
        city=[],
        city_done=[],
        server_time="2023-04-13T01:00:00.000Z",
    )
    apply_feed(db, answer, "1", NINE)


def drop_trial(db: Database) -> None:
    answer = PullAnswer(
        hub_inc="1",
        after=9,
        more=False,
        items=[a_sitting_card(TRIAL, "wiped")],
        city=[],
        city_done=[],
        server_time="2023-04-13T01:00:00.000Z",
    )
    apply_feed(db, answer, "1", NINE)


def mark_facts(db: Database) -> tuple[bool, ...]:
    task = tasks.task(db, 1)
    return (
        marks.mark(db, EVENT) is not None,
        outbox.of_event(db, EVENT) is not None,
        task is not None and task.mark_id == EVENT,
    )


def page_facts(db: Database) -> tuple[bool, ...]:
    first, link = tasks.task(db, 1), meta.link(db)
    return (
        tasks.task(db, 2) is not None,
        tasks.task(db, 3) is not None,
        first is not None and first.is_locked,
        link is not None and link.feed_after == 7,
    )


def trial_facts(db: Database) -> tuple[bool, ...]:
    sitting, link = exam.sitting(db, TRIAL), meta.link(db)
    return (
        sitting is not None and sitting.state == "wiped",
        tasks.task(db, 9) is None,
        outbox.last_seq(db) == 1,
        link is not None and link.feed_after == 9,
    )


CASES = {
    "a mark is saved": (save_mark, mark_facts),
    "a page of the feed is taken over": (take_page, page_facts),
    "a trial is dropped": (drop_trial, trial_facts),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("is_power_cut", [False, True], ids=["killed", "power cut"])
def test_killed_at_any_statement_all_is_there_or_nothing(
    tmp_path: Path, case: str, is_power_cut: bool
) -> None:
    act, facts = CASES[case]
    for statement in range(1, STATEMENTS_MAX):
        is_killed, left = _killed_at(tmp_path / f"{statement}", statement, act, facts, is_power_cut)
        assert set(left) == {not is_killed}
        if not is_killed:
            assert statement > 3
            return
    pytest.fail("it has more statements than that")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("moment", ["before", "torn", "after"])
def test_killed_at_the_commit_all_is_there_or_nothing(
    tmp_path: Path, case: str, moment: str
) -> None:
    act, facts = CASES[case]
    store, disk = _a_node(tmp_path)
    disk.kill_at_commit = moment
    with pytest.raises(Killed), store.writing() as db:
        act(db)
    assert set(_after(tmp_path, disk, facts)) == {moment == "after"}


def test_a_commit_that_fails_leaves_the_store_usable(tmp_path: Path) -> None:
    store, disk = _a_node(tmp_path)
    disk.fails_at_commit = True
    with pytest.raises(sqlite3.OperationalError, match="full"), store.writing() as db:
        save_mark(db)
    with store.writing() as db:
        assert marks.mark(db, EVENT) is None
        save_mark(db)
    assert set(_after(tmp_path, disk, mark_facts)) == {True}


def _killed_at(
    folder: Path,
    statement: int,
    act: Callable[[Database], None],
    facts: Callable[[Database], tuple[bool, ...]],
    is_power_cut: bool,
) -> tuple[bool, tuple[bool, ...]]:
    """Whether it came to that, and what was there afterwards."""
    store, disk = _a_node(folder)
    disk.kill_in, disk.is_power_cut = statement, is_power_cut
    try:
        with store.writing() as db:
            act(db)
    except Killed:
        return True, _after(folder, disk, facts)
    disk.kill_in = None
    return False, _after(folder, disk, facts)


def _a_node(folder: Path) -> tuple[Store, Disk]:
    """Enrolled, with one open task of the formal sitting and one of the trial."""
    store = a_node_store(folder, a_task_card(1), a_task_card(9, sitting=TRIAL))
    with store.writing() as db:
        exam.put_sitting(db, a_sitting_card(TRIAL, "closed"))
    enrol(store)
    store.close()
    disk = Disk(folder / "node.db", random.Random(1), lambda what: None)
    return Store(folder / "node.db", node.schema.migrations), disk


def _after(
    folder: Path, disk: Disk, facts: Callable[[Database], tuple[bool, ...]]
) -> tuple[bool, ...]:
    disk.end()
    assert disk.left is not None
    disk.left.put(folder / "next" / "node.db")
    store = Store(folder / "next" / "node.db", node.schema.migrations)
    try:
        with store.reading() as db:
            return facts(db)
    finally:
        store.close()
