"""One performance as the quality pages link to it: its video, every mark, who decided."""

from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from litestar import HttpMethod, Request, Response, get, route
from litestar.di import NamedDependency
from litestar.response import Template

from hub.media.shelf import path_of
from hub.pages.frame import frame
from hub.settings import HubSettings
from hub.store import accounts, exam, marks, outcomes, performances, sittings, videos
from hub.store.admins import Admin
from hub.store.marks import Mark
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA
from shared.web.numbers import PathWhole
from shared.web.ranges import serve_file
from shared.web.rendering import page

HERE = "/quality"
STANDINGS = {"counted": "计入", "replaced": "已被修改", "surplus": "多余", "refused": "未采纳"}


@dataclass(frozen=True, slots=True)
class ClipMark:
    mark: Mark
    name: str
    district: str


@get("/quality/clips/{performance_id:int}", sync_to_thread=True)
def show_clip(
    performance_id: PathWhole, person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Template:
    with store.reading() as db:
        sitting, found = sittings.current(db), performances.performance(db, performance_id)
        if sitting is None or found is None:
            raise Refusal("no_performance", "没有这份作品，或者还没有场次。", 404)
        people = {account.id: account for account in accounts.everyone(db)}
        names = {district.id: district.name for district in exam.districts(db)}
        given = [
            ClipMark(m, people[m.account_id].name, names[people[m.account_id].district_id])
            for m in marks.of_performance(db, sitting.id, performance_id)
        ]
        return page(
            "quality_clips.html",
            frame=frame(db, person, HERE, now()),
            performance=found,
            group=next(g.label for g in exam.groups(db) if g.id == found.item_group_id),
            given=given,
            outcome=outcomes.outcome(db, sitting.id, performance_id),
            criteria=CRITERIA,
            standings=STANDINGS,
        )


@route("/quality/clips/{performance_id:int}/video", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def clip_video(
    performance_id: PathWhole,
    request: Request[Any, Any, Any],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    settings: NamedDependency[HubSettings],
) -> Response[None]:
    sha256 = await anyio.to_thread.run_sync(_sha256, store, performance_id)
    path, bucket = path_of(settings.shelf, sha256), request.app.state.bucket
    try:
        if bucket is not None and not path.is_file():
            await anyio.to_thread.run_sync(bucket.bring, sha256, settings.shelf)
        return await serve_file(path, request, etag=sha256, media_type="video/mp4")
    except FileNotFoundError as error:
        raise Refusal("video_missing", "市级中心缺少这个视频文件。", 404) from error


def _sha256(store: Store, performance_id: int) -> str:
    with store.reading() as db:
        found = performances.performance(db, performance_id)
        video = videos.video(db, found.video_id) if found and found.video_id else None
    if video is None:
        raise Refusal("no_video", "这份作品没有可用的视频。", 404)
    return video.sha256


ROUTES = [show_clip, clip_video]
