"""Who asks: a node proves itself with its signature, and gets its answers signed."""

import gzip
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import anyio.to_thread
import msgspec
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException

from hub.store import credentials, nodes
from hub.store.credentials import Credential
from hub.work import rotate_secret
from shared.kit.clock import now, parse_stamp, stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire import signing
from shared.wire.paths import (
    CLOCK_WINDOW_S,
    NODE_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    UNCONFIRMED,
)

NONCES_KEPT = timedelta(seconds=2 * CLOCK_WINDOW_S)
"""A request is valid for one window before and one after its time."""
NONCE_LENGTH_MAX = 64
GZIP_FROM_BYTES = 1400

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A node that has proved itself, for one request."""

    node: nodes.Node
    secret: str
    nonce: str
    takes_gzip: bool
    is_retired: bool
    """Its secret is over: another PC stands in its place, or it was rotated long ago."""

    def answer(self, content: object, status_code: int = 200) -> Response[bytes]:
        """Signed over the JSON, bound to this request; packed when it is long."""
        body = msgspec.json.encode(content)
        headers = {SIGNATURE_HEADER: signing.sign_answer(self.secret, self.nonce, body)}
        if self.takes_gzip and len(body) >= GZIP_FROM_BYTES:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=4)
        return Response(body, status_code=status_code, headers=headers, media_type=MediaType.JSON)


class Nonces:
    """The nonces of the last half hour: a request that was heard of cannot be played again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], datetime] = {}

    def use(self, node_id: int, nonce: str, moment: datetime) -> bool:
        """False when it was used before."""
        while self._seen:
            oldest = next(iter(self._seen))
            if moment - self._seen[oldest] < NONCES_KEPT:
                break
            del self._seen[oldest]
        if (node_id, nonce) in self._seen:
            return False
        self._seen[node_id, nonce] = moment
        return True


async def identify(request: AnyRequest, store: Store, *, also_retired: bool = False) -> Visitor:
    """Refuses with 401 whoever is not an enrolled node with its own signature and a fresh time.

    One whose secret is over is let in only where nothing is ever refused for that.
    """
    moment = now()
    known = await anyio.to_thread.run_sync(_known, store, request.headers.get(NODE_HEADER, ""))
    if known is None:
        raise Refusal("unknown_node", "未知的节点。", 401)
    node, secrets = known
    time, nonce = request.headers.get(TIME_HEADER, ""), request.headers.get(NONCE_HEADER, "")
    body, given = await request.body(), request.headers.get(SIGNATURE_HEADER, "")
    asked = (request.method, _path(request), body, time, nonce)
    used = next(
        (c for c in secrets if signing.matches(signing.sign_request(c.secret, *asked), given)),
        None,
    )
    if used is None and node.state == "retired":
        raise Refusal("retired", "本节点已停用。", 401)
    if used is None:
        raise Refusal("signature", "签名不正确，请重新接入本节点。", 401)
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    is_retired = rotate_secret.is_over(node, used, moment)
    visitor = Visitor(node, used.secret, nonce, takes_gzip, is_retired)
    request.state.visitor = visitor
    _check_clock(time, moment)
    nonces: Nonces = request.app.state.nonces
    if not 0 < len(nonce) <= NONCE_LENGTH_MAX or not nonces.use(node.id, nonce, moment):
        raise Refusal("replay", "重复的请求。", 401)
    if is_retired and not also_retired:
        raise Refusal("retired", "本节点已停用，或它的凭据已作废，请联系市级管理员。", 401)
    if node.check_digits:
        raise Refusal(UNCONFIRMED, "市级中心还没有确认本节点接入。", 403)
    if used.state == "next":
        await anyio.to_thread.run_sync(_promote, store, node, moment)
    return visitor


def decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Refusal("bad_body", f"请求的内容不正确：{error}", 400) from error


def refused(request: AnyRequest, error: Refusal) -> Response[bytes]:
    """A refusal as JSON, signed when the node has proved itself; always with the hub's time."""
    server_time = stamp(now())
    content = {"code": error.code, "text": error.text, "server_time": server_time}
    visitor = getattr(request.state, "visitor", None)
    signed = visitor.answer if isinstance(visitor, Visitor) else plain
    answer = signed(content, error.status)
    answer.headers[TIME_HEADER] = server_time
    return answer


def plain(content: object, status_code: int = 200) -> Response[bytes]:
    """An answer to someone whose secret is not known yet, or is not the one we know."""
    body = msgspec.json.encode(content)
    return Response(body, status_code=status_code, media_type=MediaType.JSON)


def refused_by_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    return refused(request, Refusal("bad_request", "请求不正确。", error.status_code))


def address_of(request: AnyRequest) -> str:
    return request.client.host if request.client else ""


def _known(store: Store, header: str) -> tuple[nodes.Node, list[Credential]] | None:
    """The node of this id, and every secret that it has, or had."""
    if not header.isascii() or not header.isdigit() or len(header) > 9:
        return None
    with store.reading() as db:
        node = nodes.node(db, int(header))
        if node is None:
            return None
        return node, rotate_secret.secrets_of(db, node)


def _promote(store: Store, node: nodes.Node, moment: datetime) -> None:
    """The node uses its next secret: from now on that is the one."""
    with store.writing() as db:
        credentials.promote(db, node.id, moment)


def _path(request: AnyRequest) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _check_clock(time: str, moment: datetime) -> None:
    try:
        given = parse_stamp(time)
        is_near = abs((moment - given).total_seconds()) <= CLOCK_WINDOW_S
    except (ValueError, TypeError, OverflowError):
        is_near = False
    if not is_near:
        raise Refusal("clock", "节点的时钟与市级中心相差太大。", 401)
