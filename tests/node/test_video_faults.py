"""Whatever goes wrong between the hub's disk and ours: nothing wrong ever gets into the cache."""

import asyncio
import errno
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

import node.schema
from node.store import accounts, exam, tasks, videos
from node.uplink import fetch, prefetch
from node.uplink.answers import Outage
from node.uplink.bucket import Bucket
from node.uplink.fetch import Fetcher
from node.uplink.prefetch import NoRoom, Prefetcher
from node.uplink.state import LinkState
from node.videos.cache import Cache
from shared.kit.store import Store
from tests.makers import (
    NINE,
    a_group_card,
    a_sitting_card,
    a_store,
    a_task_card,
    a_video_card,
    an_account_card,
)
from tests.node.standin_hub import StandInHub, enrolled

CONTENT = bytes(n * n % 251 for n in range(300))
NAME = sha256(CONTENT).hexdigest()
CARD = a_task_card(1, video=a_video_card(CONTENT))
WRITE_BYTES = 64


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path / "node.db", node.schema.migrations)
    enrolled(opened)
    with opened.writing() as db:
        exam.put_sitting(db, a_sitting_card())
        exam.put_group(db, a_group_card())
        accounts.put(db, an_account_card())
        videos.want(db, CARD.video)
        tasks.put(db, CARD, NINE)
    yield opened
    opened.close()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "videos", 0)


@pytest.fixture
def hub() -> StandInHub:
    return StandInHub(videos={NAME: CONTENT})


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "WRITE_BYTES", WRITE_BYTES)
    monkeypatch.setattr(prefetch, "REST_S", 0.0)


def drain(store: Store, cache: Cache, hub: StandInHub) -> None:
    async def run() -> None:
        state = LinkState()
        state.push_is_idle.set()
        fetcher = Fetcher(cache, hub.client().video, state, Bucket(lambda: 0))
        await Prefetcher(store, cache, fetcher, state, 1, 0, lambda: NINE).drain()

    asyncio.run(run())


def fetch_once(cache: Cache, hub: StandInHub, store: Store) -> None:
    with store.reading() as db:
        video = videos.video(db, NAME)
    assert video is not None
    state = LinkState()
    state.push_is_idle.set()
    asyncio.run(Fetcher(cache, hub.client().video, state, Bucket(lambda: 0)).fetch(video))


def cut_at(hub: StandInHub, byte: int) -> None:
    """The link breaks when so many bytes of the answer have come."""

    def cut(request: httpx.Request) -> httpx.Response:
        whole = hub.answer(request)

        async def some() -> AsyncIterator[bytes]:
            for start in range(0, byte, 50):
                yield whole.content[start : min(start + 50, byte)]
            raise httpx.ReadError("gone")

        headers = {k: v for k, v in whole.headers.items() if k != "content-length"}
        return httpx.Response(whole.status_code, headers=headers, content=some())

    hub.wrong.append(cut)


def test_a_link_that_is_cut_at_any_byte_costs_no_byte_twice(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    for byte in range(len(CONTENT)):
        cut_at(hub, byte)
        with pytest.raises(Outage):
            fetch_once(cache, hub, store)
        assert not cache.has(NAME)
        assert cache.part_bytes(NAME) == byte
        hub.asked.clear()
        fetch_once(cache, hub, store)
        assert hub.asked[0].headers.get("Range", "bytes=0-") == f"bytes={byte}-"
        assert cache.path(NAME).read_bytes() == CONTENT
        cache.remove(NAME)


def test_a_link_that_breaks_again_and_again_brings_the_whole_in_the_end(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    for _ in range(len(CONTENT) // 7):
        cut_at(hub, 7)
        with pytest.raises(Outage):
            drain(store, cache, hub)
        assert not cache.has(NAME)
    drain(store, cache, hub)
    assert cache.path(NAME).read_bytes() == CONTENT


def test_a_file_exchanged_on_the_hub_never_gets_in_even_half_of_it(
    store: Store, cache: Cache, hub: StandInHub
) -> None:
    """Half of the right file is here, and the hub goes on with another file of the same length."""
    cut_at(hub, 150)
    with pytest.raises(Outage):
        drain(store, cache, hub)
    hub.videos[NAME] = bytes(len(CONTENT))
    drain(store, cache, hub)
    with store.reading() as db:
        video = videos.video(db, NAME)
    assert video is not None
    assert (video.state, "校验不一致" in video.problem) == ("failed", True)
    assert not cache.has(NAME) and cache.part_bytes(NAME) == 0
    hub.videos[NAME] = CONTENT
    with store.writing() as db:
        videos.retry_failed(db)
    drain(store, cache, hub)
    assert cache.path(NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("length", [0, 1, 299, 301, 10_000])
def test_a_file_of_the_wrong_length_never_gets_in(
    store: Store, cache: Cache, hub: StandInHub, length: int
) -> None:
    hub.videos[NAME] = (CONTENT * 40)[:length]
    for _ in range(3):
        try:
            drain(store, cache, hub)
        except Outage:
            assert length < len(CONTENT)
        assert not cache.has(NAME)
    hub.videos[NAME] = CONTENT
    with store.writing() as db:
        videos.retry_failed(db)
    drain(store, cache, hub)
    assert cache.path(NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("step", ["write_part", "put"])
def test_a_disk_that_is_full_at_any_step_leaves_no_half_file_and_goes_on_later(
    store: Store, cache: Cache, hub: StandInHub, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write_part = Cache.write_part

    def full(self: Cache, sha256: str, start: int, content: bytes | None = None) -> None:
        if content is not None:
            # A full disk takes what still fits.
            write_part(self, sha256, start, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Cache, step, full)
        with pytest.raises(NoRoom, match="无法写入"):
            drain(store, cache, hub)
    assert not cache.has(NAME)
    drain(store, cache, hub)
    assert cache.path(NAME).read_bytes() == CONTENT


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder))
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("THE REAL FULL DISK WAS NOT TRIED: it takes root and the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(("umount", str(folder)), check=True)


def test_a_disk_that_others_fill_meanwhile_is_said_and_gone_on_with_when_there_is_room(
    store: Store, tiny_disk: Path, hub: StandInHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, filler = Cache(tiny_disk / "videos", 0), tiny_disk / "filler"
    monkeypatch.setattr(Cache, "free_bytes", lambda _: 1 << 30)  # as it was a moment before
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(bytes(300_000))
    with pytest.raises(NoRoom, match="无法写入"):
        drain(store, cache, hub)
    assert not cache.has(NAME)
    filler.unlink()
    drain(store, cache, hub)
    assert cache.path(NAME).read_bytes() == CONTENT


def test_below_the_reserve_nothing_is_fetched_and_marks_keep_their_room(
    store: Store, cache: Cache, hub: StandInHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cache, "free_bytes", lambda _: len(CONTENT) - 1)
    with pytest.raises(NoRoom, match="没有空间"):
        drain(store, cache, hub)
    assert hub.asked == []
