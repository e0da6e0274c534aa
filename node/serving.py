"""The node as a running service: one program on its data, its own socket, a quick end."""

import logging

import uvicorn

from node.app import create_app
from node.settings import NodeSettings
from shared import __version__
from shared.kit import lock
from shared.kit import log as kit_log
from shared.kit.lan import lan_address
from shared.kit.listening import bind

SHUTDOWN_S = 3

log = logging.getLogger(__name__)


def serve(settings: NodeSettings) -> None:
    """Until the program is told to end; Refusal where another one has the data or the port."""
    kit_log.start(settings.data, "node")
    with lock.hold(settings.lock):
        listening = bind(settings.host, settings.port)
        log.info("声评节点 %s，数据目录 %s", __version__, settings.data.resolve())
        log.info("阅卷网址：http://%s:%s/", lan_address(), listening.getsockname()[1])
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
