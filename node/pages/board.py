"""现场看板: how far the district is, for a projector in the hall; no names."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Template
from sqlite_utils import Database

from node.pages.frame import MANAGERS, frame, live_page
from node.pages.people import Person
from node.store import announcements, exam, flags, progress
from shared.kit.clock import now
from shared.kit.store import Store
from shared.rules.rounds import Leaving, Milestone, leaving
from shared.rules.rubric import Role

HERE = "/board"
PACE_SPAN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    total: int
    done: int


@get(HERE, sync_to_thread=True)
def board(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(*MANAGERS)
    moment = now()
    with store.reading() as db:
        sitting = exam.current_sitting(db)
        sitting_id = sitting.id if sitting else 0
        bars = _bars(db, sitting_id)
        total, done = sum(b.total for b in bars), sum(b.done for b in bars)
        spoken = announcements.for_role(db, Role.MARKER)
        return live_page(
            request,
            "board",
            frame=frame(db, request.app.state, person, HERE, moment),
            moment=moment,
            bars=bars,
            whole=Bar("本区县", total, done),
            until=_until(
                total - done, flags.count_since(db, sitting_id, moment - PACE_SPAN), moment
            ),
            said=max(spoken, key=lambda one: one.id, default=None),
            leaving=_leaving(request.app.state, sitting),
        )


def _bars(db: Database, sitting_id: int) -> list[Bar]:
    counts = progress.by_group(db, sitting_id)
    bars = []
    for group in exam.groups(db):
        own = [count for count in counts if count.item_group_id == group.id]
        if own:
            bars.append(Bar(group.label, sum(c.total for c in own), sum(c.done for c in own)))
    return bars


def _until(left: int, in_last_hour: int, moment: datetime) -> datetime | None:
    """When what is there now will be done at the pace of the last hour."""
    if not left or not in_last_hour:
        return None
    return moment + PACE_SPAN * (left / in_last_hour)


def _leaving(state: State, sitting: exam.Sitting | None) -> Leaving:
    reached = [Milestone(m) for m in state.uplink.view().city_done]
    is_over = sitting is not None and sitting.kind == "formal" and sitting.state == "closed"
    return leaving(Role.MARKER, reached, sitting_is_over=is_over)


ROUTES = [board]
