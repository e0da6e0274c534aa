"""The videos' door: a node fetches what somebody of its district has a task for.

Where the city has an object store, the answer is a signed address there: the hub's own link
carries no video.
"""

import re

import anyio.to_thread
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from hub.api.guard import AnyRequest, Visitor, identify
from hub.media.bucket import Bucket
from hub.media.shelf import path_of
from hub.settings import HubSettings
from hub.store import holdings
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.ranges import serve_file
from shared.wire.paths import VIDEO

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@get(VIDEO + "{sha256:str}")
async def video(
    request: AnyRequest,
    sha256: FromPath[str],
    store: NamedDependency[Store],
    settings: NamedDependency[HubSettings],
) -> Response[None]:
    visitor = await identify(request, store)
    if not await anyio.to_thread.run_sync(_may_fetch, store, visitor, sha256):
        raise Refusal("no_such_video", "没有这个视频，或本节点没有它的任务。", 404)
    path = path_of(settings.shelf, sha256)
    bucket: Bucket | None = request.app.state.bucket
    if bucket is not None and not await anyio.to_thread.run_sync(path.is_file):
        headers = {"Location": bucket.address(sha256), "Cache-Control": "no-store"}
        return Response(None, status_code=307, headers=headers)
    try:
        return await serve_file(path, request, etag=sha256, media_type="video/mp4")
    except FileNotFoundError as error:
        raise Refusal("video_missing", "市级中心缺少这个视频文件。", 404) from error


def _may_fetch(store: Store, visitor: Visitor, sha256: str) -> bool:
    if not _SHA256.fullmatch(sha256):
        return False
    with store.reading() as db:
        return holdings.may_fetch(db, visitor.node.district_id, sha256)


ROUTES = [video]
