"""The marking page and its JSON API: tasks out, marks in."""

from statistics import median
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.pages.check import is_check_due
from node.pages.people import Person
from node.pages.words import (
    AnnouncementView,
    GiveFault,
    GiveMark,
    GivePreference,
    GiveReceipt,
    GroupProgress,
    HistoryView,
    ProgressView,
    RoundView,
    TasksView,
    history_row,
    task_view,
)
from node.store import announcements, exam, marks, preferences
from node.store.accounts import Account
from node.work import next_tasks
from node.work.give_mark import Answer, give_mark
from node.work.read_announcement import read_announcement
from node.work.report_fault import report_fault
from shared.kit.clock import now, stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rounds import Milestone, leaving
from shared.rules.rubric import Criterion, MarkException, Role
from shared.web.numbers import QueryWhole
from shared.web.rendering import page

TASKS_MAX = 10
SKIPPED_MAX = 200
PACE_MARKS = 20
MARKERS = (Role.MARKER, Role.LEADER)


@get("/mark", sync_to_thread=True)
def shell(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template | Redirect:
    person.require(*MARKERS, even_locked=True)
    with store.reading() as db:
        if is_check_due(request, db, now()):
            return Redirect("/check", status_code=303)
    return page("marking.html")


@get("/api/progress", sync_to_thread=True)
def progress(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> ProgressView:
    # Also while locked: it says when new work has come, and keeps the session.
    person.require(*MARKERS, even_locked=True)
    uplink = request.app.state.uplink.view()
    with store.reading() as db:
        sitting = exam.current_sitting(db)
        is_open = sitting is not None and sitting.state == "open"
        is_over = sitting is not None and sitting.kind == "formal" and sitting.state == "closed"
        may = leaving(
            person.account.role,
            [Milestone(m) for m in uplink.city_done],
            sitting_is_over=is_over,
        )
        return ProgressView(
            groups=_progress(db, person.account, sitting.id if sitting and is_open else 0),
            city=[RoundView(r.round, r.total, r.done) for r in uplink.city],
            may_leave=may.may_leave,
            leave_text=may.text,
            session_over=is_over,
            sitting_id=sitting.id if sitting and is_open else None,
            announcements=_announcements(db, person.account),
            pace_s=_pace(db, person.id),
            pending_on_node=marks.count_pending(db, person.id),
            server_time=stamp(now()),
        )


def _progress(db: Database, account: Account, sitting_id: int) -> list[GroupProgress]:
    counts = next_tasks.counts(db, account.id, sitting_id, now())
    return [
        GroupProgress(
            id=group.id,
            label=group.label,
            rounds=[RoundView(c.round, c.total, c.done) for c in mine],
            open=sum(c.total - c.done for c in mine),
            open_round3=sum(c.total - c.done for c in mine if c.round > 2),
        )
        for group in exam.groups(db)
        if group.stage == account.scope
        for mine in [[c for c in counts if c.item_group_id == group.id]]
    ]


def _announcements(db: Database, account: Account) -> list[AnnouncementView]:
    read = announcements.read_ids(db, account.id)
    return [
        AnnouncementView(a.id, a.strength, a.text, a.kind, a.published_at, a.id in read)
        for a in announcements.for_role(db, account.role)
    ]


def _pace(db: Database, account_id: int) -> float | None:
    times = marks.recent_times(db, account_id, PACE_MARKS)
    return median(times) / 1000 if times else None


@get("/api/tasks", sync_to_thread=True)
def give_tasks(
    person: NamedDependency[Person],
    store: NamedDependency[Store],
    group: QueryWhole,
    limit: QueryWhole = 3,
    skip: FromQuery[str] = "",
) -> TasksView:
    """What to mark next; `skip` names tasks whose marks still wait in the browser."""
    person.require(*MARKERS)
    skipped = {int(part) for part in skip.split(",")[:SKIPPED_MAX] if _is_number(part)}
    limit = min(max(limit, 1), TASKS_MAX)
    with store.reading() as db:
        sitting = exam.open_sitting(db)
        if sitting is None:
            return TasksView([], 0, 0, 0)
        moment, most = now(), limit + len(skipped)
        found = next_tasks.next_tasks(db, person.id, sitting.id, group, most, moment)
        counts = [
            count
            for count in next_tasks.counts(db, person.id, sitting.id, moment)
            if count.item_group_id == group
        ]
        policy = exam.policy(db)
    wanted = [t for t in found if t.id not in skipped]
    return TasksView(
        tasks=[task_view(t, policy) for t in wanted[:limit]],
        total=sum(c.total for c in counts),
        done=sum(c.done for c in counts),
        waiting_for_video=sum(not t.is_video_ready for t in wanted),
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


@post("/api/marks", sync_to_thread=True, status_code=200)
def give(
    request: Request[Any, Any, State],
    data: JSONBody[GiveMark],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> dict[str, Any]:
    person.require(*MARKERS)
    answer = _to_answer(data)
    with store.writing() as db:
        give_mark(db, person.id, answer, now())
    request.app.state.uplink.wake_push()
    return {"saved": True, "event_id": data.event_id}


def _to_answer(data: GiveMark) -> Answer:
    try:
        levels = {Criterion(code): level for code, level in data.levels.items()}
        exception = MarkException(data.exception) if data.exception else None
    except ValueError as error:
        raise Refusal("invalid", "评价维度或标记不对，请刷新页面后重试。", 400) from error
    return Answer(
        event_id=data.event_id,
        task_id=data.task_id,
        gen=data.gen,
        levels=levels,
        exception=exception,
        comment=data.comment,
        revises=data.revises,
        spent_ms=data.spent_ms,
        heard_percent=data.heard_percent,
        is_again=data.is_again,
    )


@get("/api/history", sync_to_thread=True)
def history(
    person: NamedDependency[Person],
    store: NamedDependency[Store],
    group: QueryWhole = 0,
    before: FromQuery[str] = "",
    code: Annotated[str, QueryParameter(name="query")] = "",
    exception: FromQuery[bool] = False,
) -> HistoryView:
    person.require(*MARKERS)
    with store.reading() as db:
        sitting = exam.current_sitting(db)
        if sitting is None:
            return HistoryView([], more=False)
        found = marks.history(
            db, person.id, sitting.id, group, before, code, with_exception=exception
        )
        policy, is_open = exam.policy(db), sitting.state == "open"
    open_sitting = sitting.id if is_open else None
    rows = [
        history_row(mark, task, policy, open_sitting) for mark, task in found[: marks.PAGE_ROWS]
    ]
    return HistoryView(rows, more=len(found) > marks.PAGE_ROWS)


@post("/api/faults", sync_to_thread=True, status_code=200)
def fault(
    request: Request[Any, Any, State],
    data: JSONBody[GiveFault],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> dict[str, bool]:
    person.require(*MARKERS)
    with store.writing() as db:
        report_fault(db, person.id, data.task_id, data.fault, data.event_id, now())
    request.app.state.uplink.wake_push()
    return {"set_aside": True}


@post("/api/receipts", sync_to_thread=True, status_code=200)
def receipt(
    data: JSONBody[GiveReceipt], person: NamedDependency[Person], store: NamedDependency[Store]
) -> dict[str, bool]:
    person.require(*MARKERS)
    with store.writing() as db:
        read_announcement(db, person.id, data.announcement_id, now())
    return {"read": True}


@post("/api/preferences", sync_to_thread=True, status_code=200)
def prefer(
    data: JSONBody[GivePreference], person: NamedDependency[Person], store: NamedDependency[Store]
) -> dict[str, bool]:
    person.require(*MARKERS)
    with store.writing() as db:
        preferences.put(db, person.id, data.key, data.value)
    return {"kept": True}


ROUTES = [shell, progress, give_tasks, give, history, fault, receipt, prefer]
