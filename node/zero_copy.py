"""uvicorn's HTTP protocol with a way from the file to the socket past Python, where Linux runs."""

import asyncio
import os
import socket
import sys
from dataclasses import dataclass
from io import FileIO
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from shared.web.sending import ZERO_COPY
from shared.web.slices import Span

IS_POSSIBLE = sys.platform == "linux"
"""Windows lets an ordinary PC send two files at a time this way: there threads read them."""


@dataclass(frozen=True, slots=True)
class Part:
    """An answer that is a part of an open file, which whoever sends it closes."""

    status: int
    fields: bytes
    """The header lines as they are sent, Content-Length among them."""
    file: FileIO
    span: Span


class ZeroCopyProtocol(HttpToolsProtocol):
    """Has the ASGI extension http.response.zerocopysend, and asks applications that have an
    `at_once` for a Part before it begins a task: most slices need none.
    """

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if IS_POSSIBLE and self.scheme == "http":
            self.scope["extensions"] = {ZERO_COPY: {}}

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        part = self._part_at_once(cycle, app)
        if part is not None:
            self._send(cycle, part)
        else:
            super()._start_asgi_task(cycle, _with_files(cycle, app))

    def _part_at_once(self, cycle: RequestResponseCycle, app: Any) -> Part | None:
        # The answer before this one may have set the clock while this request was read.
        self._unset_keepalive_if_required()
        if ZERO_COPY not in cycle.scope.get("extensions", {}) or not self._is_alone(cycle):
            return None
        at_once = getattr(app, "at_once", None)
        part: Part | None = at_once(cycle.scope) if at_once else None
        return part

    def _is_alone(self, cycle: RequestResponseCycle) -> bool:
        """Whether nothing waits before this answer or behind it, on a connection that goes on."""
        transport = cycle.transport
        return not (self.pipeline or transport.is_closing() or transport.get_write_buffer_size())

    def _send(self, cycle: RequestResponseCycle, part: Part) -> None:
        count = part.span.end - part.span.start
        try:
            sent = _send_together(cycle.transport, self._head(cycle, part), part)
        except OSError:
            part.file.close()
            _break_off(cycle)
            return
        # What uvicorn would have noted itself.
        cycle.response_started, cycle.chunked_encoding = True, False
        cycle.expected_content_length = count - sent
        if sent < count:
            task = self.loop.create_task(_send_rest(cycle, part, sent))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)
            return
        part.file.close()
        cycle.response_complete = True
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()

    def _head(self, cycle: RequestResponseCycle, part: Part) -> bytes:
        own = [b"%b: %b\r\n" % field for field in self.server_state.default_headers]
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        return b"".join((STATUS_LINE[part.status], *own, part.fields, end))


def _with_files(cycle: RequestResponseCycle, app: Any) -> Any:
    async def extended(scope: Any, receive: Any, send: Any) -> None:
        async def send_any(message: Any) -> None:
            if message["type"] == ZERO_COPY:
                await _finish(cycle, message["file"], message["offset"], message["count"])
            else:
                await send(message)

        await app(scope, receive, send_any)

    return extended


def _send_together(transport: asyncio.Transport, head: bytes, part: Part) -> int:
    """How much of the part the socket took; head and file share their packets."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    try:
        transport.write(head)
        return _send_now(transport, part.file, part.span.start, part.span.end - part.span.start)
    finally:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


def _send_now(transport: asyncio.Transport, file: FileIO, offset: int, count: int) -> int:
    if transport.get_write_buffer_size() > 0:
        return 0
    try:
        target = transport.get_extra_info("socket").fileno()
        return os.sendfile(target, file.fileno(), offset, count)
    except BlockingIOError:
        return 0


async def _send_rest(cycle: RequestResponseCycle, part: Part, sent: int) -> None:
    with part.file as file:
        await _finish(cycle, file, part.span.start + sent, part.span.end - part.span.start - sent)


async def _finish(cycle: RequestResponseCycle, file: FileIO, offset: int, count: int) -> None:
    """The file's bytes are the whole body, or all that is left of it."""
    if cycle.disconnected or cycle.transport.is_closing():
        return
    try:
        await _send_all(cycle.transport, file, offset, count)
    except (OSError, RuntimeError, EOFError):
        # The browser went away in the middle, or must not take what it got for the whole.
        _break_off(cycle)
        return
    # What uvicorn would have counted itself.
    cycle.expected_content_length -= count
    await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_all(transport: asyncio.Transport, file: FileIO, offset: int, count: int) -> None:
    """What the socket takes at once goes at once; the loop sees to the rest."""
    sent = _send_now(transport, file, offset, count)
    if sent < count:
        loop = asyncio.get_running_loop()
        sent += await loop.sendfile(transport, file, offset + sent, count - sent, fallback=False)
    if sent != count:
        raise EOFError("the file became shorter while it was sent")


def _break_off(cycle: RequestResponseCycle) -> None:
    cycle.transport.abort()
    cycle.disconnected = True
