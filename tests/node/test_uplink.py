"""The uplink's loops: they outlast outages, hurry when asked, and end cleanly."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from node.settings import NodeSettings
from node.store import exchanges, tasks
from node.uplink import loops
from node.uplink.backoff import Backoff
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from shared.kit.store import Store
from tests.makers import a_node_store, a_task_card, an_announcement_card
from tests.node.standin_hub import StandInHub, enrolled, give, link_down

FIRST = "a" * 32


@asynccontextmanager
async def running(folder: Path, hub: StandInHub) -> AsyncIterator[tuple[Store, Uplink]]:
    store = a_node_store(folder, a_task_card(1), a_task_card(2))
    enrolled(store)
    cache = Cache(folder / "videos", 0)
    cache.write_part(a_task_card(1).video.sha256, 0, b"a video")
    cache.put(a_task_card(1).video.sha256, len(b"a video"))
    uplink = Uplink(store, cache, NodeSettings(folder, disk_reserve_bytes=0), "0.1.0", hub.http)
    await uplink.start()
    try:
        yield store, uplink
    finally:
        await uplink.stop()
        store.close()


async def until(true: Callable[[], bool], within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        await story()

    asyncio.run(all_of_it())


def is_offline(hub: StandInHub) -> None:
    hub.wrong = [link_down] * 1_000


def test_a_mark_is_sent_at_once(tmp_path: Path) -> None:
    hub = StandInHub()

    async def story() -> None:
        async with running(tmp_path, hub) as (store, uplink):
            await until(lambda: uplink.view().is_connected)
            await asyncio.to_thread(give, store, FIRST)
            await until(lambda: [e.event_id for e in hub.events] == [FIRST], within_s=1)
            await until(lambda: uplink.view().pending == 0)

    play(story)


def test_after_an_outage_everything_goes_on_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backoff, "next_s", lambda self, at_least_s=0.0: 0.02)
    hub = StandInHub()

    async def story() -> None:
        async with running(tmp_path, hub) as (store, uplink):
            await until(lambda: uplink.view().is_connected)
            is_offline(hub)
            await asyncio.to_thread(give, store, FIRST)
            await until(lambda: not uplink.view().is_connected)
            view = uplink.view()
            assert (view.pending, view.last_problem) == (1, "连接不到市级中心，请检查网络")
            assert view.last_contact_at is not None

            def is_noted() -> bool:
                with store.reading() as db:
                    problems = {e.problem for e in exchanges.recent(db, 20)}
                return "连接不到市级中心，请检查网络" in problems

            await until(is_noted)
            hub.feed.append(an_announcement_card())
            hub.wrong = []
            await until(lambda: uplink.view().pending == 0 and uplink.view().is_connected)
            assert uplink.view().last_problem == ""

    play(story)


def test_sync_now_does_not_wait_for_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backoff, "next_s", lambda self, at_least_s=0.0: 3600.0)
    hub = StandInHub()
    is_offline(hub)

    async def story() -> None:
        async with running(tmp_path, hub) as (store, uplink):
            await asyncio.to_thread(give, store, FIRST)
            await until(lambda: len(hub.asked) == 2 and uplink.view().last_problem != "")
            hub.wrong = []
            tries = len(hub.asked)
            await asyncio.to_thread(give, store, "b" * 32, 2)
            await asyncio.sleep(0.1)
            assert len(hub.asked) == tries, "a mark must not hammer a hub that is away"
            await asyncio.to_thread(uplink.sync_now)
            await until(lambda: len(hub.events) == 2)

    play(story)


def test_a_bug_in_a_loop_is_logged_and_the_loop_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loops, "AFTER_A_BUG_S", 0.02)
    hub = StandInHub(feed=[a_task_card(9, group_id=99)])

    async def story() -> None:
        async with running(tmp_path, hub) as (store, uplink):
            await until(lambda: "the pull loop failed" in caplog.text)
            hub.feed = [a_task_card(9)]

            def is_there() -> bool:
                with store.reading() as db:
                    return tasks.task(db, 9) is not None

            await until(is_there)
            assert uplink.view().is_connected

    play(story)


def test_waiting_grows_to_a_minute_and_begins_anew_after_a_success() -> None:
    backoff = Backoff()
    assert not backoff.has_failed
    waits = [backoff.next_s() for _ in range(200)]
    assert all(0.2 <= wait <= 60 for wait in waits)
    assert waits[0] <= 1 and max(waits) > 20
    assert backoff.next_s(at_least_s=120) == 120
    backoff.reset()
    assert backoff.next_s() <= 1
