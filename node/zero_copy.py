"""uvicorn's HTTP protocol with the ASGI extension http.response.zerocopysend, where Linux runs."""

import asyncio
import os
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
            async def send_any(message: Any) -> None:
                if message["type"] == ZERO_COPY:
                    await _finish(cycle, message["file"], message["offset"], message["count"])
                else:
                    await send(message)

            await app(scope, receive, send_any)

        super()._start_asgi_task(cycle, extended)


async def _finish(cycle: RequestResponseCycle, file: IO[bytes], offset: int, count: int) -> None:
    """The file's bytes are the whole body."""
    if cycle.disconnected or cycle.transport.is_closing():
        return
    try:
        await _send(cycle.transport, file, offset, count)
    except (OSError, RuntimeError, EOFError):
        # The browser went away in the middle, or must not take what it got for the whole.
        cycle.transport.abort()
        cycle.disconnected = True
        return
    # What uvicorn would have counted itself.
    cycle.expected_content_length -= count
    await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(transport: asyncio.Transport, file: IO[bytes], offset: int, count: int) -> None:
    """What the socket takes at once goes at once; the loop sees to the rest."""
    sent = 0
    if transport.get_write_buffer_size() == 0:
        try:
            target = transport.get_extra_info("socket").fileno()
            sent = os.sendfile(target, file.fileno(), offset, count)
        except BlockingIOError:
            sent = 0
    if sent < count:
        loop = asyncio.get_running_loop()
        sent += await loop.sendfile(transport, file, offset + sent, count - sent, fallback=False)
    if sent != count:
        raise EOFError("the file became shorter while it was sent")
