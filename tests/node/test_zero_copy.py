"""The way past Python keeps the order of a connection, and its end when nobody asks any more."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from node.zero_copy import IS_POSSIBLE, Part, ZeroCopyProtocol
from shared.web.slices import Span

pytestmark = pytest.mark.skipif(not IS_POSSIBLE, reason="no kernel sends files here")

CONTENT = bytes(range(256)) * 100_000
REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\nRange: bytes=0-4\r\n\r\n"
NEXT = REQUEST.replace(b"0-4", b"5-9")


@dataclass
class OnePart:
    """An application that answers every request with the same part of a file."""

    path: Path
    length: int
    parsed: list[Any] = field(default_factory=list)
    """Requests."""

    def slices(self, scope: Any) -> "OnePart":
        self.parsed.append(scope)
        return self

    def part(self, asked: bytes | None = None) -> Part:
        fields, file = f"Content-Length: {self.length}\r\n", os.open(self.path, os.O_RDONLY)
        return Part(206, fields.encode(), file, Span(0, self.length))

    @property
    def answer(self) -> bytes:
        head = f"HTTP/1.1 206 Partial Content\r\nContent-Length: {self.length}\r\n\r\n"
        return head.encode() + CONTENT[: self.length]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "clip"
    path.write_bytes(CONTENT)
    return path


@asynccontextmanager
async def a_connection(app: OnePart) -> AsyncIterator[tuple[ZeroCopyProtocol, Any]]:
    """The server's end, which is fed directly, and what the browser reads."""
    untyped: Any = app
    config = Config(untyped, interface="asgi3", ws="none", log_config=None, proxy_headers=False)
    served = ZeroCopyProtocol(config, ServerState(), {})
    server = await asyncio.get_running_loop().create_server(lambda: served, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    while served.transport is None:
        await asyncio.sleep(0)
    try:
        yield served, reader
    finally:
        writer.close()
        server.close()


def test_a_player_keeps_its_connection_while_it_asks_and_loses_it_when_idle(path: Path) -> None:
    async def play() -> None:
        app = OnePart(path, 5)
        async with a_connection(app) as (served, reader):
            for request in (REQUEST, NEXT, REQUEST):
                served.data_received(request)
                assert await reader.readexactly(len(app.answer)) == app.answer
            assert len(app.parsed) == 1
            # The clock was set by the first answer, and rings; since then there were others.
            served.timeout_keep_alive_handler()
            served.data_received(NEXT)
            assert await reader.readexactly(len(app.answer)) == app.answer
            served.timeout_keep_alive = 0
            served.timeout_keep_alive_handler()
            assert await reader.read() == b""

    asyncio.run(play())


def test_what_is_asked_before_the_last_answer_is_out_waits_for_it(path: Path) -> None:
    async def play() -> None:
        app = OnePart(path, len(CONTENT))
        async with a_connection(app) as (served, reader):
            served.data_received(REQUEST)
            assert await reader.readexactly(len(app.answer)) == app.answer
            while not served.cycle.response_complete:
                await asyncio.sleep(0)
            # More than the socket takes: the answer to the first is under way.
            served.data_received(NEXT)
            served.data_received(REQUEST)
            for _ in range(2):
                assert await reader.readexactly(len(app.answer)) == app.answer

    asyncio.run(play())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"GET / HTTP/1.1\r\nCookie: mine\r\nMore: ", REQUEST),
        (b"", REQUEST + b"GET /b HTTP/1.1\r\nMore: "),
        (b"", REQUEST + REQUEST.replace(b"0-4", b"7-9")),
    ],
)
def test_what_is_not_one_whole_request_by_itself_is_parsed_again(
    path: Path, first: bytes, second: bytes
) -> None:
    """Else somebody without a cookie would be taken for who came before."""

    async def play() -> None:
        app = OnePart(path, 5)
        async with a_connection(app) as (served, _):
            served.data_received(first)
            served.data_received(second)
            before = len(app.parsed)
            served.data_received(second)
            assert len(app.parsed) > before

    asyncio.run(play())
