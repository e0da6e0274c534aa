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

from hub.store import nodes
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


async def identify(request: AnyRequest, store: Store) -> Visitor:
    """Refuses with 401 whoever is not an enrolled node with its own signature and a fresh time."""
    node = await anyio.to_thread.run_sync(_node, store, request.headers.get(NODE_HEADER, ""))
    if node is None or node.secret is None:
        retired = node is not None and node.state == "retired"
        code, text = ("retired", "本节点已停用。") if retired else ("unknown_node", "未知的节点。")
        raise Refusal(code, text, 401)
    time, nonce = request.headers.get(TIME_HEADER, ""), request.headers.get(NONCE_HEADER, "")
    signed = signing.sign_request(
        node.secret, request.method, _path(request), await request.body(), time, nonce
    )
    if not signing.matches(signed, request.headers.get(SIGNATURE_HEADER, "")):
        raise Refusal("signature", "签名不正确，请重新接入本节点。", 401)
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    visitor = Visitor(node, node.secret, nonce, takes_gzip)
    request.state.visitor = visitor
    moment = now()
    _check_clock(time, moment)
    nonces: Nonces = request.app.state.nonces
    if not 0 < len(nonce) <= NONCE_LENGTH_MAX or not nonces.use(node.id, nonce, moment):
        raise Refusal("replay", "重复的请求。", 401)
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


def _node(store: Store, header: str) -> nodes.Node | None:
    if not header.isascii() or not header.isdigit() or len(header) > 9:
        return None
    with store.reading() as db:
        return nodes.node(db, int(header))


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
