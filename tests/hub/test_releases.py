"""The city publishes a program, and every node that asks at the door is told its hash."""

from pathlib import Path
from typing import Any

import httpx
import msgspec

from hub.work.releases import publish
from node.store.meta import Link
from node.uplink.client import HubClient, Identity
from node.uplink.clock import HubClock
from node.uplink.http import MakeHttp
from node.uplink.updates import ask_for_releases
from shared.wire import paths
from shared.wire.releases import ReleasesRequest
from tests.hub.door import SECRET, AtDoor, at_door

LINK = Link("http://hub.test", 1, "一号", "第1区", "h", "1", SECRET, 0)


def to(door: AtDoor) -> MakeHttp:
    over: Any = door.app
    return lambda url: httpx.AsyncClient(transport=httpx.ASGITransport(over), base_url=url)


def test_a_node_is_told_what_the_city_published(tmp_path: Path) -> None:
    archive = tmp_path / "shengping-node-0.2.0-windows-x86_64.zip"
    archive.write_bytes(b"a program")

    async def visit(door: AtDoor) -> None:
        assert await ask_for_releases(LINK, to(door)) == []
        released = publish(door.app.state.settings.data, archive)
        assert await ask_for_releases(LINK, to(door)) == [released]

    at_door(tmp_path / "hub", visit)


def test_a_node_fetches_what_is_published_from_where_it_stopped(tmp_path: Path) -> None:
    archive = tmp_path / "shengping-node-0.2.0-windows-x86_64.zip"
    archive.write_bytes(b"a program")

    async def visit(door: AtDoor) -> None:
        released = publish(door.app.state.settings.data, archive)
        path = paths.RELEASE + released.sha256
        assert (await door.ask(path, method="GET")).content == b"a program"
        async with to(door)("http://hub.test") as http:
            client = HubClient(http, Identity(1, SECRET), HubClock())
            async with client.release(released.sha256, 2) as stream:
                assert stream.start == 2
                assert b"".join([chunk async for chunk in stream.chunks]) == b"program"
        unknown = await door.ask(paths.RELEASE + "0" * 64, method="GET")
        assert unknown.status_code == 404
        door.secret = "ff" * 32
        assert (await door.ask(path, method="GET")).status_code == 401

    at_door(tmp_path / "hub", visit)


def test_whoever_is_no_node_is_told_nothing(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        body = msgspec.json.encode(ReleasesRequest())
        assert (await door.ask(paths.RELEASES, body)).status_code == 200
        door.secret = "ff" * 32
        refused = await door.ask(paths.RELEASES, body)
        assert refused.status_code == 401
        assert b"releases" not in refused.content

    at_door(tmp_path, visit)
