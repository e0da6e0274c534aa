"""The doors for meeting: hello, the comparison of marks, and the history that a node lost."""

import anyio.to_thread
from litestar import Response, post
from litestar.di import NamedDependency

from hub.api.guard import AnyRequest, Visitor, decode, identify
from hub.work import meet_node
from shared.kit.clock import now
from shared.kit.store import Store
from shared.wire.meeting import CompareRequest, HelloRequest, HistoryRequest
from shared.wire.paths import COMPARE, HELLO, HISTORY


@post(HELLO, status_code=200, request_max_body_size=16_000)
async def hear_hello(request: AnyRequest, store: NamedDependency[Store]) -> Response[bytes]:
    visitor = await identify(request, store)
    said = decode(await request.body(), HelloRequest)
    return await anyio.to_thread.run_sync(_hello, store, visitor, said)


@post(COMPARE, status_code=200, request_max_body_size=1_000_000)
async def hear_comparison(request: AnyRequest, store: NamedDependency[Store]) -> Response[bytes]:
    visitor = await identify(request, store)
    asked = decode(await request.body(), CompareRequest)
    return await anyio.to_thread.run_sync(_compare, store, visitor, asked)


@post(HISTORY, status_code=200, request_max_body_size=4_000)
async def give_history(request: AnyRequest, store: NamedDependency[Store]) -> Response[bytes]:
    visitor = await identify(request, store)
    asked = decode(await request.body(), HistoryRequest)
    return await anyio.to_thread.run_sync(_history, store, visitor, asked)


def _hello(store: Store, visitor: Visitor, said: HelloRequest) -> Response[bytes]:
    with store.writing() as db:
        return visitor.answer(meet_node.hello(db, visitor.node, said, now()))


def _compare(store: Store, visitor: Visitor, asked: CompareRequest) -> Response[bytes]:
    with store.writing() as db:
        return visitor.answer(meet_node.compare(db, visitor.node, asked, now()))


def _history(store: Store, visitor: Visitor, asked: HistoryRequest) -> Response[bytes]:
    with store.reading() as db:
        return visitor.answer(meet_node.history(db, visitor.node, asked.after, now()))


ROUTES = [hear_hello, hear_comparison, give_history]
