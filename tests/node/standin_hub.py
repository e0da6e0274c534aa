"""A small stand-in for the hub: signs like it, and does wrong what a test asks for."""

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from node.store import meta
from node.uplink.client import HubClient, Identity
from node.uplink.clock import HubClock
from node.work.give_mark import Answer, give_mark
from shared.kit.clock import parse_stamp, stamp
from shared.kit.store import Store
from shared.rules.rubric import levels_from_text
from shared.wire import chain, paths, signing
from shared.wire.meeting import CompareAnswer, HelloAnswer, HelloRequest, HistoryAnswer
from shared.wire.messages import (
    EnrolAnswer,
    EnrolRequest,
    Event,
    EventResult,
    FeedItem,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushGap,
    PushRequest,
    RoundProgress,
)
from shared.wire.releases import Release, ReleasesAnswer
from tests.makers import LEVELS_GOOD, NINE, WANG

SECRET = "ab" * 32
URL = "http://hub.test"

Handler = Callable[[httpx.Request], Awaitable[httpx.Response] | httpx.Response]


@dataclass
class StandInHub:
    """Keeps streams and a feed in memory; `wrong` holds what to do instead, once each."""

    hub_inc: str = "hub-1"
    skew: timedelta = timedelta()
    """How far the hub is ahead of this PC."""
    streams: dict[str, list[Event]] = field(default_factory=dict)
    codes: dict[str, EventResult] = field(default_factory=dict)
    feed: list[FeedItem] = field(default_factory=list)
    page: int = 500
    videos: dict[str, bytes] = field(default_factory=dict)
    releases: dict[str, bytes] = field(default_factory=dict)
    """Published zips by their names."""
    wrong: list[Handler] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    pulls: list[PullRequest] = field(default_factory=list)

    def http(self, _: str = URL) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._handle), base_url=URL)

    def client(self, clock: HubClock | None = None) -> HubClient:
        return HubClient(self.http(), Identity(7, SECRET), clock or HubClock())

    @property
    def events(self) -> list[Event]:
        return [event for stream in self.streams.values() for event in stream]

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.wrong:
            answer = self.wrong.pop(0)(request)
            return answer if isinstance(answer, httpx.Response) else await answer
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the hub answers when all goes well."""
        path = request.url.path
        if path == paths.ENROL:
            return self._enrol(request)
        if refused := self._refused(request):
            return refused
        if path == paths.PUSH:
            return self._push(request)
        if path == paths.PULL:
            return self._pull(request)
        if path == paths.RELEASES:
            listed = [a_release(name, content) for name, content in self.releases.items()]
            answer = ReleasesAnswer(listed, stamp(datetime.now(UTC) + self.skew))
            return self._signed(request, answer)
        if path.startswith(paths.RELEASE):
            held = {a_release(n, c).sha256: c for n, c in self.releases.items()}
            return _file(request, held.get(path.removeprefix(paths.RELEASE)))
        if path in (paths.HELLO, paths.HISTORY, paths.COMPARE):
            return self._signed(request, self._met(path, request))
        return _file(request, self.videos.get(path.removeprefix(paths.VIDEO)))

    def _refused(self, request: httpx.Request) -> httpx.Response | None:
        time, nonce = request.headers[paths.TIME_HEADER], request.headers[paths.NONCE_HEADER]
        signed = signing.sign_request(
            SECRET, request.method, request.url.path, request.content, time, nonce
        )
        if not signing.matches(signed, request.headers[paths.SIGNATURE_HEADER]):
            return httpx.Response(401, json={"code": "signature", "text": "签名不符。"})
        now = datetime.now(UTC) + self.skew
        if abs(parse_stamp(time) - now) > timedelta(seconds=paths.CLOCK_WINDOW_S):
            said = {"code": "clock", "text": "时间不符。", "server_time": stamp(now)}
            return self._signed(request, said, 401, {paths.TIME_HEADER: stamp(now)})
        return None

    def _push(self, request: httpx.Request) -> httpx.Response:
        push = msgspec.json.decode(gzip.decompress(request.content), type=PushRequest)
        stream = self.streams.setdefault(push.node_inc, [])
        if push.from_seq > len(stream) + 1:
            return self._signed(request, PushGap(expected_seq=len(stream) + 1), 409)
        known = [e.event_id for e in stream[push.from_seq - 1 :]]
        if known != [e.event_id for e in push.events][: len(known)]:
            return self._signed(request, PushGap(expected_seq=0), 409)
        stream += push.events[len(known) :]
        default = EventResult(event_id="", code="applied")
        return self._signed(
            request,
            PushAnswer(
                hub_inc=self.hub_inc,
                acked_seq=len(stream),
                chain=chain_of(stream),
                results=[
                    msgspec.structs.replace(
                        self.codes.get(e.event_id, default), event_id=e.event_id
                    )
                    for e in push.events
                ],
                server_time=stamp(datetime.now(UTC) + self.skew),
            ),
        )

    def _pull(self, request: httpx.Request) -> httpx.Response:
        pull = msgspec.json.decode(request.content, type=PullRequest)
        self.pulls.append(pull)
        end = min(len(self.feed), pull.after + self.page)
        return self._signed(
            request,
            PullAnswer(
                hub_inc=self.hub_inc,
                after=end,
                more=end < len(self.feed),
                items=self.feed[pull.after : end],
                city=[RoundProgress(round=1, total=10, done=4)],
                city_done=[],
                server_time=stamp(datetime.now(UTC) + self.skew),
            ),
        )

    def _met(self, path: str, request: httpx.Request) -> object:
        """In step with whoever asks, and with nothing to give back."""
        server_time = stamp(datetime.now(UTC) + self.skew)
        if path == paths.HISTORY:
            return HistoryAnswer(marks=[], more=False, server_time=server_time)
        if path == paths.COMPARE:
            return CompareAnswer(
                is_comparable=True, differs=0, differences=[], server_time=server_time
            )
        said = msgspec.json.decode(request.content, type=HelloRequest)
        stream = self.streams.get(said.node_inc, [])
        return HelloAnswer(
            hub_id="hub-id",
            hub_inc=self.hub_inc,
            protocol_min=1,
            protocol_max=1,
            is_suspended=False,
            acked_seq=len(stream),
            chain=chain_of(stream),
            server_time=server_time,
        )

    def _enrol(self, request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(request.content, type=EnrolRequest)
        if asked.code != "RIGHT":
            return httpx.Response(403, json={"code": "code_wrong", "text": "接入码不正确。"})
        body = msgspec.json.encode(an_enrolment())
        proof = {paths.SIGNATURE_HEADER: signing.sign_enrolment(request.content, body)}
        return httpx.Response(200, content=body, headers=JSON | proof)

    def _signed(
        self,
        request: httpx.Request,
        content: object,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        body = msgspec.json.encode(content)
        signature = signing.sign_answer(SECRET, request.headers[paths.NONCE_HEADER], body)
        proof = {paths.SIGNATURE_HEADER: signature}
        return httpx.Response(status, content=body, headers=JSON | proof | (headers or {}))


JSON = {"Content-Type": "application/json"}


def chain_of(events: list[Event]) -> str:
    link = chain.START
    for event in events:
        link = chain.link(link, event.event_id, chain.body_hash(event.body))
    return link


def a_release(name: str, content: bytes) -> Release:
    return Release(name, hashlib.sha256(content).hexdigest(), len(content))


def _file(request: httpx.Request, content: bytes | None) -> httpx.Response:
    if content is None:
        return httpx.Response(404, json={"code": "not_found", "text": "没有。"})
    wanted = request.headers.get("Range")
    if wanted is None:
        return httpx.Response(200, content=content)
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(content):
        return httpx.Response(416)
    said = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return httpx.Response(206, content=content[start:], headers={"Content-Range": said})


def an_enrolment(hub_id: str = "hub-id") -> EnrolAnswer:
    return EnrolAnswer(
        node_id=7,
        node_name="第一机房",
        district="渝中区",
        hub_id=hub_id,
        hub_inc="hub-1",
        secret=SECRET,
    )


def enrolled(store: Store, hub_inc: str = "hub-1") -> None:
    with store.writing() as db:
        meta.put_node_inc(db, "life-1")
        meta.put_link(
            db, meta.Link(URL, 7, "第一机房", "渝中区", "hub-id", hub_inc, SECRET, feed_after=0)
        )


def answer_lost(hub: StandInHub) -> Handler:
    """The hub does what it is asked, and the link breaks before it can say so."""

    def handle(request: httpx.Request) -> httpx.Response:
        hub.answer(request)
        raise httpx.ReadError("gone")

    return handle


def link_down(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


def login_page(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, html="<h1>请先登录校园网</h1>")


def give(store: Store, event_id: str, task_id: int = 1, revises: str = "") -> None:
    """王一一 marks."""
    answer = Answer(
        event_id=event_id,
        task_id=task_id,
        gen=1,
        levels=levels_from_text(LEVELS_GOOD),
        exception=None,
        comment="",
        revises=revises,
        spent_ms=60_000,
        heard_percent=100,
    )
    with store.writing() as db:
        give_mark(db, WANG, answer, NINE)
