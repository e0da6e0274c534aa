"""标准卷反馈: how a marker stood to the experts and the own earlier marks, when it is time."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from node.pages.people import Person
from node.store import exam, feedback, preferences
from shared.kit.store import Store
from shared.rules.probes import LEAST, probed
from shared.rules.rubric import CRITERIA, Role
from shared.web.rendering import page


@get("/feedback", sync_to_thread=True)
def show_feedback(person: NamedDependency[Person], store: NamedDependency[Store]) -> Template:
    person.require(Role.MARKER)
    with store.reading() as db:
        sitting = exam.current_sitting(db)
        told = feedback.told(db, person.id, sitting.id if sitting else 0)
        policy = exam.policy(db)
        groups = {group.id: group.label for group in exam.groups(db)}
        look = preferences.of_account(db, person.id)
    return page(
        "feedback.html",
        look=look,
        policy=policy,
        told=told,
        groups=groups,
        criteria=CRITERIA,
        least=LEAST,
        found=probed(
            [(one.levels, one.expected) for one in told if one.is_reference],
            [(one.levels, one.expected) for one in told if not one.is_reference],
        ),
    )


ROUTES = [show_feedback]
