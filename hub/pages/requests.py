"""区县申请: what leads ask for, with one button to do it and one to decline."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from hub.pages.doors import FORM, back_to
from hub.pages.frame import frame
from hub.pages.person import Lately, may_act
from hub.store import exam, requests
from hub.store.admins import Admin
from hub.work.answer_request import KIND_LABELS, decline, grant
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/requests"
SHOWN = 200
DONE = {"granted": "已办理，结果已告知申请人。", "declined": "已答复申请人。"}
STATES = {"open": "待处理", "done": "已办理", "declined": "未同意"}


class GrantForm(msgspec.Struct, forbid_unknown_fields=True):
    event_id: str


class DeclineForm(msgspec.Struct, forbid_unknown_fields=True):
    event_id: str
    why: Annotated[str, msgspec.Meta(max_length=300)] = ""


@get(HERE, sync_to_thread=True)
def show_requests(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post(f"{HERE}/grant", sync_to_thread=True, status_code=303)
def give_grant(
    data: Annotated[GrantForm, FORM],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    lately.require()
    try:
        with store.writing() as db:
            grant(db, data.event_id, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal)
    return back_to(HERE, "granted")


@post(f"{HERE}/decline", sync_to_thread=True, status_code=303)
def give_decline(
    data: Annotated[DeclineForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    try:
        with store.writing() as db:
            decline(db, data.event_id, data.why, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal)
    return back_to(HERE, "declined")


def _page(store: Store, person: Admin, note: str = "", refusal: Refusal | None = None) -> Template:
    with store.reading() as db:
        return page(
            "requests.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, now()),
            rows=requests.latest(db, SHOWN),
            districts={district.id: district.name for district in exam.districts(db)},
            kinds=KIND_LABELS,
            states=STATES,
            may_act=person.role == "city_admin",
            note=note,
            problem=refusal.text if refusal else "",
        )


ROUTES: list[Any] = [show_requests, give_grant, give_decline]
