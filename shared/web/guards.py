"""Guards that every door shares: a form or a call must come from our own pages."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from shared.kit.refusal import Refusal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def same_origin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse what another site's page sends in a person's name.

    Browsers send Origin with every unsafe request; programs that are no browsers send none.
    """
    if connection.scope.get("method", "GET") in SAFE_METHODS:
        return
    origin, host = connection.headers.get("origin"), connection.headers.get("host", "")
    if origin is not None and origin.split("://", 1)[-1].lower() != host.lower():
        raise Refusal("other_site", "这个请求来自别的网站，没有执行。", 403)
    if connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refusal("other_site", "这个请求来自别的网站，没有执行。", 403)
