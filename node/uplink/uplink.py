"""Uplink: owns the link to the hub and the three loops that use it."""

import asyncio
import time
from collections.abc import Callable

from node.settings import NodeSettings
from node.store import exchanges, meta, outbox
from node.uplink.answers import Outage
from node.uplink.bucket import Bucket
from node.uplink.client import HubClient, Identity, ask_to_enrol
from node.uplink.fetch import Fetcher, Stream
from node.uplink.http import MakeHttp, make_http
from node.uplink.loops import Loops, until
from node.uplink.measure import LinkMeter
from node.uplink.meet import Meeting, Program
from node.uplink.prefetch import Prefetcher
from node.uplink.pull import Puller, last_city
from node.uplink.push import Pusher
from node.uplink.quality import QualityAsker
from node.uplink.ready import ReadyTeller
from node.uplink.reconcile import Reconciler
from node.uplink.state import PULL, PUSH, VIDEO, City, LinkState, UplinkView, finish
from node.videos.cache import Cache
from node.work import enrol
from shared.kit.clock import now
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.messages import EnrolAnswer, EnrolRequest
from shared.wire.paths import LONG_POLL_S

PULL_GAP_S = 0.3
"""Between two pulls, so that a burst of changes comes in one page."""
EMPTY_GAP_S = 1.0
"""After an empty answer that came sooner than asked for: the hub may be closing down."""
MEGA, BITS = 1_000_000, 8


