"""Which of the marks that a browser keeps reached the city (已上报), and which went lost here."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from node.pages.marking import MARKERS
from node.pages.people import Person
from node.pages.words import AskReported, ReportedView
from node.store import marks
from shared.kit.store import Store

ASKED_MAX = 200


@post("/api/reported", sync_to_thread=True, status_code=200)
def reported(
    data: JSONBody[AskReported],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> ReportedView:
    person.require(*MARKERS)
    asked = data.event_ids[:ASKED_MAX]
    with store.reading() as db:
        found = marks.results(db, person.id, asked)
    return ReportedView(
        reported=[one for one in asked if found.get(one) is not None],
        unknown=[one for one in asked if one not in found],
    )


ROUTES = [reported]
