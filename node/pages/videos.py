"""Videos to the marking page: only to the marker whose task it is, and every opening is noted."""

from datetime import timedelta
from typing import Any

import anyio.to_thread
from litestar import Request, Response, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath
from sqlite_utils import Database

from node.pages.marking import MARKERS
from node.pages.people import Person
from node.store import exam, plays, tasks, videos
from node.store.tasks import Task
from shared.kit.clock import now, stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.ranges import serve_file

NOTED_EVERY = timedelta(minutes=1)


@route("/videos/{task_id:int}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def video(
    request: Request[Any, Any, State],
    task_id: FromPath[int],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Response[None]:
    person.require(*MARKERS)
    task = await anyio.to_thread.run_sync(_allowed, store, person.id, task_id)
    path = request.app.state.cache.path(task.video_sha256)
    return await serve_file(path, request, etag=task.video_sha256, media_type="video/mp4")


def _allowed(store: Store, account_id: int, task_id: int) -> Task:
    moment = now()
    with store.reading() as db:
        task = tasks.task(db, task_id)
        if task is None or task.account_id != account_id or not _is_in_hand(db, task):
            raise Refusal("not_yours", "这份视频不在你的任务里。", 404)
        is_noted = plays.last(db, account_id, task_id) > stamp(moment - NOTED_EVERY)
    if not task.is_video_ready:
        with store.writing() as db:
            videos.want_first(db, task.video_sha256)
        raise Refusal("fetching", "正在取视频，请稍候。", 503)
    if not is_noted:
        with store.writing() as db:
            plays.add(db, account_id, task_id, moment)
    return task


def _is_in_hand(db: Database, task: Task) -> bool:
    """Open, or answered in the sitting that runs now, so that it can be looked at again."""
    sitting = exam.open_sitting(db)
    return sitting is not None and sitting.id == task.sitting_id and task.state != "withdrawn"


ROUTES = [video]
