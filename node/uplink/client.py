"""HubClient: the one port to the hub; whatever is not provably the hub is an outage."""

import gzip
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import certifi
import httpx
import msgspec

from node.uplink.clock import HubClock
from shared.kit.clock import now, stamp
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.wire import paths, signing
from shared.wire.messages import (
    EnrolAnswer,
    EnrolRequest,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushGap,
    PushRequest,
)

T = TypeVar("T")

SECRET_BYTES = 32
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class Outage(Exception):
    """The hub cannot be reached now; `text` is Chinese, for the status page."""

    def __init__(self, text: str, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.text = text
        self.retry_after_s = retry_after_s


class Gap(Exception):
    """The hub holds another part of our history than we thought."""

    def __init__(self, expected_seq: int) -> None:
        super().__init__(f"the hub expects event {expected_seq}")
        self.expected_seq = expected_seq


class Missing(Exception):
    """The hub has no such video."""


@dataclass(frozen=True, slots=True)
class Identity:
    node_id: int
    secret: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What one exchange cost."""

    bytes: int
    rtt_s: float

    @property
    def ms(self) -> int:
        return round(self.rtt_s * 1000)


@dataclass(frozen=True, slots=True)
class VideoStream:
    start: int
    """The offset the bytes begin at: 0 where the hub would not resume."""
    chunks: AsyncIterator[bytes]


def ssl_context() -> ssl.SSLContext:
    """The system's store (schools' inspection proxies) and certifi's together.

    Windows fills its own store lazily, so it alone may lack the root of a good certificate.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class HubClient:
    """Signs what it sends and believes only what the hub signed."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        identity: Identity,
        clock: HubClock,
        moment: Callable[[], datetime] = now,
    ) -> None:
        self._http = http
        self._identity = identity
        self._clock = clock
        self._moment = moment
        self.last = Exchanged(0, 0.0)

    async def push(self, request: PushRequest) -> PushAnswer:
        """Gap when the hub expects another event."""
        body = gzip.compress(msgspec.json.encode(request), 6, mtime=0)
        status, content = await self._ask(paths.PUSH, body, {"Content-Encoding": "gzip"})
        if status == 409:
            raise Gap(_decoded(content, PushGap).expected_seq)
        answer = _decoded(content, PushAnswer)
        self._clock.learn(answer.server_time, self._moment(), self.last.rtt_s)
        return answer

    async def pull(self, request: PullRequest) -> PullAnswer:
        """Waits at the hub for up to `request.wait_s`."""
        status, content = await self._ask(paths.PULL, msgspec.json.encode(request), {})
        if status != 200:
            raise Outage(f"市级中心回答异常（{status}）")
        answer = _decoded(content, PullAnswer)
        # A long wait is the hub's, not the link's.
        rtt_s = self.last.rtt_s if request.wait_s == 0 else 0.0
        self._clock.learn(answer.server_time, self._moment(), rtt_s)
        return answer

    @asynccontextmanager
    async def video(self, sha256: str, start: int) -> AsyncIterator[VideoStream]:
        """The video from byte `start`; its name is the proof of its content."""
        path = paths.VIDEO + sha256
        for is_last in (False, True):
            headers = {"Accept-Encoding": "identity"} | self._signed("GET", path, b"", new_nonce())
            if start:
                headers["Range"] = f"bytes={start}-"
            with _outages():
                async with self._http.stream("GET", path[1:], headers=headers) as response:
                    if response.status_code == 401 and not is_last and self._learn(response):
                        continue
                    yield VideoStream(_start_of(response, start), response.aiter_bytes())
                    return

    async def _ask(self, path: str, body: bytes, extra: dict[str, str]) -> tuple[int, bytes]:
        """POST; a 401 may only mean that our clock is wrong, so it is tried once more."""
        for is_last in (False, True):
            nonce = new_nonce()
            headers = {"Content-Type": "application/json"} | extra
            headers |= self._signed("POST", path, body, nonce)
            began = time.monotonic()
            with _outages():
                response = await self._http.post(path[1:], content=body, headers=headers)
            self.last = Exchanged(
                len(body) + response.num_bytes_downloaded, time.monotonic() - began
            )
            if response.status_code == 401 and not is_last and self._learn(response):
                continue
            return response.status_code, self._believed(response, nonce)
        raise RuntimeError("the second try always returns")

    def _signed(self, method: str, path: str, body: bytes, nonce: str) -> dict[str, str]:
        moment = stamp(self._clock.at_hub(self._moment()))
        return {
            paths.NODE_HEADER: str(self._identity.node_id),
            paths.TIME_HEADER: moment,
            paths.NONCE_HEADER: nonce,
            paths.SIGNATURE_HEADER: signing.sign_request(
                self._identity.secret, method, path, body, moment, nonce
            ),
        }

    def _learn(self, response: httpx.Response) -> bool:
        """True when the hub said what time it is."""
        server_time = response.headers.get(paths.TIME_HEADER, "")
        self._clock.learn(server_time, self._moment(), self.last.rtt_s)
        return bool(server_time)

    def _believed(self, response: httpx.Response, nonce: str) -> bytes:
        _check_status(response)
        given = response.headers.get(paths.SIGNATURE_HEADER, "")
        expected = signing.sign_answer(self._identity.secret, nonce, response.content)
        if not signing.matches(expected, given):
            raise Outage("回答的不是市级中心（签名不符），请检查网络是否需要登录或被拦截")
        return response.content


def new_nonce() -> str:
    return new_id(now())


async def ask_to_enrol(http: httpx.AsyncClient, request: EnrolRequest) -> EnrolAnswer:
    """Refusal with the hub's own words where it says no; Outage where it says nothing."""
    with _outages():
        response = await http.post(
            paths.ENROL[1:],
            content=msgspec.json.encode(request),
            headers={"Content-Type": "application/json"},
        )
    if not _is_json(response):
        raise Outage("这个地址回答的不是市级中心，请检查地址，或网络是否需要登录")
    if 400 <= response.status_code < 500 and response.status_code not in RETRIED:
        said = _decoded(response.content, _Said)
        raise Refusal(said.code, said.text, response.status_code)
    if response.status_code not in (200, 201):
        raise _busy(response)
    answer = _decoded(response.content, EnrolAnswer)
    try:
        is_secret = len(bytes.fromhex(answer.secret)) == SECRET_BYTES
    except ValueError:
        is_secret = False
    if not is_secret:
        raise Outage("这个地址回答的不是市级中心，请检查地址")
    return answer


