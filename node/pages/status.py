"""运行状态: the verdict first, then cache, link, sync and who is marking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.pages.charts import MINUTES, link_chart
from node.pages.frame import MANAGERS, frame, live_page
from node.pages.people import Person
from node.pages.seats import counts, seats, teachers_online, to_do
from node.store import exam, exchanges, fetching, meta, progress, videos
from node.store.progress import Work
from node.store.videos import Held
from node.work import setting_up
from node.work.rebuild import was_rebuilt
from node.work.verdict import Facts, judge_node
from shared.kit.clock import now
from shared.kit.lan import lan_address
from shared.kit.store import Store

EXCHANGES_SHOWN = 6
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class GroupCache:
    id: int
    label: str
    held: Held

    @property
    def total(self) -> int:
        return self.held.wanted + self.held.ready + self.held.failed


@dataclass(frozen=True, slots=True)
class Fetching:
    """What is still to come, and when it will be here at the present speed."""

    bytes: int
    bytes_per_s: int
    until: datetime | None


@get("/status", sync_to_thread=True)
def status(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(*MANAGERS)
    moment, state = now(), request.app.state
    uplink = state.uplink.view()
    cap_mbit = state.settings.bandwidth_at(moment.astimezone().time())
    with store.reading() as db:
        caches, found = caches_of(db), seats(db, moment)
        facts = _facts(db, state, caches, len(teachers_online(db, moment)))
        transfers = exchanges.by_minute(db, moment, MINUTES + 1)
        return live_page(
            request,
            "status",
            frame=frame(db, state, person, "/status", moment),
            moment=moment,
            verdict=judge_node(facts),
            facts=facts,
            uplink=uplink,
            address=_address(request),
            caches=caches,
            fetching=fetching_of(caches, uplink.video_bytes_per_s, moment),
            seats=found,
            counts=counts(found),
            to_do=to_do(found),
            chart=link_chart(transfers, exchanges.minute_of(moment), cap_mbit),
            cap=cap_mbit,
            since=moment - timedelta(minutes=MINUTES),
            exchanges=exchanges.recent(db, EXCHANGES_SHOWN),
            newer=state.updates.view().version if state.updates else "",
        )


def _address(request: Request[Any, Any, State]) -> str:
    """What the teachers type: never this PC's own name for itself."""
    url = request.base_url
    host = lan_address() if url.hostname in LOOPBACK else url.hostname
    port = "" if url.port in (None, 80) else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def _facts(db: Database, state: State, caches: list[GroupCache], online: int) -> Facts:
    uplink, sitting = state.uplink.view(), exam.current_sitting(db)
    work = progress.work(db, sitting.id) if sitting else Work(0, 0, 0)
    return Facts(
        is_enrolled=meta.link(db) is not None,
        sitting_state=sitting.state if sitting else "",
        online=online,
        tasks=work.tasks,
        tasks_open=work.open,
        tasks_playable=work.playable,
        is_connected=uplink.is_connected,
        pending=uplink.pending,
        videos_wanted=sum(cache.held.wanted for cache in caches),
        videos_failed=sum(cache.held.failed for cache in caches),
        video_problem=uplink.video_problem,
        disk_free_bytes=state.cache.free_bytes(),
        clock_offset_ms=uplink.clock_offset_ms,
        is_fetch_paused=fetching.is_paused(db),
        is_set_up=not setting_up.is_going_on(db),
        differs=uplink.differs,
        was_rebuilt=was_rebuilt(db, now()),
    )


def caches_of(db: Database) -> list[GroupCache]:
    held = videos.counts_by_group(db)
    return [
        GroupCache(group.id, group.label, held[group.id])
        for group in exam.groups(db)
        if group.id in held
    ]


def fetching_of(caches: list[GroupCache], bytes_per_s: int, moment: datetime) -> Fetching:
    left = sum(cache.held.bytes - cache.held.bytes_ready for cache in caches)
    until = moment + timedelta(seconds=left / bytes_per_s) if left and bytes_per_s else None
    return Fetching(left, bytes_per_s, until)


@post("/status/sync", sync_to_thread=False, status_code=303)
def sync_now(request: Request[Any, Any, State], person: NamedDependency[Person]) -> Redirect:
    """Also gives the videos that failed another try."""
    person.require(*MANAGERS)
    request.app.state.uplink.retry_videos()
    request.app.state.uplink.sync_now()
    return Redirect("/status", status_code=303)


ROUTES = [status, sync_now]
