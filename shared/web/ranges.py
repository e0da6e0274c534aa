"""Files as Litestar's answers: one byte range at a time, without holding up the event loop."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

import anyio.to_thread
from litestar import Litestar, Request, Response
from litestar.background_tasks import BackgroundTask, BackgroundTasks
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send, TypeEncodersMap

from shared.web.sending import Opening, stream
from shared.web.slices import Span, plan_answer


async def serve_file(
    path: Path, request: Request[Any, Any, Any], *, etag: str, media_type: str
) -> Response[None]:
    """The file or the part of it that was asked for; FileNotFoundError when there is none."""
    size = (await anyio.to_thread.run_sync(path.stat)).st_size
    plan = plan_answer(request.method, request.headers.get, etag, size)
    if plan.span is None:
        kind = MediaType.TEXT if plan.status == 416 else None
        return Response(None, status_code=plan.status, headers=plan.headers, media_type=kind)
    return FileSlice(path, plan.span, plan.headers, media_type, plan.status)


def attachment(path: Path, media_type: str, after: BackgroundTask | None = None) -> Response[None]:
    """The whole file, to be kept under its own name; `after` runs when it was sent."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}"}
    answer = FileSlice(path, Span(0, path.stat().st_size), headers, media_type, 200)
    answer.background = after
    return answer


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
        opening = Opening(self.path, self.span.start)
        try:
            file = await anyio.to_thread.run_sync(opening.open)
            await self.start_response(send)
            await stream(file, self.span, scope, receive, send)
        finally:
            # Also when the browser went away: it seeks, and each seek drops a connection.
            opening.close()
        await self.after_response()
