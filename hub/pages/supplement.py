"""补分配: what came after the allocation, looked at and then dealt."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from hub.pages import rounds
from hub.pages.doors import back_to
from hub.pages.frame import frame
from hub.pages.person import may_act
from hub.store.admins import Admin
from hub.work.supplement import preview, supplement
from shared.kit.clock import now
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/rounds/supplement"


@get(HERE, sync_to_thread=True)
def show_supplement(person: NamedDependency[Admin], store: NamedDependency[Store]) -> Template:
    with store.reading() as db:
        return page(
            "supplement.html",
            frame=frame(db, person, rounds.HERE, now()),
            seen=preview(db),
            may_act=person.role == "city_admin",
        )


@post(HERE, sync_to_thread=True, status_code=303)
def give_supplement(person: NamedDependency[Admin], store: NamedDependency[Store]) -> Redirect:
    may_act(person)
    with store.writing() as db:
        supplement(db, person.name, now())
    return back_to(rounds.HERE, "supplemented")


ROUTES = [show_supplement, give_supplement]
