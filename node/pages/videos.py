"""Videos to the marking page: a clip only to the marker whose task it is, every opening noted.

Model singings go to every marker of their stage: no student is in them.
"""

from datetime import timedelta
from typing import Any, NoReturn

import anyio.to_thread
from litestar import Request, Response, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from sqlite_utils import Database

from node.pages.marking import MARKERS
from node.pages.people import Person
from node.store import exam, plays, tasks, videos
from node.store.accounts import Account
from node.store.tasks import Task
from node.store.videos import Video
from node.videos.cache import Cache
from node.videos.verified import Verified
from shared.kit.clock import now, stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.numbers import PathWhole
from shared.web.ranges import serve_file
from shared.web.sending import is_all_in_memory

NOTED_EVERY = timedelta(minutes=1)


@route("/videos/{task_id:int}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def video(
    request: Request[Any, Any, State],
    task_id: PathWhole,
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Response[None]:
    person.require(*MARKERS)
    state = request.app.state
    cache: Cache = state.cache
    task = await anyio.to_thread.run_sync(_task, store, person.id, task_id)
    verified: Verified = state.verified
    is_right = task.is_video_ready and await verified.holds(task.video_sha256, task.video_bytes)
    if not is_right:
        await _fetch_first(store, task.video_sha256, is_ready=task.is_video_ready)
    path = cache.path(task.video_sha256)
    answer = await serve_file(path, request, etag=task.video_sha256, media_type="video/mp4")
    if request.method == "GET":
        await anyio.to_thread.run_sync(_note, store, person.id, task_id)
        is_in_memory = await anyio.to_thread.run_sync(is_all_in_memory, path)
        state.grants.give(
            request.headers.get("cookie", ""),
            request.scope["path"],
            task.video_sha256,
            path,
            is_in_memory=is_in_memory,
        )
    return answer


def _task(store: Store, account_id: int, task_id: int) -> Task:
    with store.reading() as db:
        task = tasks.task(db, task_id)
        if task is None or task.account_id != account_id or not _may_be_seen(db, task):
            raise Refusal("not_yours", "这份视频不在你的任务里。", 404)
    return task


@route("/models/{group_id:int}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def model(
    request: Request[Any, Any, State],
    group_id: PathWhole,
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Response[None]:
    person.require(*MARKERS)
    state = request.app.state
    found = await anyio.to_thread.run_sync(_model, store, person.account, group_id)
    is_ready = found.state == "ready"
    if not is_ready or not await state.verified.holds(found.sha256, found.bytes):
        await _fetch_first(store, found.sha256, is_ready=is_ready)
    return await serve_file(
        state.cache.path(found.sha256), request, etag=found.sha256, media_type="video/mp4"
    )


def _model(store: Store, account: Account, group_id: int) -> Video:
    with store.reading() as db:
        for group in exam.groups(db):
            is_theirs = group.id == group_id and group.stage == account.scope
            if is_theirs and group.model_sha256 and exam.open_sitting(db):
                found = videos.video(db, group.model_sha256)
                assert found is not None, "wanted together with its group"
                return found
    raise Refusal("no_model", "这个题组没有范唱。", 404)


async def _fetch_first(store: Store, sha256: str, *, is_ready: bool) -> NoReturn:
    """Not here, or not right: somebody waits for it."""

    def want() -> None:
        with store.writing() as db:
            (videos.want_again if is_ready else videos.want_first)(db, sha256)

    await anyio.to_thread.run_sync(want)
    raise Refusal("fetching", "正在取视频，请稍候。", 503)


def _may_be_seen(db: Database, task: Task) -> bool:
    """Still to be marked, or marked and open to revision, in the sitting that runs now."""
    sitting = exam.open_sitting(db)
    if sitting is None or sitting.id != task.sitting_id or task.state == "withdrawn":
        return False
    return not (task.is_answered and task.is_locked)


def _note(store: Store, account_id: int, task_id: int) -> None:
    """Players ask for one video in many slices: noted once a minute."""
    moment = now()
    with store.reading() as db:
        if plays.last(db, account_id, task_id) > stamp(moment - NOTED_EVERY):
            return
    with store.writing() as db:
        plays.add(db, account_id, task_id, moment)


ROUTES = [video, model]
