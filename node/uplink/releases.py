"""Asks the hub, outside the service, which programs the city has published."""

from node.store.meta import Link
from node.uplink.client import HubClient, Identity
from node.uplink.clock import HubClock
from node.uplink.http import MakeHttp, make_http
from shared.wire.releases import Release


async def ask_for_releases(link: Link, make_http: MakeHttp = make_http) -> list[Release]:
    """Outage where the hub does not say it, signed."""
    identity = Identity(link.node_id, link.secret, link.secret_before)
    async with make_http(link.hub_url) as http:
        return (await HubClient(http, identity, HubClock()).releases()).releases
