"""Bare ways to send a file from Python, asking nobody who wants it: what the node is compared with.

Each is an application for a server; the folder of the files comes in the environment.
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio.to_thread

from shared.web.sending import ZERO_COPY
from shared.web.slices import Span, parse_range

FOLDER = "BARE_FOLDER"
CHUNK_BYTES = 256 * 1024

Send = Callable[[Any], Awaitable[None]]


async def inline(scope: Any, receive: Any, send: Send) -> None:
    """The event loop itself reads, and everybody waits where the disk is slow."""
    if scope["type"] != "http":
        return
    path, span = _asked(scope)
    with path.open("rb", buffering=0) as file:
        await send(_start(span, path))
        file.seek(span.start)
        left = span.end - span.start
        while left > 0:
            chunk = file.read(min(CHUNK_BYTES, left))
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})


async def threads(scope: Any, receive: Any, send: Send) -> None:
    if scope["type"] != "http":
        return
    path, span = _asked(scope)
    with await anyio.to_thread.run_sync(path.open, "rb", 0) as file:
        await send(_start(span, path))
        file.seek(span.start)
        left = span.end - span.start
        while left > 0:
            chunk = await anyio.to_thread.run_sync(file.read, min(CHUNK_BYTES, left))
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})


async def by_transport(scope: Any, receive: Any, send: Send) -> None:
    """For node.zero_copy.ZeroCopyProtocol: the kernel sends from the file to the socket."""
    if scope["type"] != "http":
        return
    path, span = _asked(scope)
    with path.open("rb", buffering=0) as file:
        await send(_start(span, path))
        count = span.end - span.start
        await send({"type": ZERO_COPY, "file": file, "offset": span.start, "count": count})


async def by_granian(scope: Any, protocol: Any) -> None:
    """Granian's own interface: its Rust threads read the file, and Python never sees it."""
    path, span = _path(scope.path), None
    size = path.stat().st_size
    if asked := scope.headers.get("range"):
        span = parse_range(asked, size)
    span = span or Span(0, size)
    length = str(span.end - span.start)
    headers = [("content-type", "video/mp4"), ("content-length", length)]
    protocol.response_file_range(206 if asked else 200, headers, str(path), span.start, span.end)


def _asked(scope: Any) -> tuple[Path, Span]:
    path = _path(scope["path"])
    size = path.stat().st_size
    found = dict(scope["headers"]).get(b"range", b"").decode()
    return path, parse_range(found, size) or Span(0, size)


def _path(asked: str) -> Path:
    return Path(os.environ[FOLDER], asked.removeprefix("/"))


def _start(span: Span, path: Path) -> dict[str, Any]:
    is_part = span != Span(0, path.stat().st_size)
    length = str(span.end - span.start).encode()
    headers = [(b"content-type", b"video/mp4"), (b"content-length", length)]
    return {"type": "http.response.start", "status": 206 if is_part else 200, "headers": headers}
