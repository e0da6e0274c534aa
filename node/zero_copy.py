"""uvicorn's HTTP protocol with the ASGI extension http.response.zerocopysend, where Linux runs."""

import asyncio
import os
import socket
import sys
from typing import IO, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.web.sending import ZERO_COPY

IS_POSSIBLE = sys.platform == "linux"
"""Windows lets an ordinary PC send two files at a time this way: there threads read them."""


class ZeroCopyProtocol(HttpToolsProtocol):
    """The kernel sends the file; its bytes never pass through Python."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if IS_POSSIBLE and self.scheme == "http":
            self.scope["extensions"] = {ZERO_COPY: {}}

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        async def extended(scope: Any, receive: Any, send: Any) -> None:
            await app(scope, receive, _Sender(cycle).send if IS_POSSIBLE else send)

        super()._start_asgi_task(cycle, extended)


class _Sender:
    """Keeps the head back until it is known what follows: with a file, both leave together."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._head: Any = None

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            return
        head, self._head = self._head, None
        if message["type"] == ZERO_COPY:
            await self._send_file(head, message)
            return
        if head is not None:
            await self._cycle.send(head)
        await self._cycle.send(message)

    async def _send_file(self, head: Any, message: Any) -> None:
        cycle, count = self._cycle, message["count"]
        transport = cycle.transport
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        try:
            await cycle.send(head)
            if not cycle.disconnected:
                await _send(transport, connection, message["file"], message["offset"], count)
        except (OSError, RuntimeError, EOFError):
            # The browser went away in the middle, or must not take what it got for the whole.
            transport.abort()
            cycle.disconnected = True
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        # What uvicorn would have counted itself.
        cycle.expected_content_length -= count
        await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(
    transport: asyncio.Transport, connection: Any, file: IO[bytes], offset: int, count: int
) -> None:
    """What the socket takes at once goes at once; the loop sees to the rest."""
    sent = 0
    if transport.get_write_buffer_size() == 0:
        try:
            sent = os.sendfile(connection.fileno(), file.fileno(), offset, count)
        except BlockingIOError:
            sent = 0
    if sent < count:
        loop = asyncio.get_running_loop()
        sent += await loop.sendfile(transport, file, offset + sent, count - sent, fallback=False)
    if sent != count:
        raise EOFError("the file became shorter while it was sent")
