"""The node as a running service: one program on its data, its own socket, a quick end."""

import asyncio
import logging
import socket
from typing import Any

import uvicorn

from node.app import create_app
from node.machine import canary
from node.machine.here import here
from node.settings import NodeSettings
from node.shortcut import Shortcut
from node.zero_copy import ZeroCopyProtocol
from shared import __version__
from shared.kit import lock
from shared.kit import log as kit_log
from shared.kit.clock import now
from shared.kit.lan import lan_address
from shared.kit.listening import bind

SHUTDOWN_S = 3

log = logging.getLogger(__name__)


def serve(settings: NodeSettings) -> None:
    """Until the program is told to end; Refusal where another one has the data or the port."""
    with lock.hold(settings.lock):
        canary.sing(settings.data, here.boot_id(), now())
        while _serve_once(settings):
            log.error("the socket no longer takes connections: the service starts again")


def _serve_once(settings: NodeSettings) -> bool:
    """Whether it has to be started again."""
    listening = bind(settings.host, settings.port)
    kit_log.start(settings.data, "node")
    log.info("声评节点 %s，数据目录 %s", __version__, settings.data.resolve())
    host = lan_address() if settings.host == "0.0.0.0" else settings.host
    log.info("阅卷网址：http://%s:%s/", host, listening.getsockname()[1])
    server = Server(configured(settings))
    server.run(sockets=[listening])
    return server.is_deaf


def configured(settings: NodeSettings) -> uvicorn.Config:
    return uvicorn.Config(
        Shortcut(create_app(settings)),
        http=ZeroCopyProtocol,
        # Never uvloop, which Windows has not: what is tested here is what runs there.
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


class Server(uvicorn.Server):
    """Notices that nobody can connect any more.

    On Windows asyncio closes the listening socket for good when a PC vanishes in the middle of
    connecting (CPython issue 93821); the program would go on, and no browser would reach it.
    """

    is_deaf = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().set_exception_handler(self.note_problem)

    def note_problem(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        if "Accept failed" in str(context.get("message")):
            self.is_deaf = self.should_exit = True
