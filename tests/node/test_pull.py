"""What the hub has for the district comes down, page by page, and what the city said with it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import node.schema
from node.store import exam, exchanges, meta, outbox, tasks
from node.uplink.answers import Outage
from node.uplink.meet import Program
from node.uplink.pull import Puller, last_city
from node.uplink.state import LinkState
from node.videos.cache import Cache
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.wire.messages import HoldingBody
from tests.makers import (
    NINE,
    a_group_card,
    a_sitting_card,
    a_store,
    a_task_card,
    an_account_card,
    an_exam_card,
)
from tests.node.standin_hub import StandInHub, enrolled, link_down, login_page


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path / "node.db", node.schema.migrations)
    enrolled(opened)
    yield opened
    opened.close()


@pytest.fixture
def hub() -> StandInHub:
    return StandInHub(
        feed=[
            an_exam_card(),
            a_group_card(),
            a_sitting_card(),
            an_account_card(),
            *(a_task_card(n) for n in range(1, 7)),
        ]
    )


@pytest.fixture
def state() -> LinkState:
    return LinkState()


@pytest.fixture
def puller(store: Store, hub: StandInHub, state: LinkState, tmp_path: Path) -> Puller:
    cache = Cache(tmp_path / "videos", 0)
    return Puller(
        store, cache, hub.client(state.clock), state, Program("0.1.0", "boot"), lambda: NINE
    )


def pull(puller: Puller, times: int = 1) -> None:
    async def ask() -> None:
        for _ in range(times):
            await puller.once(0)

    asyncio.run(ask())


def cursor(store: Store) -> tuple[str, int]:
    with store.reading() as db:
        link = meta.link(db)
    assert link is not None
    return link.hub_inc, link.feed_after


def task_count(store: Store) -> int:
    with store.reading() as db:
        return sum(tasks.task(db, n) is not None for n in range(1, 7))


def test_everything_comes_down_page_by_page(store: Store, hub: StandInHub, puller: Puller) -> None:
    hub.page = 6
    pull(puller)
    assert (cursor(store), task_count(store)) == (("hub-1", 6), 2)
    pull(puller)
    assert (cursor(store), task_count(store)) == (("hub-1", 10), 6)
    with store.reading() as db:
        assert [(e.kind, e.count) for e in exchanges.recent(db, 5)] == [("pull", 4), ("pull", 6)]


def test_the_node_says_how_it_is(store: Store, hub: StandInHub, puller: Puller) -> None:
    with store.writing() as db:
        outbox.put(db, 0, "holding", 1, HoldingBody(gained=[], lost=[]), "c" * 32, NINE)
    pull(puller, 2)
    status = hub.pulls[-1].status
    assert (status.app_version, status.pending_events, status.videos_wanted) == ("0.1.0", 1, 1)
    assert status.disk_free_bytes > 0
    assert status.last_problem == ""
    with store.writing() as db:
        exchanges.record(db, "push", NINE, count=0, bytes=0, ms=0, problem="连接不到市级中心")
    pull(puller)
    status = hub.pulls[-1].status
    assert (status.last_problem, status.last_problem_at) == ("连接不到市级中心", stamp(NINE))


def test_the_city_s_progress_is_known_even_after_a_restart_without_the_hub(
    store: Store, puller: Puller, state: LinkState
) -> None:
    pull(puller)
    with store.reading() as db:
        assert last_city(db) == state.city
    assert [(r.round, r.total, r.done) for r in state.city.rounds] == [(1, 10, 4)]


def test_an_empty_answer_writes_nothing(store: Store, puller: Puller) -> None:
    pull(puller)
    commits = 0

    def count() -> None:
        nonlocal commits
        commits += 1

    store.on_commit = count
    pull(puller)
    assert commits == 0


def test_a_hub_put_back_in_time_is_read_from_the_start(
    store: Store, hub: StandInHub, puller: Puller
) -> None:
    pull(puller)
    hub.hub_inc = "hub-2"
    hub.feed = [*hub.feed[:4], a_task_card(1, gen=5, criteria=2)]
    pull(puller)
    assert cursor(store) == ("hub-2", 0)
    pull(puller)
    assert cursor(store) == ("hub-2", 5)
    with store.reading() as db:
        task = tasks.task(db, 1)
    assert task is not None and task.gen == 5


@pytest.mark.parametrize("wrong", [link_down, login_page])
def test_an_outage_changes_nothing(
    store: Store, hub: StandInHub, puller: Puller, wrong: object
) -> None:
    hub.wrong = [wrong]  # type: ignore[list-item]
    with pytest.raises(Outage):
        pull(puller)
    assert cursor(store) == ("hub-1", 0)
    with store.reading() as db:
        assert exam.exam(db) is None


def test_the_node_learns_how_far_off_its_clock_is(
    hub: StandInHub, puller: Puller, state: LinkState
) -> None:
    hub.skew = timedelta(minutes=-20)
    pull(puller)
    assert abs(state.clock.offset_ms + 20 * 60 * 1000) < 5_000
