"""The hub's web application, put together: the only module that knows every room."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException

import hub.schema
from hub.api import district_quality, enrol, meeting, pull, push, releases, site, videos
from hub.api.bell import Bell
from hub.api.boots import Boots
from hub.api.city import City
from hub.api.guard import Nonces, refused, refused_by_http
from hub.jobs import timetable
from hub.media.bucket import open_bucket
from hub.pages import (
    accounts,
    accounts_import,
    again,
    announcements,
    approvals,
    audit,
    districts,
    forecast,
    groups,
    me,
    media,
    nodes,
    overview,
    people,
    problems,
    quality,
    quality_clips,
    readiness,
    references,
    requests,
    results,
    rounds,
    supplement,
    trial,
)
from hub.pages.exporting import Exports
from hub.pages.person import ProveAgain, ask_again, provide_lately, provide_person
from hub.settings import HubSettings
from hub.work import lives
from hub.work.reach_file import keep_reach, last_reach
from hub.work.receive_event import UNKNOWN_KIND
from hub.work.replay import replay
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web import guards, rendering

HERE = Path(__file__).parent
BODY_BYTES_MAX = 1_000_000


@get("/health", sync_to_thread=False)
def health() -> dict[str, bool]:
    """For whoever watches the service; nothing in it is secret."""
    return {"ok": True}


# Every page of the hub: a new one adds its ROUTES here.
ROUTES = [
    health,
    *people.ROUTES,
    *again.ROUTES,
    *me.ROUTES,
    *approvals.ROUTES,
    *accounts.ROUTES,
    *accounts_import.ROUTES,
    *overview.ROUTES,
    *districts.ROUTES,
    *groups.ROUTES,
    *rounds.ROUTES,
    *supplement.ROUTES,
    *problems.ROUTES,
    *requests.ROUTES,
    *media.ROUTES,
    *forecast.ROUTES,
    *trial.ROUTES,
    *nodes.ROUTES,
    *readiness.ROUTES,
    *announcements.ROUTES,
    *quality.ROUTES,
    *references.ROUTES,
    *quality_clips.ROUTES,
    *results.ROUTES,
    *audit.ROUTES,
]

# What nodes use: signed, JSON, and with answers of its own when something is refused.
SYNC = Router(
    path="/",
    route_handlers=[
        *enrol.ROUTES,
        *meeting.ROUTES,
        *district_quality.ROUTES,
        *releases.ROUTES,
        *site.ROUTES,
        *push.ROUTES,
        *pull.ROUTES,
        *videos.ROUTES,
    ],
    exception_handlers={Refusal: refused, HTTPException: refused_by_http},
)


def create_app(settings: HubSettings, *, with_jobs: bool = True) -> Litestar:
    return Litestar(
        # In a router: two handlers of one path that an app registers one by one are broken
        # by Litestar 2.25 (it wraps the first one for its thread twice).
        route_handlers=[
            SYNC,
            Router(path="/", route_handlers=ROUTES),
            rendering.static_router(HERE),
        ],
        lifespan=[_life],
        dependencies={
            "store": Provide(provide_store, sync_to_thread=False),
            "bell": Provide(provide_bell, sync_to_thread=False),
            "city": Provide(provide_city, sync_to_thread=False),
            "exports": Provide(provide_exports, sync_to_thread=False),
            "settings": Provide(provide_settings, sync_to_thread=False),
            "person": Provide(provide_person, sync_to_thread=True),
            "lately": Provide(provide_lately, sync_to_thread=True),
        },
        template_config=rendering.template_config(HERE),
        exception_handlers={**rendering.exception_handlers("/sign-in"), ProveAgain: ask_again},
        before_send=[rendering.add_security_headers],
        guards=[guards.same_origin],
        openapi_config=None,
        # Ours is shared.kit.log, which masks phones; Litestar's own would stand beside it.
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        state=State({"settings": settings, "with_jobs": with_jobs}),
    )


def provide_store(state: State) -> Store:
    store: Store = state.store
    return store


def provide_bell(state: State) -> Bell:
    bell: Bell = state.bell
    return bell


def provide_city(state: State) -> City:
    city: City = state.city
    return city


def provide_exports(state: State) -> Exports:
    exports: Exports = state.exports
    return exports


def provide_settings(state: State) -> HubSettings:
    settings: HubSettings = state.settings
    return settings


@asynccontextmanager
async def _life(app: Litestar) -> AsyncIterator[None]:
    """All that lives in an app begins here, so that it may live again, and on other data."""
    state = app.state
    settings: HubSettings = state.settings
    store = Store(settings.database, hub.schema.migrations)
    with store.writing() as db:
        lives.start(db, last_reach(settings.reach_file), now())
        replay(db, "系统", now(), why=UNKNOWN_KIND)
    keep_reach(settings.reach_file, store)
    state.store, state.bell = store, Bell(store)
    state.exports = Exports(store, settings.exports)
    state.bucket = open_bucket(settings.bucket_place)
    state.nonces, state.boots, state.city = Nonces(), Boots(), City()
    state.measuring = site.Measuring()
    jobs = timetable(store, settings)
    if state.with_jobs:
        jobs.start()
    try:
        yield
    finally:
        if state.with_jobs:
            # A running job ends first: the store is closed under nobody's hands.
            await asyncio.to_thread(jobs.shutdown, wait=True)
        await asyncio.to_thread(state.exports.stop)
        state.bell.stop()
        store.close()
