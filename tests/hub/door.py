"""A node at the hub's door: signs as a node does, over real HTTP messages in one process."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from litestar import Litestar

from hub.settings import HubSettings
from hub.store import meta
from shared.kit.clock import now, stamp
from shared.kit.ids import new_id
from shared.kit.store import Store
from shared.wire import chain, paths, signing
from shared.wire.messages import Event, NodeStatus, PullAnswer, PullRequest, PushAnswer, PushRequest
from tests.apps import a_hub_app
from tests.hub.makers import an_allocated_hub
from tests.makers import NINE

SECRET = "00" * 32
"""Of every node that tests.hub.makers adds."""
T = TypeVar("T")


@dataclass
class AtDoor:
    """One node; `node` is its id and, in these hubs, its district's."""

    http: httpx.AsyncClient
    app: Litestar
    node: int = 1
    secret: str = SECRET

    @property
    def store(self) -> Store:
        store: Store = self.app.state.store
        return store

    async def ask(
        self,
        path: str,
        body: bytes = b"",
        *,
        method: str = "POST",
        moment: datetime | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Signed; `headers` replace what would be sent."""
        time, nonce = stamp(moment or now()), new_id(now())
        sent = {
            paths.NODE_HEADER: str(self.node),
            paths.TIME_HEADER: time,
            paths.NONCE_HEADER: nonce,
        }
        sent |= headers or {}
        sent.setdefault(
            paths.SIGNATURE_HEADER,
            signing.sign_request(self.secret, method, path, body, time, sent[paths.NONCE_HEADER]),
        )
        return await self.http.request(method, path, content=body, headers=sent)

    async def push(self, *events: Event, **changes: Any) -> httpx.Response:
        request = msgspec.structs.replace(a_push(*events), **changes)
        body = gzip.compress(msgspec.json.encode(request))
        return await self.ask(paths.PUSH, body, headers={"Content-Encoding": "gzip"})

    async def pull(self, after: int = 0, wait_s: float = 0, **changes: Any) -> PullAnswer:
        with self.store.reading() as db:
            inc = meta.hub_inc(db)
        request = PullRequest(hub_inc=inc, after=after, wait_s=wait_s, status=a_status())
        request = msgspec.structs.replace(request, **changes)
        response = await self.ask(paths.PULL, msgspec.json.encode(request))
        assert response.status_code == 200, response.text
        return msgspec.json.decode(response.content, type=PullAnswer)

    async def pull_all(self) -> int:
        """The cursor after everything there is."""
        answer = await self.pull()
        while answer.more:
            answer = await self.pull(answer.after)
        return answer.after


def at_door(folder: Path, visit: Callable[[AtDoor], Coroutine[Any, Any, T]], **hub: Any) -> T:
    """Open a hub with an allocated sitting, and let a node visit it."""
    an_allocated_hub(folder, **hub).close()

    async def run() -> T:
        async with a_door(folder) as door:
            return await visit(door)

    return asyncio.run(run())


@asynccontextmanager
async def a_door(folder: Path) -> AsyncIterator[AtDoor]:
    with a_hub_app(HubSettings(data=folder)) as app:
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with (
            app.lifespan(),
            httpx.AsyncClient(transport=transport, base_url="http://hub") as http,
        ):
            yield AtDoor(http, app)


def a_push(
    *events: Event, inc: str = "inc", from_seq: int = 1, head: str = chain.START
) -> PushRequest:
    for event in events:
        head = chain.link(head, event.event_id, chain.body_hash(event.body))
    return PushRequest(node_inc=inc, from_seq=from_seq, events=list(events), chain=head)


def an_event(kind: str, body: msgspec.Struct, *, sitting: int = 0) -> Event:
    return Event(
        event_id=new_id(NINE),
        sitting=sitting,
        kind=kind,
        v=1,
        body=msgspec.json.encode(body).decode(),
    )


def a_status(pending: int = 0) -> NodeStatus:
    return NodeStatus(
        app_version="0.1.0",
        pending_events=pending,
        videos_wanted=0,
        videos_ready=0,
        videos_failed=0,
        cache_bytes=0,
        disk_free_bytes=0,
        people_online=0,
        clock_offset_ms=0,
        last_push_ms=0,
    )


def answer_of(response: httpx.Response) -> PushAnswer:
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=PushAnswer)
