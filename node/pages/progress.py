"""The manual's three progress queries: by subject, by item and by marker."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from sqlite_utils import Database

from node.pages.charts import PaceChart, pace_chart
from node.pages.frame import MANAGERS, ONLINE, frame, live_page
from node.pages.people import Person
from node.store import accounts, exam, progress, sessions
from node.store.accounts import Account
from node.store.exam import Group
from node.store.progress import Done, Pace
from shared.kit.clock import now
from shared.kit.store import Store
from shared.rules.rounds import Leaving, Milestone, leaving
from shared.rules.rubric import ROUNDS, Role
from shared.web.numbers import QueryWhole

PLAYERS = (Role.MARKER, Role.LEADER)


@dataclass(frozen=True, slots=True)
class Cell:
    total: int = 0
    done: int = 0


@dataclass(frozen=True, slots=True)
class GroupLine:
    group: Group
    cells: dict[int, Cell]


@dataclass(frozen=True, slots=True)
class AccountLine:
    account: Account
    cells: dict[int, Cell]
    pace: Pace | None
    is_online: bool

    @property
    def left(self) -> int:
        return sum(cell.total - cell.done for cell in self.cells.values())


@get("/progress", sync_to_thread=True)
def by_subject(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    """按学科: a row per item group, a total row, and whether people may leave."""
    person.require(*MANAGERS)
    moment = now()
    with store.reading() as db:
        counts = progress.by_group(db, _sitting_id(db))
        return live_page(
            request,
            "progress_subjects",
            frame=frame(db, request.app.state, person, "/progress", moment),
            moment=moment,
            lines=[_group_line(group, counts) for group in exam.groups(db)],
            total=_cells(counts),
            rounds=ROUNDS,
            leaving=_leaving(db, request.app.state),
        )


def _leaving(db: Database, state: State) -> dict[str, Leaving]:
    """For markers and for leaders, in the words that they see themselves."""
    reached = [Milestone(m) for m in state.uplink.view().city_done]
    sitting = exam.current_sitting(db)
    is_over = sitting is not None and sitting.kind == "formal" and sitting.state == "closed"
    return {role.label: leaving(role, reached, sitting_is_over=is_over) for role in PLAYERS}


@get("/progress/items", sync_to_thread=True)
def by_item(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
    group: QueryWhole = 0,
) -> Template:
    """按题目: one item group, a row per person, those with most left first."""
    person.require(*MANAGERS)
    moment = now()
    with store.reading() as db:
        groups = exam.groups(db)
        chosen = next((g for g in groups if g.id == group), groups[0] if groups else None)
        lines = _account_lines(db, chosen, sessions.online(db, moment - ONLINE)) if chosen else []
        return live_page(
            request,
            "progress_items",
            frame=frame(db, request.app.state, person, "/progress/items", moment),
            moment=moment,
            groups=groups,
            chosen=chosen,
            lines=sorted(lines, key=lambda line: (-line.left, line.account.id)),
            rounds=ROUNDS,
        )


def _account_lines(db: Database, group: Group, online: dict[int, str]) -> list[AccountLine]:
    sitting_id = _sitting_id(db)
    counts = [c for c in progress.by_account(db, sitting_id) if c.item_group_id == group.id]
    paces = progress.paces(db, sitting_id, group.id)
    # Whoever was disabled or moved away and left tasks behind must not vanish from the sums.
    at_work = {count.account_id for count in counts}
    return [
        AccountLine(
            account=account,
            cells=_cells(c for c in counts if c.account_id == account.id),
            pace=paces.get(account.id),
            is_online=account.id in online,
        )
        for account in accounts.everyone(db)
        if account.id in at_work or (_is_player(account) and account.scope == group.stage)
    ]


@get("/progress/markers", sync_to_thread=True)
def by_marker(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
    account: QueryWhole = 0,
    name: FromQuery[str] = "",
) -> Template:
    """按评分人: one person, a row per item group; `name` narrows the list of people."""
    person.require(*MANAGERS)
    moment = now()
    with store.reading() as db:
        sitting_id = _sitting_id(db)
        counts = progress.by_account(db, sitting_id)
        at_work = {count.account_id for count in counts}
        everyone = [a for a in accounts.everyone(db) if a.id in at_work or _is_player(a)]
        people = [a for a in everyone if name.strip() in a.name]
        chosen = next((a for a in everyone if a.id == account), people[0] if people else None)
        mine = [c for c in counts if chosen and c.account_id == chosen.id]
        return live_page(
            request,
            "progress_markers",
            frame=frame(db, request.app.state, person, "/progress/markers", moment),
            moment=moment,
            name=name.strip(),
            people=people,
            chosen=chosen,
            lines=[
                line
                for group in exam.groups(db)
                if chosen and (line := _group_line(group, mine))
                if group.stage == chosen.scope or any(c.total for c in line.cells.values())
            ],
            total=_cells(mine),
            pace=progress.paces(db, sitting_id, 0).get(chosen.id) if chosen else None,
            chart=_pace_of_today(db, sitting_id, chosen, moment),
            rounds=ROUNDS,
        )


def _pace_of_today(
    db: Database, sitting_id: int, chosen: Account | None, moment: datetime
) -> PaceChart | None:
    if chosen is None:
        return None
    midnight = moment.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return pace_chart(progress.given_in_spans(db, sitting_id, chosen.id, midnight), moment)


def _is_player(account: Account) -> bool:
    return account.role in PLAYERS and account.state == "active"


def _sitting_id(db: Database) -> int:
    sitting = exam.current_sitting(db)
    return sitting.id if sitting else 0


def _group_line(group: Group, counts: Iterable[Done]) -> GroupLine:
    return GroupLine(group, _cells(c for c in counts if c.item_group_id == group.id))


def _cells(counts: Iterable[Done]) -> dict[int, Cell]:
    """Every round, also those without tasks."""
    cells = dict.fromkeys(ROUNDS, Cell())
    for count in counts:
        before = cells[count.round]
        cells[count.round] = Cell(before.total + count.total, before.done + count.done)
    return cells


ROUTES = [by_subject, by_item, by_marker]
