"""Videos come before they are needed: whole, verified, the most needed first."""

import asyncio
import errno
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import httpx
import msgspec
import pytest

import node.schema
from node.store import accounts, exam, meta, outbox, sessions, tasks, videos
from node.store.videos import TRIES_MAX
from node.uplink import prefetch
from node.uplink.answers import Outage
from node.uplink.bucket import Bucket
from node.uplink.fetch import Fetcher
from node.uplink.prefetch import CHECK_AFTER, NoRoom, Prefetcher
from node.uplink.state import LinkState
from node.videos.cache import Cache
from node.work.purge import take_order
from shared.kit.store import Store
from shared.wire.messages import HoldingBody, PurgedBody, TaskCard
from tests.makers import (
    CHEN,
    FORMAL,
    NINE,
    TRIAL,
    a_group_card,
    a_sitting_card,
    a_store,
    a_task_card,
    a_video_card,
    an_account_card,
)
from tests.node.standin_hub import StandInHub, enrolled, give

RESERVE = 0


def content_of(task_id: int) -> bytes:
    return f"performance {task_id} ".encode() * 200_000


def a_task(task_id: int, **changes: object) -> TaskCard:
    return a_task_card(task_id, video=a_video_card(content_of(task_id)), **changes)


def sha(task_id: int) -> str:
    return a_video_card(content_of(task_id)).sha256


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path / "node.db", node.schema.migrations)
    enrolled(opened)
    with opened.writing() as db:
        exam.put_sitting(db, a_sitting_card(TRIAL, "closed"))
        exam.put_sitting(db, a_sitting_card())
        exam.put_group(db, a_group_card())
        accounts.put(db, an_account_card())
    yield opened
    opened.close()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "videos", 0)


@pytest.fixture
def hub() -> StandInHub:
    return StandInHub(videos={sha(n): content_of(n) for n in range(1, 5)})


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetch, "REST_S", 0.0)


def want(store: Store, *cards: TaskCard) -> None:
    with store.writing() as db:
        for card in cards:
            videos.want(db, card.video)
            tasks.put(db, card, NINE)


def fetch(
    store: Store, cache: Cache, hub: StandInHub, parallel: int = 1, bytes_max: int = 0
) -> None:
    async def drain() -> None:
        state = LinkState()
        state.push_is_idle.set()
        fetcher = Fetcher(cache, hub.client().video, state, Bucket(lambda: 0))
        cache.bytes_max = bytes_max
        await Prefetcher(store, cache, fetcher, state, parallel, RESERVE, lambda: NINE).drain()

    asyncio.run(drain())


def state_of(store: Store, task_id: int) -> str:
    with store.reading() as db:
        video = videos.video(db, sha(task_id))
    assert video is not None
    return video.state


def holdings(store: Store) -> list[HoldingBody]:
    with store.reading() as db:
        rows = outbox.pending(db, 100)
    return [msgspec.json.decode(r.body, type=HoldingBody) for r in rows if r.kind == "holding"]


def asked_for(hub: StandInHub) -> list[int]:
    names = {sha(n): n for n in range(1, 5)}
    return [names[request.url.path.rsplit("/", 1)[1]] for request in hub.asked]


def test_what_the_tasks_need_is_fetched_and_the_hub_hears_of_it(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1), a_task(2), a_task(3))
    fetch(store, cache, hub, parallel=3)
    for n in (1, 2, 3):
        assert state_of(store, n) == "ready"
        assert cache.path(sha(n)).read_bytes() == content_of(n)
    assert {name for body in holdings(store) for name in body.gained} == {sha(1), sha(2), sha(3)}


def test_where_the_district_has_several_nodes_only_what_people_here_need_is_fetched(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1), a_task(2, account_id=CHEN))
    with store.writing() as db:
        accounts.put(db, an_account_card(CHEN))
        meta.put(db, meta.DISTRICT_NODES, "2")
    fetch(store, cache, hub)
    assert asked_for(hub) == [], "nobody has signed in here yet"
    with store.writing() as db:
        sessions.add(db, "a" * 64, CHEN, "127.0.0.1", NINE)
    fetch(store, cache, hub)
    assert asked_for(hub) == [2]
    with store.reading() as db:
        held = videos.totals(db)
    assert (held.wanted, held.ready) == (0, 1), "the others' videos are not missing here"


def test_round_3_comes_first_then_the_order_of_the_lists(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1, position=9), a_task(2, position=1), a_task(3, position=50, round=3))
    want(store, a_task(4, position=99))
    with store.writing() as db:
        videos.want_first(db, sha(4))
    fetch(store, cache, hub)
    assert asked_for(hub) == [4, 3, 2, 1]


