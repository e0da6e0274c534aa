"""总览: where the city stands, what comes next, and what needs someone."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from hub.pages.frame import frame
from hub.pages.glance import BARS_LINE, look
from hub.pages.todo import ITEMS_MAX
from hub.store.admins import Admin
from shared.kit.clock import now
from shared.kit.store import Store
from shared.web.rendering import page


@get("/", sync_to_thread=True)
def overview(person: NamedDependency[Admin], store: NamedDependency[Store]) -> Template:
    moment = now()
    with store.reading() as db:
        surroundings = frame(db, person, "/", moment)
    city = look(store, moment)
    return page("overview.html", frame=surroundings, city=city, line=BARS_LINE, todos_max=ITEMS_MAX)


@get("/overview/live", sync_to_thread=True)
def live(person: NamedDependency[Admin], store: NamedDependency[Store]) -> Template:
    return page("overview_live.html", city=look(store, now()), line=BARS_LINE, todos_max=ITEMS_MAX)


ROUTES = [overview, live]
