"""The uplink's door: a batch of a node's events, answered only when it is on the disk."""

import zlib

import anyio.to_thread
from litestar import Response, post
from litestar.di import NamedDependency

from hub.api.bell import Bell
from hub.api.guard import AnyRequest, Visitor, decode, identify
from hub.work import dispute
from hub.work.receive_events import receive
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.messages import PushGap, PushRequest
from shared.wire.paths import PUSH, PUSH_BYTES_MAX

_GZIP = 16 + zlib.MAX_WBITS


@post(PUSH, status_code=200, request_max_body_size=PUSH_BYTES_MAX)
async def give_events(
    request: AnyRequest, store: NamedDependency[Store], bell: NamedDependency[Bell]
) -> Response[bytes]:
    visitor = await identify(request, store, also_retired=True)
    body = await request.body()
    is_packed = request.headers.get("content-encoding", "") == "gzip"
    asked = decode(_unpacked(body) if is_packed else body, PushRequest)
    answer = await anyio.to_thread.run_sync(_receive, store, visitor, asked)
    status = visitor.node.status
    if status and status.pending_events:
        # What the node last said of itself is out of date now: let it pull, and say it anew.
        bell.wake(visitor.node.district_id)
    return answer


def _receive(store: Store, visitor: Visitor, asked: PushRequest) -> Response[bytes]:
    with store.writing() as db:
        if visitor.is_retired:
            # Marks are never refused for a credential; a person decides what they count for.
            dispute.raise_alarm(db, visitor.node, "retired_secret", now())
        answer = receive(db, visitor.node, asked, now(), is_disputed=visitor.is_retired)
    return visitor.answer(answer, 409 if isinstance(answer, PushGap) else 200)


def _unpacked(body: bytes) -> bytes:
    """Bounded: a small body may claim to be a huge one."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(body, PUSH_BYTES_MAX + 1)
    except zlib.error as error:
        raise Refusal("bad_body", "请求的压缩内容已损坏。", 400) from error
    if len(content) > PUSH_BYTES_MAX:
        raise Refusal("too_large", "一次上报的内容太多。", 413)
    if not unpacker.eof:
        raise Refusal("bad_body", "请求的压缩内容不完整。", 400)
    return content


ROUTES = [give_events]
