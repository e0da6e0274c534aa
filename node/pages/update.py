"""更新程序: what the city has published, one button, and how far it is."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.pages.frame import MANAGERS
from node.pages.people import Person
from node.work.at_work import marking_now
from shared import __version__
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/settings/update"
BACK = "/settings#update"


class UpdateForm(msgspec.Struct, forbid_unknown_fields=True):
    interrupt: bool = False
    """Whoever asks has read that people are marking."""


@get(HERE, sync_to_thread=True)
def show_update(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    """The part of the settings that follows an update."""
    person.require(*MANAGERS)
    with store.reading() as db:
        return page("update.html", **facts(request.app.state, db))


@post(HERE, status_code=303)
async def begin_update(
    request: Request[Any, Any, State],
    data: Annotated[UpdateForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Redirect:
    person.require(*MANAGERS)
    updates = _updates(request.app.state)
    with store.reading() as db:
        marking = marking_now(db, now())
    if marking and not data.interrupt:
        raise Refusal(
            "marking",
            f"有 {marking} 人正在阅卷，更新会让他们等约一分钟（已保存的评分不受影响）。"
            "请在休息时更新；一定要现在更新，请回到“设置与诊断”再点一次“更新”。",
        )
    updates.begin()
    return Redirect(BACK, status_code=303)


@post("/settings/update/look", status_code=303)
async def look_for_update(
    request: Request[Any, Any, State], person: NamedDependency[Person]
) -> Redirect:
    person.require(*MANAGERS)
    await _updates(request.app.state).look()
    return Redirect(BACK, status_code=303)


def facts(state: State, db: Database) -> dict[str, Any]:
    """What the part shows."""
    return {
        "update": state.updates.view() if state.updates else None,
        "marking": marking_now(db, now()),
        "version": __version__,
    }


def _updates(state: State) -> Any:
    if state.updates is None:
        raise Refusal(
            "not_a_program", "本机的程序不是由启动器运行的，不能在这里更新。请使用发布的程序包。"
        )
    return state.updates


ROUTES = [show_update, begin_update, look_for_update]
