"""Feed to node: what the hub has for this district, as soon as the hub has it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from sqlite_utils import Database

from node.store import exchanges, meta, outbox, sessions, videos
from node.uplink.client import Exchanged, HubClient
from node.uplink.meet import Program
from node.uplink.state import City, LinkState, finish
from node.videos.cache import Cache
from node.work.apply_feed import Applied, apply_feed
from shared.kit.clock import now
from shared.kit.store import Store
from shared.wire.messages import NodeStatus, PullAnswer, PullRequest

ONLINE_FOR = timedelta(seconds=60)
CITY_KEY = "city"


class Puller:
    def __init__(
        self,
        store: Store,
        cache: Cache,
        client: HubClient,
        state: LinkState,
        program: Program,
        moment: Callable[[], datetime] = now,
    ) -> None:
        self._store = store
        self._cache = cache
        self._client = client
        self._state = state
        self._program = program
        self._moment = moment

    async def once(self, wait_s: float) -> tuple[PullAnswer, Applied]:
        """Ask, wait for up to `wait_s` at the hub, and take over one page."""
        request = await finish(self._request, wait_s)
        self._state.pending_reported = request.status.pending_events
        answer = await self._client.pull(request)
        if wait_s == 0:
            self._state.rtt_ms = self._client.last.ms
        self._state.reached(self._moment())
        applied = await finish(self._apply, answer, request, self._client.last)
        if answer.next_secret:
            self._client.use(answer.next_secret)
        self._state.hear(answer)
        return answer, applied

    def _request(self, wait_s: float) -> PullRequest:
        with self._store.reading() as db:
            link = meta.link(db)
            if link is None:
                raise RuntimeError("only an enrolled node pulls")
            return PullRequest(
                hub_inc=link.hub_inc,
                after=link.feed_after,
                wait_s=wait_s,
                status=self._status(db),
                boot_id=self._program.boot_id,
            )

    def _status(self, db: Database) -> NodeStatus:
        held, failed = videos.totals(db), exchanges.last_failed(db)
        return NodeStatus(
            app_version=self._program.version,
            pending_events=outbox.pending_count(db),
            videos_wanted=held.wanted,
            videos_ready=held.ready,
            videos_failed=held.failed,
            cache_bytes=self._cache.bytes_used(),
            disk_free_bytes=self._cache.free_bytes(),
            people_online=len(sessions.online(db, self._moment() - ONLINE_FOR)),
            clock_offset_ms=self._state.clock.offset_ms,
            last_push_ms=self._state.last_push_ms,
            last_problem=failed.problem if failed else "",
            last_problem_at=failed.at if failed else "",
        )

    def _apply(self, answer: PullAnswer, asked: PullRequest, cost: Exchanged) -> Applied:
        city = msgspec.json.encode(City(answer.city, answer.city_done)).decode()
        moment = self._moment()
        with self._store.reading() as db:
            is_old = (answer.hub_inc, answer.after) == (asked.hub_inc, asked.after)
            is_old = is_old and not (answer.items or answer.next_secret)
            is_old = is_old and meta.get(db, meta.DISTRICT_NODES) == str(answer.nodes)
            if is_old and meta.get(db, CITY_KEY) == city:
                return Applied(False, 0, ())
        with self._store.writing() as db:
            applied = apply_feed(db, answer, asked.hub_inc, moment)
            meta.put(db, CITY_KEY, city)
            meta.put(db, meta.DISTRICT_NODES, str(answer.nodes))
            if answer.next_secret not in ("", self._client.secret):
                meta.put_secret(db, answer.next_secret, self._client.secret)
            if answer.items:
                exchanges.record(
                    db, "pull", moment, count=len(answer.items), bytes=cost.bytes, ms=cost.ms
                )
        return applied


def last_city(db: Database) -> City:
    """What was last heard, for a node that starts while the hub is away."""
    text = meta.get(db, CITY_KEY)
    return City() if text is None else msgspec.json.decode(text, type=City)
