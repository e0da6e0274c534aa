"""标记与评语: what the district's markers flagged or commented on, with the clip to play."""

from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from litestar import Request, Response, get, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.response import Template

from node.pages.frame import frame, live_page
from node.pages.people import Person
from node.store import accounts, exam, flags
from node.store.flags import Flagged
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import MarkException, Role
from shared.web.numbers import PathWhole
from shared.web.ranges import serve_file

HERE = "/flags"


@dataclass(frozen=True, slots=True)
class FlagLine:
    flagged: Flagged
    group: str
    name: str
    label: str


@get(HERE, sync_to_thread=True)
def show_flags(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(Role.LEAD)
    moment = now()
    with store.reading() as db:
        sitting = exam.current_sitting(db)
        groups = {group.id: group.label for group in exam.groups(db)}
        names = {account.id: account.name for account in accounts.everyone(db)}
        return live_page(
            request,
            "flags",
            frame=frame(db, request.app.state, person, HERE, moment),
            moment=moment,
            lines=[
                FlagLine(
                    one,
                    groups.get(one.item_group_id, "--"),
                    names.get(one.account_id, "--"),
                    MarkException(one.exception).label if one.exception else "",
                )
                for one in flags.flagged(db, sitting.id if sitting else 0)
            ],
        )


@route("/flags/{task_id:int}/video", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def flagged_video(
    request: Request[Any, Any, State],
    task_id: PathWhole,
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Response[None]:
    """Only of what is flagged: the lead judges a complaint, and marks nothing."""
    person.require(Role.LEAD)
    sha256 = await anyio.to_thread.run_sync(_sha256, store, task_id)
    try:
        path = request.app.state.cache.path(sha256)
        return await serve_file(path, request, etag=sha256, media_type="video/mp4")
    except FileNotFoundError as error:
        raise Refusal("fetching", "这份视频不在本节点的缓存里。", 404) from error


def _sha256(store: Store, task_id: int) -> str:
    with store.reading() as db:
        sitting = exam.current_sitting(db)
        for one in flags.flagged(db, sitting.id if sitting else 0):
            if one.task_id == task_id:
                return one.video_sha256
    raise Refusal("not_flagged", "这份作品没有标记或评语。", 404)


ROUTES = [show_flags, flagged_video]
