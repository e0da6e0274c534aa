"""The same views without a cache: each of them comes over the wire from the hub."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from node.store import meta
from node.uplink.client import HubClient, Identity
from node.uplink.clock import HubClock
from node.uplink.http import make_http
from shared.kit.store import reading_beside
from tests.link.wires import Wire, inside

AT_ONCE = 6


def stream_all(wire: Wire, node_db: Path, views: Sequence[str]) -> int:
    """As many markers as AT_ONCE watch at a time; the bytes of the clips."""
    with inside(wire.node), reading_beside(node_db) as db:
        link = meta.link(db)
        if link is None:
            raise AssertionError("the node is not enrolled")
        return asyncio.run(_stream(link, views))


async def _stream(link: meta.Link, views: Sequence[str]) -> int:
    queue, total = list(views), 0

    async def watch() -> None:
        nonlocal total
        while queue:
            async with client.video(queue.pop(), 0) as stream:
                async for chunk in stream.chunks:
                    total += len(chunk)

    async with make_http(link.hub_url) as http:
        client = HubClient(http, Identity(link.node_id, link.secret), HubClock())
        await asyncio.gather(*(watch() for _ in range(AT_ONCE)))
    return total
