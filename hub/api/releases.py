"""The door where a node asks which programs the city has published, and fetches one."""

from typing import Any

import anyio.to_thread
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from hub.api.guard import AnyRequest, decode, identify
from hub.settings import HubSettings
from hub.work.releases import path_of, published
from shared.kit.clock import now, stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.ranges import serve_file
from shared.wire.paths import RELEASE, RELEASES
from shared.wire.releases import ReleasesAnswer, ReleasesRequest


@post(RELEASES, status_code=200, request_max_body_size=1_000)
async def give_releases(
    request: Request[Any, Any, State],
    store: NamedDependency[Store],
    settings: NamedDependency[HubSettings],
) -> Response[bytes]:
    visitor = await identify(request, store)
    decode(await request.body(), ReleasesRequest)
    listed = await anyio.to_thread.run_sync(published, settings.data)
    return visitor.answer(ReleasesAnswer(listed, stamp(now())))


@get(RELEASE + "{sha256:str}")
async def give_release(
    request: AnyRequest,
    sha256: FromPath[str],
    store: NamedDependency[Store],
    settings: NamedDependency[HubSettings],
) -> Response[None]:
    await identify(request, store)
    for release in await anyio.to_thread.run_sync(published, settings.data):
        if release.sha256 == sha256 and release.bytes:
            path = path_of(settings.data, release)
            return await serve_file(path, request, etag=sha256, media_type="application/zip")
    raise Refusal("no_such_release", "没有公布这个程序包。", 404)


ROUTES = [give_releases, give_release]
