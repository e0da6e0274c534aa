"""Videos in an object store: a real S3 server, the real hub and a real node's client."""

import asyncio
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from hub.app import create_app
from hub.commands.importing import Wish, run
from hub.media import bucket as bucket_room
from hub.media.bucket import Bucket
from hub.media.shelf import path_of
from hub.settings import BucketPlace, HubSettings, settings_from
from hub.work import check_media
from node.store.videos import Video
from node.uplink.answers import Missing, Outage
from node.uplink.bucket import Bucket as Tokens
from node.uplink.client import HubClient, Identity
from node.uplink.clock import HubClock
from node.uplink.fetch import Fetcher
from node.uplink.http import make_http
from node.uplink.state import LinkState
from node.videos.cache import Cache
from shared.kit.clock import now
from shared.kit.listening import bind
from shared.kit.refusal import Refusal
from tests.hub.books import a_book, write_xlsx
from tests.hub.clips import a_video as a_clip
from tests.hub.makers import an_allocated_hub
from tests.hub.weed import an_s3_server, make_bucket

CONTENT = random.Random(3).randbytes(2_000_000)
NAME = sha256(CONTENT).hexdigest()

SECRET = "00" * 32
"""Of every node that the makers of the hub enrol."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketPlace]:
    with an_s3_server(tmp_path_factory.mktemp("s3")) as place:
        yield place


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    path = path_of(tmp_path / "shelf", NAME)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return tmp_path / "shelf"


def test_what_is_on_the_shelf_goes_up_once_and_leaves_the_shelf_later(
    place: BucketPlace, shelf: Path
) -> None:
    bucket = Bucket(replace(place, bucket="once"))
    assert list(bucket.send_up(shelf, now())) == [NAME]
    assert list(bucket.send_up(shelf, now())) == []
    assert path_of(shelf, NAME).exists()
    assert list(bucket.send_up(shelf, now() + timedelta(hours=2))) == []
    assert not path_of(shelf, NAME).exists()
    assert bucket.names() == {NAME}
    bucket.bring(NAME, shelf)
    assert path_of(shelf, NAME).read_bytes() == CONTENT
    assert [p.name for p in shelf.glob("part-*")] == []


def test_only_a_signed_address_opens_a_video_and_only_for_a_while(
    place: BucketPlace, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(replace(place, bucket="signed"))
    list(bucket.send_up(shelf, now()))
    address = bucket.address(NAME)
    part = httpx.get(address, headers={"Range": "bytes=1000000-"})
    assert (part.status_code, part.content) == (206, CONTENT[1_000_000:])
    assert httpx.get(address.split("?")[0]).status_code == 403
    assert httpx.get(address.replace(NAME, "e" * 64)).status_code == 403
    monkeypatch.setattr(bucket_room, "ADDRESS_LASTS", timedelta(seconds=1))
    short = bucket.address(NAME)
    time.sleep(2.1)
    assert httpx.get(short).status_code == 403


def test_a_file_exchanged_in_the_store_never_comes_back_under_its_name(
    place: BucketPlace, tmp_path: Path
) -> None:
    bucket = Bucket(replace(place, bucket="exchanged"))
    wrong = path_of(tmp_path, NAME)
    wrong.parent.mkdir()
    wrong.write_bytes(bytes(len(CONTENT)))
    list(bucket.send_up(tmp_path, now()))
    wrong.unlink()
    with pytest.raises(FileNotFoundError):
        bucket.bring(NAME, tmp_path)
    assert not wrong.exists()


def test_a_store_that_is_away_is_said_in_plain_words(shelf: Path) -> None:
    nowhere = BucketPlace("http://127.0.0.1:9", "videos", "us-east-1", "k", "s")
    with pytest.raises(Refusal, match="对象存储") as refused:
        Bucket(nowhere).names()
    assert "\n" not in refused.value.text


def test_half_of_the_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="bucket_secret"):
        settings_from(tmp_path, {"bucket_endpoint": "http://127.0.0.1:1", "bucket": "videos"})


class Counted:
    """The bytes of all that an application answers."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.sent_bytes = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def counting(message: Any) -> None:
            self.sent_bytes += len(message.get("body", b""))
            self.sent_bytes += sum(len(k) + len(v) for k, v in message.get("headers", ()))
            await send(message)

        await self._app(scope, receive, counting)


@contextmanager
def a_served_hub(settings: HubSettings) -> Iterator[str]:
    with a_counted_hub(settings) as (url, _):
        yield url


@contextmanager
def a_counted_hub(settings: HubSettings) -> Iterator[tuple[str, Counted]]:
    listening = bind("127.0.0.1", 0)
    app = Counted(create_app(settings, with_jobs=False))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    running.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", app
    finally:
        server.should_exit = True
        running.join()


