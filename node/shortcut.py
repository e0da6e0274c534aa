"""The short way for slices of a clip: what was allowed a moment ago is not asked for again."""

import os
from collections.abc import Callable
from typing import IO

import anyio.to_thread
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPResponseStartEvent, HTTPScope, Receive, Scope, Send

from node.videos.grants import Grant, Grants
from node.videos.verified import Verified
from shared.web.rendering import SECURITY_HEADERS
from shared.web.sending import ZERO_COPY, Opening, stream
from shared.web.slices import Plan, plan_answer

PREFIX = "/videos/"


class Shortcut:
    """Stands before the application, which has all other requests, and the first of each clip."""

    def __init__(self, app: Litestar) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "GET":
            header = _headers_of(scope)
            grant = self._granted(scope["path"], header("cookie"))
            if grant is not None and await self._serve(grant, header, scope, receive, send):
                return
        await self._app(scope, receive, send)

    def _granted(self, path: str, cookies: str | None) -> Grant | None:
        number = path.removeprefix(PREFIX)
        if cookies is None or number == path or not (number.isascii() and number.isdecimal()):
            return None
        grants: Grants = self._app.state.grants
        return grants.grant(cookies, int(number))

    async def _serve(
        self,
        grant: Grant,
        header: Callable[[str], str | None],
        scope: HTTPScope,
        receive: Receive,
        send: Send,
    ) -> bool:
        """False where the file is not the one that was verified: nothing was sent yet."""
        opening = Opening(grant.path, 0)
        try:
            file = await _open(opening, scope)
            if file is None:
                return False
            state = os.fstat(file.fileno())
            verified: Verified = self._app.state.verified
            if not verified.knows(grant.sha256, state):
                return False
            plan = plan_answer("GET", header, grant.sha256, state.st_size)
            await send(_start_of(plan))
            if plan.span is None:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                file.seek(plan.span.start)
                await stream(file, plan.span, scope, receive, send)
        finally:
            opening.close()
        return True


async def _open(opening: Opening, scope: HTTPScope) -> IO[bytes] | None:
    try:
        if ZERO_COPY in (scope.get("extensions") or {}):
            return opening.open()
        # Elsewhere a virus scanner may look at the file first.
        return await anyio.to_thread.run_sync(opening.open)
    except OSError:
        return None


def _headers_of(scope: HTTPScope) -> Callable[[str], str | None]:
    found = {name: value for name, value in scope["headers"]}

    def header(name: str) -> str | None:
        value = found.get(name.encode())
        return None if value is None else value.decode("latin-1")

    return header


def _start_of(plan: Plan) -> HTTPResponseStartEvent:
    length = plan.span.end - plan.span.start if plan.span else 0
    headers = [(k.lower().encode(), v.encode()) for k, v in plan.headers.items()]
    if plan.status != 304:
        headers.append((b"content-length", str(length).encode()))
    if plan.span is not None:
        headers.append((b"content-type", b"video/mp4"))
    present = {name for name, _ in headers}
    headers += [one for one in SECURITY_HEADERS if one[0] not in present]
    return {"type": "http.response.start", "status": plan.status, "headers": headers}