class Uplink:
    def __init__(
        self,
        store: Store,
        cache: Cache,
        settings: NodeSettings,
        app_version: str,
        make_http: MakeHttp = make_http,
    ) -> None:
        self._store = store
        self._cache = cache
        self._settings = settings
        self._program = Program(app_version, new_id(now()))
        self._make_http = make_http
        self._state = LinkState()
        self._bucket = Bucket(self._bytes_per_s)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loops: Loops | None = None
        self._prefetcher: Prefetcher | None = None
        self._asker: QualityAsker | None = None
        self._teller: ReadyTeller | None = None
        self._meter: LinkMeter | None = None
        self._checking = asyncio.Lock()
        self._push_wake = asyncio.Event()
        self._fetch_wake = asyncio.Event()
        self._pull_again = asyncio.Event()
        self._retry_failed = False

    async def start(self) -> None:
        """Begin to work where the node is enrolled; else wait for enrol()."""
        self._loop = asyncio.get_running_loop()
        self._store.on_commit = self._after_commit
        link, self._state.city = await finish(self._look)
        if link is not None:
            await self._begin(link)

    async def stop(self) -> None:
        self._store.on_commit = lambda: None
        await self._end()
        async with self._checking:
            self._prefetcher = None
        self._loop = None

    async def enrol(self, hub_url: str, code: str) -> meta.Link:
        """Ask the hub with a one-time code, and begin to work; Refusal says why not."""
        url = enrol.checked_url(hub_url)
        request = await finish(self._enrolment, code)
        try:
            async with self._make_http(url) as http:
                answer = await ask_to_enrol(http, request)
        except Outage as outage:
            raise Refusal("hub_away", outage.text, 502) from outage
        link = await finish(self._enrolled, url, answer)
        if self._loop is not None:
            await self._end()
            await self._begin(link)
        return link

    def use(self, settings: NodeSettings) -> None:
        """From any thread: the plan of the bandwidth is looked up for every piece."""
        self._settings = settings

    def wake_push(self) -> None:
        """From any thread: there may be something to send."""
        self._from_any_thread(self._push_wake.set)

    def wake_prefetch(self) -> None:
        """From any thread: there may be something to fetch."""
        self._from_any_thread(self._fetch_wake.set)

    def retry_videos(self) -> None:
        """From any thread: give the failed videos another try."""
        self._retry_failed = True
        self.wake_prefetch()

    async def check_video(self) -> None:
        """Looks again at one cached video."""
        async with self._checking:
            if self._prefetcher is not None:
                await finish(self._prefetcher.check_one)

    async def ask_quality(self) -> None:
        """Before the page is shown: what the city said before stays when it says nothing."""
        if self._asker is not None:
            await self._asker.refresh()

    async def tell_ready(self) -> None:
        if self._teller is not None:
            await self._teller.tell()

    async def measure_link(self) -> float:
        """Mbit/s from the hub, in about ten seconds; Refusal says why that cannot be told."""
        try:
            if self._meter is None:
                raise Outage("本机还没有接入市级中心")
            return await self._meter.mbit()
        except Outage as outage:
            raise Refusal("not_measured", outage.text, 503) from outage

    def fetcher(self, cache: Cache, stream: Stream) -> Fetcher:
        """All that is fetched shares one cap, and gives way to marks."""
        return Fetcher(cache, stream, self._state, self._bucket)

    def compare_again(self) -> None:
        """From any thread: it is time to compare with the hub what both hold."""
        self._state.is_compared = False
        self.wake_push()

    def sync_now(self) -> None:
        """From any thread: do not wait for the next try; the waiting does not grow by it."""
        self._from_any_thread(self._hurry_all)

    def view(self) -> UplinkView:
        state = self._state
        with self._store.reading() as db:
            pending = outbox.pending_count(db)
        return UplinkView(
            is_enrolled=self._loops is not None,
            is_connected=state.is_connected,
            last_contact_at=state.last_contact_at,
            rtt_ms=state.rtt_ms,
            clock_offset_ms=state.clock.offset_ms,
            pending=pending,
            last_problem=state.problem,
            video_problem=state.video_problem,
            video_bytes_per_s=state.video_bytes_per_s,
            city=list(state.city.rounds),
            city_done=list(state.city.done),
            differs=state.differs,
        )

    async def _begin(self, link: meta.Link) -> None:
        state, identity = self._state, Identity(link.node_id, link.secret, link.secret_before)
        # So many that no long wait, video or page stands in the way of a mark.
        https = [self._make_http(link.hub_url) for _ in range(5)]
        clients = [HubClient(http, identity, state.clock) for http in https]
        state.is_met = state.is_compared = False
        state.differs = -1
        prefetcher = Prefetcher(
            self._store,
            self._cache,
            self.fetcher(self._cache, clients[2].video),
            state,
            self._settings.video_parallel,
            self._settings.disk_reserve_bytes,
        )
        await finish(prefetcher.reconcile)
        self._prefetcher = prefetcher
        self._asker = QualityAsker(self._store, clients[3], state)
        self._teller = ReadyTeller(self._store, clients[3], state)
        self._meter = LinkMeter(clients[4], state)
        pusher = Pusher(self._store, clients[0], state)
        puller = Puller(self._store, self._cache, clients[1], state, self._program)
        meeting = Meeting(self._store, clients[0], state, self._program)
        reconciler = Reconciler(self._store, clients[0], state)
        self._loops = Loops(state, https, self._note)
        self._loops.run(PUSH, lambda: self._push(pusher, meeting, reconciler))
        self._loops.run(PULL, lambda: self._pull(puller, meeting, reconciler))
        self._loops.run(VIDEO, lambda: self._prefetch(prefetcher))

    def _bytes_per_s(self) -> float:
        return self._settings.bandwidth_at(now().astimezone().time()) * MEGA / BITS

    async def _end(self) -> None:
        self._asker = self._teller = self._meter = None
        if self._loops is not None:
            await self._loops.end()
            self._loops = None

    def _reached(self, name: str) -> None:
        if self._loops is not None:
            self._loops.reached(name)

    async def _push(self, pusher: Pusher, meeting: Meeting, reconciler: Reconciler) -> None:
        self._push_wake.clear()
        self._state.push_is_idle.clear()
        try:
            await meeting.meet()
            sent = await pusher.drain()
            if not self._state.is_compared:
                await reconciler.compare()
                await reconciler.fetch_history()
        finally:
            self._state.push_is_idle.set()
        if sent:
            self._reached(PUSH)
            if self._state.pending_reported:
                # The city waits for "nothing pending" before it may announce anything.
                self._pull_again.set()
        await self._push_wake.wait()

    async def _pull(self, puller: Puller, meeting: Meeting, reconciler: Reconciler) -> None:
        """The first pull after an outage does not wait, so that the link's state is known."""
        wait_s = 0.0
        while True:
            self._pull_again.clear()
            await meeting.must_be_welcome()
            began = time.monotonic()
            pulled = await until(puller.once(wait_s), self._pull_again)
            if pulled is None:
                wait_s = 0.0
                continue
            answer, applied = pulled
            self._reached(PULL)
            self.wake_prefetch()
            if answer.compare:
                self.compare_again()
            if applied.is_restart:
                self._state.is_met = self._state.is_compared = False
            if answer.more or applied.is_restart:
                wait_s = 0.0
                continue
            await reconciler.fetch_history()
            was_cut_short = not answer.items and time.monotonic() - began < wait_s / 2
            await asyncio.sleep(EMPTY_GAP_S if was_cut_short else PULL_GAP_S)
            wait_s = LONG_POLL_S

    async def _prefetch(self, prefetcher: Prefetcher) -> None:
        self._fetch_wake.clear()
        if self._retry_failed:
            self._retry_failed = False
            await prefetcher.retry_failed()
        await finish(prefetcher.purge)
        await prefetcher.drain()
        self._state.video_problem = ""
        self._reached(VIDEO)
        await self._fetch_wake.wait()

    async def _note(self, name: str, problem: str) -> None:
        await finish(self._keep_problem, name, problem)

    def _keep_problem(self, name: str, problem: str) -> None:
        with self._store.writing() as db:
            exchanges.record(db, name, now(), count=0, bytes=0, ms=0, problem=problem)

    def _hurry_all(self) -> None:
        if self._loops is not None:
            self._loops.hurry()
        for event in (self._push_wake, self._fetch_wake, self._pull_again):
            event.set()

    def _after_commit(self) -> None:
        """With nothing to send and nothing to fetch this costs two looks into an index."""
        self.wake_push()
        self.wake_prefetch()

    def _from_any_thread(self, call: Callable[[], None]) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(call)

    def _look(self) -> tuple[meta.Link | None, City]:
        with self._store.reading() as db:
            return meta.link(db), last_city(db)

    def _enrolment(self, code: str) -> EnrolRequest:
        with self._store.writing() as db:
            return enrol.begin(db, code, self._program.version, lambda: new_id(now()))

    def _enrolled(self, hub_url: str, answer: EnrolAnswer) -> meta.Link:
        with self._store.writing() as db:
            return enrol.finish(db, hub_url, answer)
