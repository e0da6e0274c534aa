"""HubClient: the one port to the hub; whatever is not provably the hub is an outage."""

import gzip
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import certifi
import httpx
import msgspec

from node.uplink.answers import (
    Gap,
    Outage,
    Said,
    busy,
    check_status,
    decoded,
    is_json,
    outages,
    start_of,
)
from node.uplink.clock import HubClock
from shared.kit.clock import now, stamp
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.wire import paths, signing
from shared.wire.check import check_digits
from shared.wire.meeting import (
    CompareAnswer,
    CompareRequest,
    HelloAnswer,
    HelloRequest,
    HistoryAnswer,
    HistoryRequest,
)
from shared.wire.messages import (
    EnrolAnswer,
    EnrolRequest,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushGap,
    PushRequest,
)
from shared.wire.quality import QualityAnswer, QualityRequest
from shared.wire.ready import ReadyAnswer, ReadyReport
from shared.wire.releases import ReleasesAnswer, ReleasesRequest

T = TypeVar("T")


@dataclass(slots=True)
class Identity:
    """Shared by the clients of one enrolment; the secret changes when the hub gives another."""

    node_id: int
    secret: str
    earlier: str = ""
    """The secret before: a hub that was put back in time knows no other."""

    def turn_back(self) -> bool:
        """Try it with the other one; False where there is none."""
        if not self.earlier:
            return False
        self.secret, self.earlier = self.earlier, self.secret
        return True


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

    def use(self, secret: str) -> None:
        """From now on, in all clients of this enrolment."""
        if secret != self._identity.secret:
            self._identity.secret, self._identity.earlier = secret, self._identity.secret

    @property
    def secret(self) -> str:
        return self._identity.secret

    async def push(self, request: PushRequest) -> PushAnswer:
        """Gap when the hub expects another event."""
        body = gzip.compress(msgspec.json.encode(request), 6, mtime=0)
        status, content = await self._ask(paths.PUSH, body, {"Content-Encoding": "gzip"})
        if status == 409:
            raise Gap(decoded(content, PushGap).expected_seq)
        answer = decoded(content, PushAnswer)
        self._clock.learn(answer.server_time, self._moment(), self.last.rtt_s)
        return answer

    async def pull(self, request: PullRequest) -> PullAnswer:
        """Waits at the hub for up to `request.wait_s`."""
        answer = await self._told(paths.PULL, request, PullAnswer)
        # A long wait is the hub's, not the link's.
        rtt_s = self.last.rtt_s if request.wait_s == 0 else 0.0
        self._clock.learn(answer.server_time, self._moment(), rtt_s)
        return answer

    async def hello(self, request: HelloRequest) -> HelloAnswer:
        return await self._told(paths.HELLO, request, HelloAnswer)

    async def history(self, request: HistoryRequest) -> HistoryAnswer:
        return await self._told(paths.HISTORY, request, HistoryAnswer)

    async def compare(self, request: CompareRequest) -> CompareAnswer:
        return await self._told(paths.COMPARE, request, CompareAnswer)

    async def releases(self) -> ReleasesAnswer:
        return await self._told(paths.RELEASES, ReleasesRequest(), ReleasesAnswer)

    async def quality(self) -> QualityAnswer:
        return await self._told(paths.QUALITY, QualityRequest(), QualityAnswer)

    async def ready(self, report: ReadyReport) -> ReadyAnswer:
        return await self._told(paths.READY, report, ReadyAnswer)

    def video(self, sha256: str, start: int) -> AbstractAsyncContextManager[VideoStream]:
        """The video from byte `start`; its name is the proof of its content."""
        return self._stream(paths.VIDEO + sha256, start)

    def release(self, sha256: str, start: int) -> AbstractAsyncContextManager[VideoStream]:
        """A packed program of ours, as a video is fetched."""
        return self._stream(paths.RELEASE + sha256, start)

    def noise(self) -> AbstractAsyncContextManager[VideoStream]:
        """Bytes without meaning, for as long as they are taken."""
        return self._stream(paths.MEASURE, 0)

    @asynccontextmanager
    async def _stream(self, path: str, start: int) -> AsyncIterator[VideoStream]:
        for is_last in (False, True):
            nonce, secret = new_nonce(), self._identity.secret
            headers = {"Accept-Encoding": "identity"} | self._signed("GET", path, b"", nonce)
            if start:
                headers["Range"] = f"bytes={start}-"
            with outages():
                async with self._http.stream("GET", path[1:], headers=headers) as response:
                    if response.has_redirect_location:
                        # To where the city keeps its videos: our signature stays with the hub.
                        async with self._at(response, start) as stream:
                            yield stream
                            return
                    if response.status_code == 401:
                        await response.aread()
                        if not is_last and self._learn(response, nonce, secret):
                            continue
                    yield VideoStream(start_of(response, start), response.aiter_bytes())
                    return

    @asynccontextmanager
    async def _at(self, answer: httpx.Response, start: int) -> AsyncIterator[VideoStream]:
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        address = answer.url.join(answer.headers["Location"])
        async with self._http.stream("GET", address, headers=headers) as response:
            yield VideoStream(start_of(response, start), response.aiter_bytes())

    async def _told(self, path: str, request: msgspec.Struct, kind: type[T]) -> T:
        status, content = await self._ask(path, msgspec.json.encode(request), {})
        if status != 200:
            raise Outage(f"市级中心回答异常（{status}）")
        return decoded(content, kind)

    async def _ask(self, path: str, body: bytes, extra: dict[str, str]) -> tuple[int, bytes]:
        """POST; a 401 may only mean that our clock or secret is wrong: tried once more."""
        for is_last in (False, True):
            nonce, secret = new_nonce(), self._identity.secret
            headers = {"Content-Type": "application/json"} | extra
            headers |= self._signed("POST", path, body, nonce)
            began = time.monotonic()
            with outages():
                response = await self._http.post(path[1:], content=body, headers=headers)
            self.last = Exchanged(
                len(body) + response.num_bytes_downloaded, time.monotonic() - began
            )
            is_refused = response.status_code == 401
            if is_refused and not is_last and self._learn(response, nonce, secret):
                continue
            return response.status_code, self._believed(response, nonce, secret)
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

    def _learn(self, response: httpx.Response, nonce: str, secret: str) -> bool:
        """Whether another try may go better: with the hub's time, or with the other secret."""
        if not _is_signed(response, nonce, secret):
            return self._identity.turn_back()
        server_time = response.headers.get(paths.TIME_HEADER, "")
        self._clock.learn(server_time, self._moment(), 0.0)
        return bool(server_time)

    def _believed(self, response: httpx.Response, nonce: str, secret: str) -> bytes:
        if _is_unconfirmed(response) and _is_signed(response, nonce, secret):
            raise Outage(
                "市级中心还没有确认本节点接入。请打电话给市级管理员，"
                f"告诉他本机的核对码：{check_digits(secret)}"
            )
        check_status(response)
        if not _is_signed(response, nonce, secret):
            raise Outage("回答的不是市级中心（签名不符），请检查网络是否需要登录或被拦截")
        return response.content


