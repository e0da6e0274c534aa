"""The city publishes a program, and every node that asks at the door is told its hash."""

from pathlib import Path
from typing import Any

import httpx
import msgspec

from hub.work.releases import publish
from node.store.meta import Link
from node.uplink.http import MakeHttp
from node.uplink.releases import ask_for_releases
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


def test_whoever_is_no_node_is_told_nothing(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        body = msgspec.json.encode(ReleasesRequest())
        assert (await door.ask(paths.RELEASES, body)).status_code == 200
        door.secret = "ff" * 32
        refused = await door.ask(paths.RELEASES, body)
        assert refused.status_code == 401
        assert b"releases" not in refused.content

    at_door(tmp_path, visit)
