"""The node's web application, put together; and the server that runs it."""

import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

import node.schema
from node.jobs import timetable
from node.pages import marking, people, videos
from node.settings import NodeSettings
from node.uplink.http import MakeHttp, make_http
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from shared import __version__
from shared.kit import lock
from shared.kit import log as kit_log
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web import guards, rendering

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
BODY_BYTES_MAX = 1_000_000
SHUTDOWN_S = 3


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
ROUTES = [health, *people.ROUTES, *marking.ROUTES, *videos.ROUTES]


def create_app(settings: NodeSettings, make_http: MakeHttp = make_http) -> Litestar:
    return Litestar(
        route_handlers=[*ROUTES, rendering.static_router(HERE)],
        lifespan=[_lifespan(settings, make_http)],
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
        request_max_body_size=BODY_BYTES_MAX,
        state=State({"settings": settings}),
    )


def provide_store(state: State) -> Store:
    store: Store = state.store
    return store


def provide_uplink(state: State) -> Uplink:
    uplink: Uplink = state.uplink
    return uplink


def _lifespan(
    settings: NodeSettings, make_http: MakeHttp
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        store = Store(settings.data / "node.db", node.schema.migrations)
        cache = Cache(settings.data / "videos", settings.cache_bytes_max)
        uplink = Uplink(store, cache, settings, __version__, make_http)
        app.state.store, app.state.cache, app.state.uplink = store, cache, uplink
        jobs = timetable(uplink, store)
        try:
            await uplink.start()
            jobs.start()
            yield
        finally:
            if jobs.running:
                jobs.shutdown(wait=False)
            await uplink.stop()
            store.close()

    return running


def serve(settings: NodeSettings) -> None:
    """Until the program is told to end; Refusal where another one has the data or the port."""
    kit_log.start(settings.data, "node")
    with lock.hold(settings.data / "node.lock"):
        listening = bind(settings.host, settings.port)
        port = listening.getsockname()[1]
        log.info("声评节点 %s，数据目录 %s", __version__, settings.data.resolve())
        log.info("阅卷网址：http://%s:%s/", lan_address(), port)
        config = uvicorn.Config(
            create_app(settings),
            http="httptools",
            # Never uvloop, which Windows has not: what is tested here is what runs there.
            loop="asyncio",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        uvicorn.Server(config).run(sockets=[listening])


def bind(host: str, port: int) -> socket.socket:
    """uvicorn's own socket lets two live programs share one port on Windows."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if sys.platform != "win32":
        # Elsewhere it only lets a restart take the port at once.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Refusal(
            "port_in_use",
            f"无法使用 {host} 的端口 {port}：可能已被别的程序占用。请用 --port 换一个端口。",
        ) from error
    return listening


def lan_address() -> str:
    """The address that other PCs of the lab most likely reach this one by; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
