"""市级申请: the lead asks the city to replace a teacher, to shift tasks, or for anything else."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template

from node.pages.frame import frame
from node.pages.people import Person
from node.store import accounts, announcements, requests
from node.work.ask_city import TEACHERS, Wish, ask_city
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import Role
from shared.web.numbers import Whole
from shared.web.rendering import page
from shared.wire.requests import RequestKind

HERE = "/requests"
SHOWN = 50
KINDS: dict[RequestKind, str] = {"replace": "更换教师", "shift": "调配任务", "other": "其他"}


class WishForm(msgspec.Struct, forbid_unknown_fields=True):
    kind: RequestKind
    account_id: Whole
    new_name: Annotated[str, msgspec.Meta(max_length=40)] = ""
    new_phone: Annotated[str, msgspec.Meta(max_length=30)] = ""
    text: Annotated[str, msgspec.Meta(max_length=600)] = ""


@get(HERE, sync_to_thread=True)
def show_requests(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
    done: FromQuery[str] = "",
    account: FromQuery[int] = 0,
) -> Template:
    """`account`: the one who is asked about, chosen already."""
    person.require(Role.LEAD)
    note = "申请已保存，连上市级中心后送达；答复会显示在下面。" if done == "asked" else ""
    typed = WishForm("replace", account) if account else None
    return _page(request, person, store, note=note, typed=typed)


@post(HERE, sync_to_thread=True, status_code=303)
def ask(
    request: Request[Any, Any, State],
    data: Annotated[WishForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Redirect | Template:
    person.require(Role.LEAD)
    wish = Wish(data.kind, data.account_id, data.new_name, data.new_phone, data.text)
    try:
        with store.writing() as db:
            ask_city(db, wish, person.id, now())
    except Refusal as refusal:
        return _page(request, person, store, refusal=refusal, typed=data)
    request.app.state.uplink.wake_push()
    return Redirect(f"{HERE}?done=asked", status_code=303)


def _page(
    request: Request[Any, Any, State],
    person: Person,
    store: Store,
    note: str = "",
    refusal: Refusal | None = None,
    typed: WishForm | None = None,
) -> Template:
    with store.reading() as db:
        people = accounts.everyone(db)
        said = announcements.for_role(db, Role.LEAD)
        return page(
            "requests.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, request.app.state, person, "/accounts", now()),
            asked=requests.latest(db, SHOWN),
            answers=[one for one in reversed(said) if one.text.startswith("申请“")],
            names={account.id: account.name for account in people},
            teachers=[a for a in people if a.role in TEACHERS and a.state == "active"],
            kinds=KINDS,
            typed=typed,
            note=note,
            problem=refusal.text if refusal else "",
        )


ROUTES: list[Any] = [show_requests, ask]
