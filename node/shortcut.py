"""The short way for slices of a clip: what was allowed a moment ago is not asked for again."""

import os
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Slices:
    """What somebody who was allowed a clip a moment ago asks of it, in as many requests as come."""

    grants: Grants
    verified: Verified
    cookies: str
    path: str
    """Of the URL."""
    headers: dict[str, str]
    """Those that decide which bytes are meant."""

    def part(self, asked: bytes | None = None) -> Part | None:
        """The answer, where nothing has to be waited for: no disk, no thread, no database.

        `asked`: the range, where it is another one than in the headers.
        """
        grant = self.granted()
        if grant is None or not grant.is_in_memory:
            return None
        try:
            file = os.open(grant.path, os.O_RDONLY)
        except OSError:
            return None
        plan = self.plan(grant, file, asked)
        if plan is None or plan.span is None:
            os.close(file)
            return None
        return Part(plan.status, _fields_of(plan), file, plan.span)

    def granted(self) -> Grant | None:
        return self.grants.grant(self.cookies, self.path)

    def plan(self, grant: Grant, file: int, asked: bytes | None = None) -> Plan | None:
        """None where the file is not the one that was verified."""
        state = os.fstat(file)
        if not self.verified.knows(grant.sha256, state):
            return None
        headers = {**self.headers, "range": asked.decode()} if asked else self.headers
        return plan_answer("GET", headers.get, grant.sha256, state.st_size)


class Shortcut:
    """Stands before the application, which has all other requests, and the first of each clip."""

    def __init__(self, app: Litestar) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            slices = self.slices(scope)
            if slices is not None and await _serve(slices, scope, receive, send):
                return
        await self._app(scope, receive, send)

    def slices(self, scope: HTTPScope) -> Slices | None:
        """None where the application has to be asked first."""
        found = dict(scope["headers"])
        cookies = found.get(b"cookie", b"").decode("latin-1")
        state, path = self._app.state, scope["path"]
        if scope["method"] != "GET" or state.grants.grant(cookies, path) is None:
            return None
        headers = {name: found[key].decode("latin-1") for key, name in DECIDING if key in found}
        return Slices(state.grants, state.verified, cookies, path, headers)


async def _serve(slices: Slices, scope: HTTPScope, receive: Receive, send: Send) -> bool:
    """False where the file is not the one that was verified: nothing was sent yet."""
    grant = slices.granted()
    if grant is None:
        return False
    opening = Opening(grant.path, 0)
    try:
        file = await _open(opening, scope)
        plan = None if file is None else slices.plan(grant, file.fileno())
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


DECIDING = [(name.encode(), name) for name in ("range", "if-range", "if-none-match")]
ALWAYS = [field for field in SECURITY_HEADERS if field[0] != b"cache-control"]
"""The plan has its own word on keeping a copy."""
ALWAYS_WRITTEN = b"".join(b"%b: %b\r\n" % field for field in ALWAYS)
