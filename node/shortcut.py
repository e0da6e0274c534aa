"""The short way for slices of a clip: what was allowed a moment ago is not asked for again."""

import os
from collections.abc import Callable
from io import FileIO

import anyio.to_thread
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPResponseStartEvent, HTTPScope, Receive, Scope, Send

from node.videos.grants import Grant, Grants
from node.videos.verified import Verified
from node.zero_copy import Part
from shared.web.rendering import SECURITY_HEADERS
from shared.web.sending import ZERO_COPY, Opening, stream
from shared.web.slices import Plan, plan_answer


class Shortcut:
    """Stands before the application, which has all other requests, and the first of each clip."""

    def __init__(self, app: Litestar) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            header = _headers_of(scope)
            grant = self._granted(scope, header)
            if grant is not None and await self._serve(grant, header, scope, receive, send):
                return
        await self._app(scope, receive, send)

    def at_once(self, scope: HTTPScope) -> Part | None:
        """The answer, where nothing has to be waited for: no disk, no thread, no database."""
        header = _headers_of(scope)
        grant = self._granted(scope, header)
        if grant is None or not grant.is_in_memory:
            return None
        try:
            file = FileIO(grant.path)
        except OSError:
            return None
        plan = self._plan(grant, header, file)
        if plan is None or plan.span is None:
            file.close()
            return None
        return Part(plan.status, _fields_of(plan), file, plan.span)

    def _granted(self, scope: HTTPScope, header: Callable[[str], str | None]) -> Grant | None:
        cookies = header("cookie")
        if cookies is None or scope["method"] != "GET":
            return None
        grants: Grants = self._app.state.grants
        return grants.grant(cookies, scope["path"])

    def _plan(self, grant: Grant, header: Callable[[str], str | None], file: FileIO) -> Plan | None:
        """None where the file is not the one that was verified."""
        state = os.fstat(file.fileno())
        verified: Verified = self._app.state.verified
        if not verified.knows(grant.sha256, state):
            return None
        return plan_answer("GET", header, grant.sha256, state.st_size)

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
            plan = None if file is None else self._plan(grant, header, file)
            if file is None or plan is None:
                return False
            await send(_start_of(plan))
            if plan.span is None:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                file.seek(plan.span.start)
                await stream(file, plan.span, scope, receive, send)
        finally:
            opening.close()
        return True


async def _open(opening: Opening, scope: HTTPScope) -> FileIO | None:
    try:
        if ZERO_COPY in (scope.get("extensions") or {}):
            return opening.open()
        # Elsewhere a virus scanner may look at the file first.
        return await anyio.to_thread.run_sync(opening.open)
    except OSError:
        return None


def _headers_of(scope: HTTPScope) -> Callable[[str], str | None]:
    found = dict(scope["headers"])

    def header(name: str) -> str | None:
        value = found.get(name.encode())
        return None if value is None else value.decode("latin-1")

    return header


def _start_of(plan: Plan) -> HTTPResponseStartEvent:
    own = [(name.lower().encode(), value.encode()) for name, value in _own_fields(plan).items()]
    return {"type": "http.response.start", "status": plan.status, "headers": [*own, *ALWAYS]}


def _fields_of(plan: Plan) -> bytes:
    own = "".join([f"{name}: {value}\r\n" for name, value in _own_fields(plan).items()])
    return own.encode() + ALWAYS_WRITTEN


def _own_fields(plan: Plan) -> dict[str, str]:
    fields = dict(plan.headers)
    if plan.span is not None:
        fields["Content-Type"] = "video/mp4"
    if plan.status != 304:
        fields["Content-Length"] = str(plan.span.end - plan.span.start if plan.span else 0)
    return fields


ALWAYS = [field for field in SECURITY_HEADERS if field[0] != b"cache-control"]
"""The plan has its own word on keeping a copy."""
ALWAYS_WRITTEN = b"".join(b"%b: %b\r\n" % field for field in ALWAYS)