def test_the_quick_are_not_kept_waiting_by_the_lists_of_the_slow(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    """王老师 is at the end of a list and comes to task 2 next; 陈老师 has not begun."""
    slow = [a_task(n, position=n, account_id=CHEN) for n in (1, 3, 4)]
    with store.writing() as db:
        accounts.put(db, an_account_card(CHEN))
    want(store, *slow, a_task(2, position=90))
    fetch(store, cache, hub)
    assert set(asked_for(hub)[:2]) == {1, 2}


def test_what_is_marked_now_comes_before_what_is_prepared(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    with store.writing() as db:
        exam.put_sitting(db, a_sitting_card(TRIAL, "prepared"))
    want(store, a_task(1, sitting=TRIAL, position=1), a_task(2, position=2))
    fetch(store, cache, hub)
    assert asked_for(hub) == [2, 1]


def test_nobody_fetches_what_no_open_task_needs(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1, state="withdrawn"), a_task(2, state="done"), a_task(3, sitting=TRIAL))
    want(store, a_task(4))
    give(store, "a" * 32, 4)
    fetch(store, cache, hub)
    assert hub.asked == []


def cut_after(count: int) -> object:
    """The link breaks after so many bytes of a whole answer."""

    async def broken() -> AsyncIterator[bytes]:
        yield content_of(1)[:count]
        raise httpx.ReadError("gone")

    return lambda _: httpx.Response(200, content=broken())


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1))
    hub.wrong = [cut_after(1_500_000)]  # type: ignore[list-item]
    with pytest.raises(Outage):
        fetch(store, cache, hub)
    assert state_of(store, 1) == "wanted"
    fetch(store, cache, hub)
    assert hub.asked[-1].headers["Range"] == "bytes=1500000-"
    assert cache.verify(sha(1), len(content_of(1)))


def test_an_answer_that_ends_early_is_not_taken_for_the_video(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1))
    hub.wrong = [lambda _: httpx.Response(200, content=content_of(1)[:1000])]
    with pytest.raises(Outage):
        fetch(store, cache, hub)
    fetch(store, cache, hub)
    assert state_of(store, 1) == "ready"


@pytest.mark.parametrize(
    "wrong", [content_of(2)[: len(content_of(1))], content_of(1) + b"more", b"<html>sign in"]
)
def test_wrong_content_is_fetched_again_and_never_shown(
    store: Store, cache: Cache, hub: StandInHub, wrong: bytes
) -> None:
    want(store, a_task(1))
    hub.wrong = [lambda _: httpx.Response(200, content=wrong)]
    try:
        fetch(store, cache, hub)
    except Outage:
        assert not cache.has(sha(1))
        fetch(store, cache, hub)
    if state_of(store, 1) == "wanted":
        # What was left of a page that is no video does not match in the end.
        fetch(store, cache, hub)
    assert cache.verify(sha(1), len(content_of(1)))


def test_after_some_tries_it_is_failed_and_tried_again_later(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1), a_task(2))
    del hub.videos[sha(1)]
    fetch(store, cache, hub)
    assert (state_of(store, 1), state_of(store, 2)) == ("failed", "ready")
    assert asked_for(hub).count(1) == TRIES_MAX
    with store.reading() as db:
        video = videos.video(db, sha(1))
    assert video is not None and "没有这个视频" in video.problem
    hub.videos[sha(1)] = content_of(1)
    with store.writing() as db:
        assert videos.retry_failed(db) == 1
    fetch(store, cache, hub)
    assert state_of(store, 1) == "ready"


def test_a_fault_with_a_sound_file_fetches_nothing_and_with_a_bad_one_fetches_it_again(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1), a_task(2))
    fetch(store, cache, hub)
    hub.asked.clear()
    damaged = cache.path(sha(2)).read_bytes()[:-1] + b"?"
    cache.path(sha(2)).write_bytes(damaged)
    with store.writing() as db:
        videos.want_again(db, sha(1))
        videos.want_again(db, sha(2))
    fetch(store, cache, hub)
    assert asked_for(hub) == [2]
    assert (state_of(store, 1), state_of(store, 2)) == ("ready", "ready")
    assert cache.verify(sha(2), len(content_of(2)))