def a_hub_with_a_bucket(folder: Path, place: BucketPlace) -> HubSettings:
    """Node 1 has a task for the video with our content."""
    store = an_allocated_hub(folder)
    with store.writing() as db:
        row = db.conn.execute(
            "SELECT p.video_id FROM task t JOIN account a ON a.id = t.account_id"
            " JOIN performance p ON p.id = t.performance_id WHERE a.district_id = 1 LIMIT 1"
        ).fetchone()
        db.conn.execute(
            "UPDATE video SET sha256 = ?, bytes = ? WHERE id = ?", (NAME, len(CONTENT), row[0])
        )
    store.close()
    return HubSettings(
        folder,
        bucket_endpoint=place.endpoint,
        bucket=place.bucket,
        bucket_key=place.key,
        bucket_secret=place.secret,
    )


def a_video() -> Video:
    return Video(NAME, len(CONTENT), 1000, "", -20.0, "wanted", 0, "", None)


def fetch(url: str, cache: Cache) -> None:
    async def run() -> None:
        state = LinkState()
        state.push_is_idle.set()
        async with make_http(url) as http:
            client = HubClient(http, Identity(1, SECRET), HubClock())
            await Fetcher(cache, client.video, state, Tokens(lambda: 0)).fetch(a_video())

    asyncio.run(run())


def test_a_node_fetches_from_the_store_and_the_hubs_link_carries_no_video(
    place: BucketPlace, tmp_path: Path, shelf: Path
) -> None:
    there = replace(place, bucket="nodes")
    list(Bucket(there).send_up(shelf, now()))
    cache = Cache(tmp_path / "cache", 0)
    with a_counted_hub(a_hub_with_a_bucket(tmp_path / "hub", there)) as (url, hub):
        fetch(url, cache)
        assert cache.path(NAME).read_bytes() == CONTENT
        cache.remove(NAME)
        cache.write_part(NAME, 0, CONTENT[:777_777])
        fetch(url, cache)
        assert cache.path(NAME).read_bytes() == CONTENT
        # An address is enough for a video of any length: about 1 kB with its headers.
        assert 0 < hub.sent_bytes < 5_000
    assert not (tmp_path / "hub" / "shelf").exists(), "the hub itself has not one video"


def test_the_store_never_sees_the_nodes_signature(
    place: BucketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        heard: list[bytes] = []

        def hear() -> None:
            connection, _ = listening.accept()
            with connection:
                heard.append(connection.recv(1 << 16))
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

        ear = threading.Thread(target=hear)
        ear.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/{NAME}"
        monkeypatch.setattr(Bucket, "address", lambda *_: address)
        served = a_served_hub(a_hub_with_a_bucket(tmp_path / "hub", place))
        with served as url, pytest.raises(Missing):
            fetch(url, Cache(tmp_path / "cache", 0))
        ear.join()
    assert b"shengping" not in heard[0].lower()


def test_while_the_store_is_away_the_node_tries_again_later(
    place: BucketPlace, tmp_path: Path
) -> None:
    away = replace(place, endpoint="http://127.0.0.1:9")
    served = a_served_hub(a_hub_with_a_bucket(tmp_path / "hub", away))
    with served as url, pytest.raises(Outage):
        fetch(url, Cache(tmp_path / "cache", 0))


def test_what_is_still_on_the_shelf_comes_from_there(place: BucketPlace, tmp_path: Path) -> None:
    settings = a_hub_with_a_bucket(tmp_path / "hub", replace(place, bucket="later"))
    path = path_of(settings.shelf, NAME)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    cache = Cache(tmp_path / "cache", 0)
    with a_served_hub(settings) as url:
        fetch(url, cache)
    assert cache.has(NAME, len(CONTENT))


def test_an_import_sends_its_videos_up_and_the_next_one_knows_that_they_are_there(
    place: BucketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bucket(replace(place, bucket="import"))
    book, videos, data = a_book(), tmp_path / "videos", tmp_path / "data"
    book["作品"] = [["S1", "第一小学", "第1区", "小学", "国歌", "a.mp4"]]
    videos.mkdir()
    a_clip(videos / "a.mp4")
    data.mkdir()
    data.joinpath("hub.toml").write_text(
        f'bucket_endpoint = "{place.endpoint}"\nbucket = "import"\n'
        f'bucket_key = "{place.key}"\nbucket_secret = "{place.secret}"\n'
    )
    wish = Wish(
        data=data,
        source=write_xlsx(tmp_path / "exam.xlsx", book),
        videos=videos,
        is_check=False,
        is_strict=False,
        may_transcode=False,
        remove_missing=False,
        report=None,
    )
    assert run(wish) == 0
    assert len(Bucket(replace(place, bucket="import")).names()) == 1
    assert list((data / "shelf").glob("??/*.mp4")) == [], "the shelf need not hold a city's videos"
    # What the store holds is neither checked nor sent again.
    monkeypatch.delattr(check_media, "_examine_one")
    assert run(wish) == 0
    assert list((data / "shelf").glob("??/*.mp4")) == []