class _Said(msgspec.Struct):
    """How the hub refuses."""

    code: str
    text: str


class _outages:  # noqa: N801 - reads as a statement
    """Turns what httpx says of the link into an Outage."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, httpx.TransportError | httpx.TooManyRedirects | httpx.DecodingError):
            raise Outage(_explained(error)) from error
        if isinstance(error, httpx.InvalidURL | ssl.SSLError):
            raise Outage(_explained(error)) from error


def _explained(error: Exception) -> str:
    said = str(error).lower()
    if "certificate" in said:
        return f"市级中心的证书没有通过检查；本机时间是 {now().astimezone():%Y-%m-%d %H:%M}，请先校准"
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return "连接不到市级中心，请检查网络"
    if isinstance(error, httpx.TimeoutException):
        return "市级中心没有及时回答"
    return "与市级中心的连接中断"


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in RETRIED:
        raise _busy(response)
    if status in (401, 403) and _is_json(response):
        raise Outage(f"市级中心不接受本节点的凭据：{_decoded(response.content, _Said).text}")
    if status not in (200, 201, 409):
        raise Outage(f"市级中心回答异常（{status}）")
    if not _is_json(response):
        raise Outage("回答的不是市级中心，请检查网络是否需要登录或被拦截")


def _busy(response: httpx.Response) -> Outage:
    try:
        after_s = float(response.headers.get("Retry-After", "0"))
    except ValueError:
        after_s = 0.0
    return Outage(f"市级中心暂时不能服务（{response.status_code}）", min(max(after_s, 0.0), 300.0))


def _start_of(response: httpx.Response, wanted: int) -> int:
    if response.status_code == 404:
        raise Missing
    if response.status_code == 206:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {wanted}-"):
            raise Outage("下载视频时回答异常（范围不符）")
        return wanted
    if response.status_code == 416:
        return 0
    if response.status_code != 200:
        raise Outage(f"下载视频时回答异常（{response.status_code}）")
    return 0


def _is_json(response: httpx.Response) -> bool:
    return bool(response.headers.get("Content-Type", "").startswith("application/json"))


def _decoded(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise Outage("市级中心的回答读不懂，可能版本不一致") from error