def test_a_full_cache_lets_go_only_of_what_no_open_task_needs(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    size = len(content_of(1))
    want(store, a_task(1), a_task(2))
    fetch(store, cache, hub)
    give(store, "a" * 32, 1)
    want(store, a_task(3, sitting=FORMAL))
    fetch(store, cache, hub, bytes_max=2 * size)
    assert [cache.has(sha(n)) for n in (1, 2, 3)] == [False, True, True]
    assert holdings(store)[-2].lost == [sha(1)]
    want(store, a_task(4))
    with pytest.raises(NoRoom, match="没有空间"):
        fetch(store, cache, hub, bytes_max=2 * size)
    assert cache.has(sha(2)) and cache.has(sha(3))


def test_a_full_disk_is_said_plainly_and_loses_nothing(
    store: Store, cache: Cache, hub: StandInHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(store, a_task(1))

    def full(self: Cache, sha256: str, start: int, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Cache, "write_part", full)
        with pytest.raises(NoRoom, match="无法写入"):
            fetch(store, cache, hub)
    assert state_of(store, 1) == "wanted"
    fetch(store, cache, hub)
    assert state_of(store, 1) == "ready"


def test_at_the_start_the_disk_is_right(store: Store, cache: Cache, hub: StandInHub) -> None:
    want(store, a_task(1), a_task(2), a_task(3))
    fetch(store, cache, hub)
    cache.path(sha(1)).unlink()
    cache.path(sha(2)).write_bytes(b"cut")
    stranger = cache.path("e" * 64)
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_bytes(b"nobody knows me")
    state = LinkState()
    fetcher = Fetcher(cache, hub.client().video, state, Bucket(lambda: 0))
    Prefetcher(store, cache, fetcher, state, 1, RESERVE, lambda: NINE).reconcile()
    assert [state_of(store, n) for n in (1, 2, 3)] == ["wanted", "wanted", "ready"]
    assert set(holdings(store)[-1].lost) == {sha(1), sha(2)}
    assert not stranger.exists()


def test_the_bucket_lets_through_no_more_than_was_set() -> None:
    slept: list[float] = []
    time = 100.0

    async def sleep(seconds: float) -> None:
        nonlocal time
        slept.append(seconds)
        time += seconds

    async def take() -> None:
        bucket = Bucket(lambda: 1000, clock=lambda: time, sleep=sleep)
        for _ in range(10):
            await bucket.take(500)

    asyncio.run(take())
    assert 4.5 <= sum(slept) <= 5.0


def a_prefetcher(store: Store, cache: Cache, hub: StandInHub, moment: datetime) -> Prefetcher:
    state = LinkState()
    fetcher = Fetcher(cache, hub.client().video, state, Bucket(lambda: 0))
    return Prefetcher(store, cache, fetcher, state, 1, RESERVE, lambda: moment)


def test_cached_videos_are_looked_at_again_and_a_flipped_bit_is_fetched_anew(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1), a_task(2))
    fetch(store, cache, hub)
    damaged = bytearray(content_of(2))
    damaged[1234] ^= 1
    cache.path(sha(2)).write_bytes(damaged)
    a_prefetcher(store, cache, hub, NINE + CHECK_AFTER).check_one()
    assert [state_of(store, n) for n in (1, 2)] == ["ready", "ready"], "not yet due"
    later = a_prefetcher(store, cache, hub, NINE + 2 * CHECK_AFTER)
    for _ in range(3):
        later.check_one()
    assert [state_of(store, n) for n in (1, 2)] == ["ready", "wanted"]
    assert holdings(store)[-1].lost == [sha(2)]
    assert not cache.has(sha(2))
    fetch(store, cache, hub)
    assert cache.verify(sha(2), len(content_of(2)))


def order_purge(store: Store, moment: str) -> None:
    with store.writing() as db:
        take_order(db, moment)


def purges(store: Store) -> list[PurgedBody]:
    with store.reading() as db:
        rows = outbox.pending(db, 100)
    return [msgspec.json.decode(r.body, type=PurgedBody) for r in rows if r.kind == "purged"]


def test_the_citys_order_deletes_all_videos_once_and_is_reported_with_its_count(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    want(store, a_task(1), a_task(2))
    fetch(store, cache, hub)
    cache.write_part(sha(3), 0, b"the beginning")
    size = cache.bytes_used()
    order_purge(store, "2023-04-14T10:00:00.000Z")
    prefetcher = a_prefetcher(store, cache, hub, NINE)
    prefetcher.purge()
    prefetcher.purge()
    assert (cache.names(), cache.bytes_used(), cache.part_bytes(sha(3))) == (set(), 0, 0)
    assert state_of(store, 1) == "wanted"
    [report] = purges(store)
    assert (report.ordered_at, report.videos, report.bytes) == ("2023-04-14T10:00:00.000Z", 2, size)
    order_purge(store, "2023-04-14T09:00:00.000Z")
    fetch(store, cache, hub)
    prefetcher.purge()
    assert cache.has(sha(1)), "an older order was done long ago"


def test_a_purge_that_a_held_file_or_a_power_cut_interrupts_counts_everything_in_the_end(
    store: Store, cache: Cache, hub: StandInHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(store, a_task(1), a_task(2))
    fetch(store, cache, hub)
    order_purge(store, "2023-04-14T10:00:00.000Z")
    prefetcher, remove = a_prefetcher(store, cache, hub, NINE), Cache.remove
    with monkeypatch.context() as patched:
        patched.setattr(Cache, "remove", lambda c, s: None if s == sha(2) else remove(c, s))
        with pytest.raises(NoRoom, match="1 个文件被占用"):
            prefetcher.purge()
    assert purges(store) == [] and state_of(store, 2) == "wanted"
    prefetcher.purge()
    assert [report.videos for report in purges(store)] == [2]
