"""uvicorn's HTTP protocol with the ASGI extension http.response.zerocopysend, where Linux runs."""

import asyncio
import sys
from typing import Any

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
                    await _send_file(cycle, message)
                else:
                    await send(message)

            await app(scope, receive, send_any)

        super()._start_asgi_task(cycle, extended)


async def _send_file(cycle: RequestResponseCycle, message: Any) -> None:
    transport, count = cycle.transport, message["count"]
    try:
        if not cycle.disconnected and not transport.is_closing():
            sent = await asyncio.get_running_loop().sendfile(
                transport, message["file"], message["offset"], count, fallback=False
            )
            if sent != count:
                raise EOFError("the file became shorter while it was sent")
    except (ConnectionError, RuntimeError, EOFError):
        # The browser went away in the middle, or must not take what it got for the whole.
        transport.abort()
        cycle.disconnected = True
    # What uvicorn would have counted itself.
    cycle.expected_content_length -= count
    await cycle.send({"type": "http.response.body", "body": b"", "more_body": message["more_body"]})
