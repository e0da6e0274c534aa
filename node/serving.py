"""The node as a running service: one program on its data, its own socket, a quick end."""

import asyncio
import logging
import socket
from typing import Any

import uvicorn
from litestar import Litestar

from node import launched
from node.accepting import new_loop
from node.app import create_app
from node.machine import canary
from node.machine.here import here
from node.moving import settle
from node.settings import NodeSettings
from node.shortcut import Shortcut
from node.work.rebuild import open_whole
from node.work.step_back import step_back
from node.zero_copy import ZeroCopyProtocol
from shared import __version__
from shared.kit import lock
from shared.kit import log as kit_log
from shared.kit.clock import now
from shared.kit.lan import lan_address
from shared.kit.listening import bind
from shared.kit.refusal import Refusal

SHUTDOWN_S = 3

log = logging.getLogger(__name__)


def serve(settings: NodeSettings) -> None:
    """Until the program is told to end; Refusal where another one has the data or the port."""
    again: NodeSettings | None = settings
    while again is not None:
        settle(again, now())
        with lock.hold(again.lock):
            canary.sing(again.home, here.boot_id(), now())
            _open_or_step_back(again)
            again = _serve_once(again)


def _open_or_step_back(settings: NodeSettings) -> None:
    """The launcher may have come back to this version from one that had changed the data."""
    try:
        open_whole(settings, now()).close()
    except Refusal as refusal:
        if refusal.code != "newer_data" or step_back(settings.database, now()) is None:
            raise


def _serve_once(settings: NodeSettings) -> NodeSettings | None:
    """With what it has to be started again; None: it was told to end."""
    listening = bind(settings.host, settings.port)
    kit_log.start(settings.home, "node")
    log.info("声评节点 %s，数据目录 %s", __version__, settings.home.resolve())
    host = lan_address() if settings.host == "0.0.0.0" else settings.host
    log.info("阅卷网址：http://%s:%s/", host, listening.getsockname()[1])
    app = create_app(settings)
    server = Server(configured(app))
    app.state.restart = server.begin_again
    launched.note_address(settings.host, listening.getsockname()[1])
    launched.end_with_launcher(server.end)
    server.run(sockets=[listening])
    if server.is_deaf:
        log.error("the socket no longer takes connections: the service starts again")
    changed: NodeSettings = app.state.settings
    return changed if server.is_deaf or server.begins_again else None


def configured(app: Litestar) -> uvicorn.Config:
    return uvicorn.Config(
        Shortcut(app),
        http=ZeroCopyProtocol,
        loop=f"{new_loop.__module__}:{new_loop.__name__}",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        # The lab's PCs come straight here: nobody's word is taken for another address.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


class Server(uvicorn.Server):
    """Notices that nobody can connect any more, where node.accepting was of no help."""

    is_deaf = False
    begins_again = False

    def begin_again(self) -> None:
        """With other settings; from any thread, and after what is being answered."""
        self.begins_again = self.should_exit = True

    def end(self) -> None:
        """In order; from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().set_exception_handler(self.note_problem)

    def note_problem(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        if "Accept failed" in str(context.get("message")):
            self.is_deaf = self.should_exit = True
