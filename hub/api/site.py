"""The doors for the site check: what a lab says of itself, and bytes to measure its line by."""

import os
import time
from collections import deque
from collections.abc import AsyncIterator

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from hub.api.guard import AnyRequest, Visitor, decode, identify
from hub.store import readiness
from shared.kit.clock import now, stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.paths import MEASURE, READY
from shared.wire.ready import ReadyAnswer, ReadyReport

CHUNK_BYTES = 256 * 1024
STREAM_S = 12.0
STREAMS_MAX = 16
"""At once: four labs. More of them would measure each other, not their lines."""


class Measuring:
    """The streams that were begun of late: one that broke off is over when its time is."""

    def __init__(self) -> None:
        self._noise = os.urandom(CHUNK_BYTES)
        self._begun: deque[float] = deque()

    def begin(self, moment_s: float) -> None:
        while self._begun and moment_s - self._begun[0] >= STREAM_S:
            self._begun.popleft()
        if len(self._begun) >= STREAMS_MAX:
            raise Refusal("busy", "正有别的机房在测速，请过一分钟再测。", 429)
        self._begun.append(moment_s)

    async def stream(self, until_s: float) -> AsyncIterator[bytes]:
        while time.monotonic() < until_s:
            yield self._noise


@post(READY, status_code=200, request_max_body_size=16_000)
async def hear_readiness(request: AnyRequest, store: NamedDependency[Store]) -> Response[bytes]:
    visitor = await identify(request, store)
    report = decode(await request.body(), ReadyReport)
    return await anyio.to_thread.run_sync(_keep, store, visitor, report)


@get(MEASURE)
async def give_noise(request: AnyRequest, store: NamedDependency[Store]) -> Stream:
    await identify(request, store)
    measuring: Measuring = request.app.state.measuring
    began = time.monotonic()
    measuring.begin(began)
    return Stream(measuring.stream(began + STREAM_S), media_type="application/octet-stream")


def _keep(store: Store, visitor: Visitor, report: ReadyReport) -> Response[bytes]:
    moment = now()
    with store.writing() as db:
        readiness.put(db, visitor.node.id, report, moment)
    return visitor.answer(ReadyAnswer(stamp(moment)))


ROUTES = [hear_readiness, give_noise]
