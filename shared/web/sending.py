"""Sends a part of a file: by the kernel where the server can, else read in threads."""

import asyncio
import os
from io import FileIO
from pathlib import Path
from typing import Any, cast

import anyio.to_thread
from litestar.types import Receive, Scope, Send

from shared.web.slices import Span

CHUNK_BYTES = 512 * 1024
ZERO_COPY = "http.response.zerocopysend"
"""The ASGI extension by which a server sends from a file without its bytes passing through us."""
PROBE_BYTES = 128 * 1024


async def stream(file: FileIO, span: Span, scope: Scope, receive: Receive, send: Send) -> None:
    if ZERO_COPY in (scope.get("extensions") or {}) and span.end > span.start:
        await _send_by_kernel(file, span, send)
        return
    left = span.end - span.start
    if left == 0:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    # A server swallows what is sent to a browser that left: without this we would read on.
    leaving = asyncio.create_task(_until_it_leaves(receive))
    try:
        while left > 0 and not leaving.done():
            chunk = await anyio.to_thread.run_sync(file.read, min(CHUNK_BYTES, left))
            if not chunk:
                raise EOFError(f"{file.name} became shorter while it was sent")
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
    finally:
        leaving.cancel()


async def _send_by_kernel(file: FileIO, span: Span, send: Send) -> None:
    if not is_in_memory(file.fileno(), span):
        # The kernel would read the disk while everybody else waits for the event loop.
        await anyio.to_thread.run_sync(_read_ahead, file.fileno(), span)
    message = {
        "type": ZERO_COPY,
        "file": file,
        "offset": span.start,
        "count": span.end - span.start,
        "more_body": False,
    }
    await send(cast(Any, message))


def is_in_memory(descriptor: int, span: Span) -> bool:
    """Whether the span can be had without the disk: looked at every PROBE_BYTES, never waiting."""
    byte = bytearray(1)
    try:
        for place in (*range(span.start, span.end, PROBE_BYTES), span.end - 1):
            os.preadv(descriptor, [byte], place, os.RWF_NOWAIT)
    except OSError:
        # BlockingIOError, or a file system that cannot tell.
        return False
    return True


def is_all_in_memory(path: Path) -> bool:
    """The same for a whole file; False where the system cannot tell."""
    if not hasattr(os, "RWF_NOWAIT"):
        return False
    try:
        with path.open("rb", buffering=0) as file:
            return is_in_memory(file.fileno(), Span(0, os.fstat(file.fileno()).st_size))
    except OSError:
        return False


def _read_ahead(descriptor: int, span: Span) -> None:
    for place in range(span.start, span.end, CHUNK_BYTES):
        os.pread(descriptor, min(CHUNK_BYTES, span.end - place), place)


async def _until_it_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Opening:
    """A file that is closed even when whoever waited for its opening was cancelled meanwhile."""

    def __init__(self, path: Path, start: int) -> None:
        self._path, self._start = path, start
        self._file: FileIO | None = None
        self._is_over = False

    def open(self) -> FileIO:
        self._file = file = open_at(self._path, self._start)
        if self._is_over:
            file.close()
        return file

    def close(self) -> None:
        self._is_over = True
        if self._file is not None:
            self._file.close()


def open_at(path: Path, start: int) -> FileIO:
    file = path.open("rb", buffering=0)
    file.seek(start, os.SEEK_SET)
    return file
