"""The hub as a running service: one program on its data, its own socket, a quick end."""

import logging
import socket
import sys

import uvicorn
from litestar import Litestar

from hub.app import create_app
from hub.settings import HubSettings
from shared import __version__
from shared.kit import lock
from shared.kit import log as kit_log
from shared.kit.listening import bind

SHUTDOWN_S = 3

log = logging.getLogger(__name__)


def serve(settings: HubSettings) -> None:
    """Until the program is told to end; Refusal where another one has the data or the port."""
    kit_log.start(settings.data, "hub")
    with lock.hold(settings.lock):
        listening = bind(settings.host, settings.port)
        log.info("声评市级中心 %s，数据目录 %s", __version__, settings.data.resolve())
        scheme = "https" if settings.certificate else "http"
        log.info("网址：%s://%s:%s/", scheme, settings.host, listening.getsockname()[1])
        app = create_app(settings)
        Server(_config(app, settings), app).run(sockets=[listening])


class Server(uvicorn.Server):
    """Lets the waiting nodes go before it waits for them to be gone."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.bell.stop()
        await super().shutdown(sockets)


def _config(app: Litestar, settings: HubSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        # uvloop is for a Linux hub only; Windows has none.
        loop="uvloop" if sys.platform == "linux" else "asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxy,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.certificate_key,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