def _is_unconfirmed(response: httpx.Response) -> bool:
    if response.status_code != 403 or not is_json(response):
        return False
    return decoded(response.content, Said).code == paths.UNCONFIRMED


def _is_signed(response: httpx.Response, nonce: str, secret: str) -> bool:
    given = response.headers.get(paths.SIGNATURE_HEADER, "")
    return signing.matches(signing.sign_answer(secret, nonce, response.content), given)


def new_nonce() -> str:
    return new_id(now())


async def ask_to_enrol(http: httpx.AsyncClient, request: EnrolRequest) -> EnrolAnswer:
    """Refusal with the hub's own words where it says no; Outage where it says nothing."""
    body = msgspec.json.encode(request)
    with outages():
        response = await http.post(
            paths.ENROL[1:], content=body, headers={"Content-Type": "application/json"}
        )
    if not is_json(response):
        raise Outage("这个地址回答的不是市级中心，请检查地址，或网络是否需要登录")
    if 400 <= response.status_code < 500:
        said = decoded(response.content, Said)
        raise Refusal(said.code, said.text, response.status_code)
    if response.status_code not in (200, 201):
        raise busy(response)
    given = response.headers.get(paths.SIGNATURE_HEADER, "")
    if not signing.matches(signing.sign_enrolment(body, response.content), given):
        raise Outage("市级中心的回答在路上损坏了，或回答的不是市级中心，请再试一次")
    return decoded(response.content, EnrolAnswer)
