"""The door where a node asks which programs the city has published."""

from typing import Any

import anyio.to_thread
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from hub.api.guard import decode, identify
from hub.work.releases import published
from shared.kit.clock import now, stamp
from shared.kit.store import Store
from shared.wire.paths import RELEASES
from shared.wire.releases import ReleasesAnswer, ReleasesRequest


@post(RELEASES, status_code=200, request_max_body_size=1_000)
async def give_releases(
    request: Request[Any, Any, State], store: NamedDependency[Store]
) -> Response[bytes]:
    visitor = await identify(request, store)
    decode(await request.body(), ReleasesRequest)
    listed = await anyio.to_thread.run_sync(published, request.app.state.settings.data)
    return visitor.answer(ReleasesAnswer(listed, stamp(now())))


ROUTES = [give_releases]
