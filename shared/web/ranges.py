"""Files in slices: one byte range at a time, streamed without holding up the event loop."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Optional
from urllib.parse import quote

import anyio
import anyio.to_thread
from litestar import Litestar, Request, Response
from litestar.background_tasks import BackgroundTask, BackgroundTasks
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send, TypeEncodersMap

CHUNK_BYTES = 256 * 1024

_ONE_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII)
_TAG = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` of a file, `end` not included."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """The range asked for lies outside the file, or is more than one."""


async def serve_file(
    path: Path, request: Request[Any, Any, Any], *, etag: str, media_type: str
) -> Response[None]:
    """The file or the part of it that was asked for; FileNotFoundError when there is none.

    `etag` is the hash of the content, so it is a strong one.
    """
    size = (await anyio.to_thread.run_sync(path.stat)).st_size
    headers = {
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
        # Asked again each time: on a shared PC the next person may not see the last one's video.
        "Cache-Control": "private, no-cache",
    }
    if _is_known(request.headers.get("if-none-match"), etag):
        return Response(None, status_code=304, headers=headers)
    try:
        span = _wanted(request, etag, size)
    except Unsatisfiable:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(None, status_code=416, headers=headers, media_type=MediaType.TEXT)
    if span is None:
        return FileSlice(path, Span(0, size), headers, media_type, 200)
    headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    return FileSlice(path, span, headers, media_type, 206)


def attachment(path: Path, media_type: str, after: BackgroundTask | None = None) -> Response[None]:
    """The whole file, to be kept under its own name; `after` runs when it was sent."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}"}
    answer = FileSlice(path, Span(0, path.stat().st_size), headers, media_type, 200)
    answer.background = after
    return answer


def parse_range(header: str, size: int) -> Span | None:
    """None when the header is not one we understand and must be ignored (RFC 9110, 14.2)."""
    if not header.startswith("bytes="):
        return None
    if "," in header:
        raise Unsatisfiable
    match = _ONE_RANGE.fullmatch(header)
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, end)


def _wanted(request: Request[Any, Any, Any], etag: str, size: int) -> Span | None:
    header = request.headers.get("range")
    if header is None or request.method != "GET":
        return None
    # If-Range takes a strong tag only; a date never matches, since we send none.
    if request.headers.get("if-range", f'"{etag}"') != f'"{etag}"':
        return None
    return parse_range(header, size)


def _is_known(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    tags = {tag.removeprefix("W/") for tag in _TAG.findall(header)}
    return header.strip() == "*" or f'"{etag}"' in tags


class FileSlice(Response[None]):
    """A slice of a file; the file is opened when sending begins and closed in every case."""

    def __init__(
        self, path: Path, span: Span, headers: dict[str, str], media_type: str, status_code: int
    ) -> None:
        super().__init__(None, headers=headers, media_type=media_type, status_code=status_code)
        self.path = path
        self.span = span

    def to_asgi_response(
        self,
        app: Litestar | None,
        request: Request[Any, Any, Any],
        *,
        background: BackgroundTask | BackgroundTasks | None = None,
        cookies: Iterable[Cookie] | None = None,
        encoded_headers: Iterable[tuple[bytes, bytes]] | None = None,
        headers: dict[str, str] | None = None,
        is_head_response: bool = False,
        media_type: MediaType | str | None = None,
        status_code: int | None = None,
        type_encoders: Optional[TypeEncodersMap] = None,  # noqa: UP045 (an alias given as text)
    ) -> ASGIResponse:
        answer = _SliceResponse(
            background=self.background or background,
            cookies=[*self.cookies, *(cookies or ())],
            headers={**(headers or {}), **self.headers},
            media_type=self.media_type,
            status_code=self.status_code,
            content_length=self.span.end - self.span.start,
        )
        answer.is_head_response = request.method == "HEAD"
        answer.path, answer.span = self.path, self.span
        return answer


class _SliceResponse(ASGIResponse):
    __slots__ = ("path", "span")
    path: Path
    span: Span

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.is_head_response:
            await super().__call__(scope, receive, send)
            return
        opening = _Opening(self.path, self.span.start)
        try:
            file = await anyio.to_thread.run_sync(opening.open)
            await self.start_response(send)
            await self._stream(file, receive, send)
        finally:
            # Also when the browser went away: it seeks, and each seek drops a connection.
            opening.close()
        await self.after_response()

    async def _stream(self, file: IO[bytes], receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_on_disconnect, receive, group.cancel_scope)
            left = self.span.end - self.span.start
            while left > 0:
                chunk = await anyio.to_thread.run_sync(file.read, min(CHUNK_BYTES, left))
                if not chunk:
                    raise EOFError(f"{self.path.name} became shorter while it was sent")
                left -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
            if self.span.end == self.span.start:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            group.cancel_scope.cancel()


async def _cancel_on_disconnect(receive: Receive, scope: anyio.CancelScope) -> None:
    # A server swallows what is sent to a browser that left: without this we would read on.
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            scope.cancel()
            return


class _Opening:
    """A file that is closed even when whoever waited for its opening was cancelled meanwhile."""

    def __init__(self, path: Path, start: int) -> None:
        self._path, self._start = path, start
        self._file: IO[bytes] | None = None
        self._is_over = False

    def open(self) -> IO[bytes]:
        self._file = file = _open_at(self._path, self._start)
        if self._is_over:
            file.close()
        return file

    def close(self) -> None:
        self._is_over = True
        if self._file is not None:
            self._file.close()


def _open_at(path: Path, start: int) -> IO[bytes]:
    file = path.open("rb", buffering=0)
    file.seek(start, os.SEEK_SET)
    return file
