"""视频缓存: group by group what is here, which comes first, and what did not come."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.pages.frame import MANAGERS, frame, live_page
from node.pages.people import Person
from node.pages.status import GroupCache, caches_of, fetching_of
from node.store import exam, fetching, videos
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store

HERE = "/cache"
TROUBLED_SHOWN = 50
FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


class SpeedForm(msgspec.Struct, forbid_unknown_fields=True):
    speed: Literal["paused", "plan", "full"]


@dataclass(frozen=True, slots=True)
class CacheRow:
    id: int
    cache: GroupCache
    verified: int

    @property
    def state(self) -> str:
        held = self.cache.held
        if held.failed:
            return "有失败"
        return "已备齐" if held.ready == self.cache.total else "下载中"


@get(HERE, sync_to_thread=True)
def show_cache(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(*MANAGERS)
    moment, state = now(), request.app.state
    uplink = state.uplink.view()
    with store.reading() as db:
        rows = _rows(db)
        return live_page(
            request,
            "cache",
            frame=frame(db, state, person, HERE, moment),
            moment=moment,
            rows=rows,
            fetching=fetching_of([row.cache for row in rows], uplink.video_bytes_per_s, moment),
            speed=_speed(db, state),
            cap=state.settings.bandwidth_at(moment.astimezone().time()),
            troubled=fetching.troubled(db, TROUBLED_SHOWN),
            labels={group.id: group.label for group in exam.groups(db)},
            tries_max=videos.TRIES_MAX,
            problem=uplink.video_problem,
            used_bytes=state.cache.bytes_used(),
            free_bytes=state.cache.free_bytes(),
        )


@post("/cache/speed", sync_to_thread=True, status_code=303)
def set_speed(
    request: Request[Any, Any, State],
    data: Annotated[SpeedForm, FORM],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Redirect:
    """Full speed lasts until the program ends, or somebody says otherwise."""
    person.require(*MANAGERS)
    state = request.app.state
    with store.writing() as db:
        fetching.set_paused(db, paused=data.speed == "paused")
    state.is_full_speed = data.speed == "full"
    unlimited = replace(state.settings, bandwidth_mbit=0.0, bandwidth_hours="")
    state.uplink.use(unlimited if state.is_full_speed else state.settings)
    state.uplink.wake_prefetch()
    return Redirect(HERE, status_code=303)


@post("/cache/groups/{group_id:int}/first", sync_to_thread=True, status_code=303)
def put_first(
    group_id: FromPath[int], person: NamedDependency[Person], store: NamedDependency[Store]
) -> Redirect:
    """What somebody waits for and rounds 3 and 4 still come before all groups."""
    person.require(*MANAGERS)
    with store.writing() as db:
        known = [row.id for row in _rows(db)]
        if group_id not in known:
            raise Refusal("no_such_group", "没有这个题组，请刷新后再试。", 404)
        fetching.set_order(db, [group_id, *(id for id in known if id != group_id)])
    return Redirect(HERE, status_code=303)


@post("/cache/retry", sync_to_thread=True, status_code=303)
def retry_all(request: Request[Any, Any, State], person: NamedDependency[Person]) -> Redirect:
    person.require(*MANAGERS)
    request.app.state.uplink.retry_videos()
    return Redirect(HERE, status_code=303)


@post("/cache/videos/{sha256:str}/retry", sync_to_thread=True, status_code=303)
def retry_one(
    request: Request[Any, Any, State],
    sha256: FromPath[str],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Redirect:
    """Before all others."""
    person.require(*MANAGERS)
    with store.writing() as db:
        videos.want_first(db, sha256)
    return Redirect(HERE, status_code=303)


def _rows(db: Database) -> list[CacheRow]:
    """In the order in which they are fetched."""
    order, verified = fetching.order(db), fetching.verified_by_group(db)
    held = {cache.id: cache for cache in caches_of(db)}
    ids = sorted(held, key=lambda id: order.get(id, 0))
    return [CacheRow(id, held[id], verified.get(id, 0)) for id in ids]


def _speed(db: Database, state: State) -> str:
    if fetching.is_paused(db):
        return "paused"
    return "full" if getattr(state, "is_full_speed", False) else "plan"


ROUTES = [show_cache, set_speed, put_first, retry_all, retry_one]
