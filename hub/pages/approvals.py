"""双人确认: what another city admin asked for, to be approved or declined."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from hub.pages.doors import FORM, back_to
from hub.pages.frame import frame
from hub.pages.person import Lately, may_act
from hub.store import approvals
from hub.store.admins import Admin
from hub.work import second_person
from hub.work.second_person import ACT_LABELS, LASTS
from shared.kit.clock import now
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/approvals"
DONE = {"approved": "已确认，申请人可以执行了。", "declined": "申请已取消。"}


class ApprovalForm(msgspec.Struct, forbid_unknown_fields=True):
    approval_id: int


@get(HERE, sync_to_thread=True)
def show_approvals(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    moment = now()
    with store.reading() as db:
        return page(
            "approvals.html",
            frame=frame(db, person, HERE, moment),
            asked=approvals.alive(db, moment - LASTS),
            labels=ACT_LABELS,
            me=person.name,
            may_act=person.role == "city_admin",
            note=DONE.get(done, ""),
        )


@post("/approvals/approve", sync_to_thread=True, status_code=303)
def give_approval(
    data: Annotated[ApprovalForm, FORM],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Redirect:
    may_act(person)
    lately.require()
    with store.writing() as db:
        second_person.approve(db, data.approval_id, person.name, now())
    return back_to(HERE, "approved")


@post("/approvals/decline", sync_to_thread=True, status_code=303)
def decline(
    data: Annotated[ApprovalForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        second_person.decline(db, data.approval_id, person.name, now())
    return back_to(HERE, "declined")


ROUTES = [show_approvals, give_approval, decline]
