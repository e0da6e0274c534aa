"""The node's web application, put together: the only module that knows every room."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from litestar import Litestar, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from node import launched
from node.jobs import timetable
from node.launcher.home import Home
from node.pages import (
    accounts,
    board,
    cache,
    check,
    feedback,
    flags,
    lock,
    marking,
    me,
    password,
    pcs,
    people,
    poster,
    progress,
    quality,
    reported,
    requests,
    setup,
    status,
    sync,
    update,
    videos,
)
from node.pages import settings as settings_page
from node.settings import NodeSettings
from node.uplink.http import MakeHttp, make_http
from node.uplink.updates import Updates
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from node.videos.grants import Grants
from node.videos.verified import Verified
from node.work.mirror import Mirror
from node.work.rebuild import keep_identity, open_whole
from node.work.take_over import Offers
from shared import __version__
from shared.kit.clock import now
from shared.kit.store import Store
from shared.web import guards, rendering

HERE = Path(__file__).parent
BODY_BYTES_MAX = 1_000_000


@get("/health", sync_to_thread=True)
def health(uplink: NamedDependency[Uplink]) -> dict[str, Any]:
    """For the technician's tools and our own `status`; nothing in it is secret."""
    view = uplink.view()
    return {
        "ok": True,
        "version": __version__,
        "is_enrolled": view.is_enrolled,
        "is_connected": view.is_connected,
        "pending": view.pending,
        "problem": view.last_problem or view.video_problem,
    }


# Every page and every door of the node: a new page adds its ROUTES here.
ROUTES = [
    health,
    *setup.ROUTES,
    *poster.ROUTES,
    *people.ROUTES,
    *password.ROUTES,
    *marking.ROUTES,
    *me.ROUTES,
    *reported.ROUTES,
    *lock.ROUTES,
    *videos.ROUTES,
    *progress.ROUTES,
    *feedback.ROUTES,
    *flags.ROUTES,
    *quality.ROUTES,
    *board.ROUTES,
    *accounts.ROUTES,
    *requests.ROUTES,
    *status.ROUTES,
    *check.ROUTES,
    *pcs.ROUTES,
    *cache.ROUTES,
    *sync.ROUTES,
    *settings_page.ROUTES,
    *update.ROUTES,
]


def create_app(settings: NodeSettings, make_http: MakeHttp = make_http) -> Litestar:
    return Litestar(
        # In a router of their own: registered one by one, the second handler of a path would
        # have Litestar wrap the first one twice, and every GET of it would fail.
        route_handlers=[Router(path="/", route_handlers=ROUTES), rendering.static_router(HERE)],
        lifespan=[_life],
        dependencies={
            "store": Provide(provide_store, sync_to_thread=False),
            "uplink": Provide(provide_uplink, sync_to_thread=False),
            "person": Provide(people.provide_person, sync_to_thread=True),
        },
        template_config=rendering.template_config(HERE),
        exception_handlers=rendering.exception_handlers("/"),
        before_send=[rendering.add_security_headers],
        guards=[guards.same_origin],
        openapi_config=None,
        # shared.kit.log has it; Litestar's own would write phones in full.
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        state=State({"settings": settings, "make_http": make_http}),
    )


def provide_store(state: State) -> Store:
    store: Store = state.store
    return store


def provide_uplink(state: State) -> Uplink:
    uplink: Uplink = state.uplink
    return uplink


@asynccontextmanager
async def _life(app: Litestar) -> AsyncIterator[None]:
    """All that lives in an app begins here, so that it may live again, and on other data."""
    state = app.state
    settings: NodeSettings = state.settings
    store = open_whole(settings, now())
    cache = Cache(settings.cache, settings.cache_bytes_max)
    uplink = Uplink(store, cache, settings, __version__, state.make_http)
    state.store, state.cache, state.uplink = store, cache, uplink
    state.verified, state.grants = Verified(cache), Grants()
    state.offers = Offers()
    updates = state.updates = _updates(store, uplink, settings, state.make_http)
    folder = settings.mirror_folder
    jobs = timetable(
        uplink,
        store,
        Mirror(folder, store) if folder else None,
        partial(keep_identity, settings, store),
        updates,
    )
    try:
        await uplink.start()
        jobs.start()
        yield
    finally:
        if jobs.running:
            jobs.shutdown(wait=False)
        if updates is not None:
            await updates.stop()
        await uplink.stop()
        store.close()


def _updates(
    store: Store, uplink: Uplink, settings: NodeSettings, make_http: MakeHttp
) -> Updates | None:
    """None: no launcher that could change over to another version."""
    home = launched.home()
    if home is None:
        return None
    folder = settings.home / "updates"
    return Updates(store, uplink, folder, Home(home), __version__, make_http)
