"""The manual's three progress queries: by subject, by item and by marker."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from sqlite_utils import Database

from node.pages.frame import MANAGERS, frame
from node.pages.people import Person
from node.store import accounts, exam, progress, sessions
from node.store.accounts import Account
from node.store.exam import Group
from node.store.progress import Done, Pace
from shared.kit.clock import now
from shared.kit.store import Store
from shared.rules.rounds import Leaving, Milestone, leaving
from shared.rules.rubric import ROUNDS, Role
from shared.web.rendering import page

ONLINE = timedelta(minutes=2)
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
    with store.reading() as db:
        counts = progress.by_group(db, _sitting_id(db))
        lines = [
            GroupLine(group, _cells(c for c in counts if c.item_group_id == group.id))
            for group in exam.groups(db)
        ]
        context: dict[str, Any] = {
            "frame": frame(db, request.app.state, person, "/progress", now()),
            "lines": lines,
            "total": _cells(counts),
            "rounds": ROUNDS,
            "leaving": _leaving(db, request.app.state),
        }
    return page("progress_subjects.html", **context)


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
    group: FromQuery[int] = 0,
) -> Template:
    """按题目: one item group, a row per person, those with most left first."""
    person.require(*MANAGERS)
    with store.reading() as db:
        groups = exam.groups(db)
        chosen = next((g for g in groups if g.id == group), groups[0] if groups else None)
        lines = _account_lines(db, chosen) if chosen else []
        context: dict[str, Any] = {
            "frame": frame(db, request.app.state, person, "/progress/items", now()),
            "groups": groups,
            "chosen": chosen,
            "lines": sorted(lines, key=lambda line: (-line.left, line.account.id)),
            "rounds": ROUNDS,
        }
    return page("progress_items.html", **context)


def _account_lines(db: Database, group: Group) -> list[AccountLine]:
    sitting_id = _sitting_id(db)
    counts = [c for c in progress.by_account(db, sitting_id) if c.item_group_id == group.id]
    paces = progress.paces(db, sitting_id)
    online = sessions.online(db, now() - ONLINE)
    return [
        AccountLine(
            account=account,
            cells=_cells(c for c in counts if c.account_id == account.id),
            pace=paces.get(account.id),
            is_online=account.id in online,
        )
        for account in accounts.everyone(db)
        if account.role in PLAYERS and account.scope == group.stage
    ]


@get("/progress/markers", sync_to_thread=True)
def by_marker(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
    account: FromQuery[int] = 0,
) -> Template:
    """按评分人: one person, a row per item group of the scope."""
    person.require(*MANAGERS)
    with store.reading() as db:
        people = [a for a in accounts.everyone(db) if a.role in PLAYERS]
        chosen = next((a for a in people if a.id == account), people[0] if people else None)
        sitting_id = _sitting_id(db)
        counts = [
            c for c in progress.by_account(db, sitting_id) if chosen and c.account_id == chosen.id
        ]
        context: dict[str, Any] = {
            "frame": frame(db, request.app.state, person, "/progress/markers", now()),
            "people": people,
            "chosen": chosen,
            "lines": [
                GroupLine(group, _cells(c for c in counts if c.item_group_id == group.id))
                for group in exam.groups(db)
                if chosen and group.stage == chosen.scope
            ],
            "total": _cells(counts),
            "pace": progress.paces(db, sitting_id).get(chosen.id) if chosen else None,
            "rounds": ROUNDS,
        }
    return page("progress_markers.html", **context)


def _sitting_id(db: Database) -> int:
    sitting = exam.current_sitting(db)
    return sitting.id if sitting else 0


def _cells(counts: Iterable[Done]) -> dict[int, Cell]:
    """Every round, also those without tasks."""
    cells = dict.fromkeys(ROUNDS, Cell())
    for count in counts:
        before = cells[count.round]
        cells[count.round] = Cell(before.total + count.total, before.done + count.done)
    return cells


ROUTES = [by_subject, by_item, by_marker]
