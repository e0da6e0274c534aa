"""uvicorn's HTTP protocol with a way from the file to the socket past Python, where Linux runs."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from node.again import Again, around_range
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
    file: int
    """Its descriptor."""
    span: Span


class Slices(Protocol):
    """What an application makes of a request that asks for parts of a file."""

    def part(self, asked: bytes | None = None) -> Part | None:
        """`asked`: another range than the request's own; None where it takes a task to answer."""


class ZeroCopyProtocol(HttpToolsProtocol):
    """Has the ASGI extension http.response.zerocopysend, and asks applications that have
    `slices` for a Part before it begins a task: most slices need none.

    A player's requests differ in their numbers only: those that do are not even parsed.
    """

    _met = ""
    """By the parser, in what came last: b begins a request, p is answered by a part, e ends it."""
    _slices: Slices | None = None
    _again: Again | None = None
    """How another request for `_slices` looks."""
    _answered_at = 0.0

    def data_received(self, data: bytes) -> None:
        if self._again is not None and self._is_answered_again(self._again.asked(data)):
            return
        self._met = ""
        super().data_received(data)
        is_one_request = self._met == "bpe" and not self.parser.should_upgrade()
        self._again = around_range(data, self.headers) if is_one_request else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._met += "b"
        if IS_POSSIBLE and self.scheme == "http":
            self.scope["extensions"] = {ZERO_COPY: {}}

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._met += "e"

    def timeout_keep_alive_handler(self) -> None:
        due = self._answered_at + self.timeout_keep_alive
        if self.loop.time() < due:
            self.timeout_keep_alive_task = self.loop.call_at(due, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # The answer before this one may have set the clock while this request was read.
        self._unset_keepalive_if_required()
        part = self._part_at_once(cycle, app)
        if part is not None:
            self._met += "p"
            self._send(cycle, part)
        else:
            super()._start_asgi_task(cycle, _with_files(cycle, app))

    def _part_at_once(self, cycle: RequestResponseCycle, app: Any) -> Part | None:
        if ZERO_COPY not in cycle.scope.get("extensions", {}) or not self._is_alone(cycle):
            return None
        slices = getattr(app, "slices", None)
        self._slices = slices(cycle.scope) if slices else None
        return self._slices.part() if self._slices else None

    def _is_answered_again(self, asked: bytes | None) -> bool:
        """By the cycle of the request before, which all but the range is true of."""
        cycle = self.cycle
        if asked is None or not cycle.response_complete or not self._is_alone(cycle):
            return False
        part = self._slices.part(asked) if self._slices else None
        if part is None:
            return False
        cycle.response_complete = False
        self._send(cycle, part)
        return True

    def _is_alone(self, cycle: RequestResponseCycle) -> bool:
        """Whether nothing waits before this answer or behind it, on a connection that goes on."""
        transport = cycle.transport
        return not (self.pipeline or transport.is_closing() or transport.get_write_buffer_size())

    def _send(self, cycle: RequestResponseCycle, part: Part) -> None:
        count = part.span.end - part.span.start
        try:
            sent = _send_together(cycle.transport, self._head(cycle, part), part)
        except OSError:
            os.close(part.file)
            _break_off(cycle)
            return
        # What uvicorn would have noted itself.
        cycle.response_started, cycle.chunked_encoding = True, False
        cycle.expected_content_length = count - sent
        if sent < count:
            self._unset_keepalive_if_required()
            task = self.loop.create_task(_send_rest(cycle, part, sent))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)
            return
        os.close(part.file)
        self._end(cycle)

    def _end(self, cycle: RequestResponseCycle) -> None:
        cycle.response_complete = True
        if not cycle.keep_alive:
            cycle.transport.close()
        if self.timeout_keep_alive_task is None:
            cycle.on_response()
        else:
            # The clock that runs is left to run: it looks when it rings.
            self._answered_at = self.loop.time()
            self.server_state.total_requests += 1

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
    """How much of the part the socket took; head and file share their packets.

    Only where the transport has nothing to send itself.
    """
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    try:
        target = connection.fileno()
        written = _taken(os.write, target, head)
        if written < len(head):
            transport.write(head[written:])
            return 0
        start, end = part.span.start, part.span.end
        return _taken(os.sendfile, target, part.file, start, end - start)
    finally:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


def _send_now(transport: asyncio.Transport, file: FileIO, offset: int, count: int) -> int:
    if transport.get_write_buffer_size() > 0:
        return 0
    target = transport.get_extra_info("socket").fileno()
    return _taken(os.sendfile, target, file.fileno(), offset, count)


def _taken(send: Callable[..., int], *arguments: Any) -> int:
    try:
        return send(*arguments)
    except BlockingIOError:
        return 0


async def _send_rest(cycle: RequestResponseCycle, part: Part, sent: int) -> None:
    with FileIO(part.file) as file:
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
