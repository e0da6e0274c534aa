"""The HTTP clients to the hub, with their limits."""

from collections.abc import Callable

import httpx

from node.uplink.client import ssl_context
from shared.wire.paths import LONG_POLL_S

MakeHttp = Callable[[str], httpx.AsyncClient]
"""From the hub's address."""

CONNECT_S = 5.0
WRITE_S = 30.0
READ_S = LONG_POLL_S + 10.0
CONNECTIONS = 8
# A server drops idle connections after 5 s or more; one it has just dropped looks like an outage.
KEEPALIVE_S = 3.0


def make_http(hub_url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=hub_url,
        verify=ssl_context() if hub_url.startswith("https:") else False,
        timeout=httpx.Timeout(connect=CONNECT_S, read=READ_S, write=WRITE_S, pool=READ_S),
        limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=KEEPALIVE_S),
    )
