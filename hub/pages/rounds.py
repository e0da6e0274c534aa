"""轮次与分配: prepare a sitting, look at its allocation, confirm it, follow it, close it."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to
from hub.pages.frame import KINDS, STATES, frame
from hub.pages.person import Lately, may_act
from hub.store import announcements, counts, exam, nodes, performances, sittings, slots
from hub.store.admins import Admin
from hub.store.sittings import Sitting
from hub.work import milestones
from hub.work.allocate import allocate, preview
from hub.work.sittings import close, known_sitting, prepare
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rounds import Milestone, missing_for
from shared.web.rendering import page

HERE = "/rounds"
WAITING_SHOWN = 50
DONE = {
    "prepared": "场次已准备好，随机种子已封存。请查看分配预览。",
    "allocated": "任务已分配，场次已开始，各节点会陆续收到任务。",
    "supplemented": "已补分配，各节点会陆续收到新任务。",
    "closed": "场次已结束，随机种子已公开。",
    "left_out": "已记录：各评次的完成判断不再等待这个节点。",
}


class PrepareForm(msgspec.Struct, forbid_unknown_fields=True):
    kind: Literal["trial", "formal"]


class TypedForm(msgspec.Struct, forbid_unknown_fields=True):
    typed: Annotated[str, msgspec.Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone, and what it still waits for."""

    text: str
    is_announced: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingRow:
    code: str
    round: int
    since: str


@get(HERE, sync_to_thread=True)
def rounds(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post("/rounds/prepare", sync_to_thread=True, status_code=303)
def give_prepare(
    data: Annotated[PrepareForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        if exam.exam(db) is None:
            raise Refusal("no_exam", "还没有导入考试，请先在服务器上导入考试工作簿。")
        prepare(db, data.kind, person.name, now())
    return back_to(HERE, "prepared")


@get("/rounds/{sitting_id:int}/preview", sync_to_thread=True)
def show_preview(
    sitting_id: FromPath[int], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Template:
    with store.reading() as db:
        sitting = known_sitting(db, sitting_id)
        if sitting.state != "prepared":
            raise Refusal("already_allocated", "这个场次已经分配过。")
        return page(
            "rounds_preview.html",
            frame=frame(db, person, HERE, now()),
            sitting=sitting,
            kind=KINDS[sitting.kind],
            seen=preview(db, sitting_id),
            may_act=person.role == "city_admin",
        )


@post("/rounds/{sitting_id:int}/allocate", sync_to_thread=True, status_code=303)
def give_allocate(
    sitting_id: FromPath[int], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        allocate(db, sitting_id, person.name, now())
    return back_to(HERE, "allocated")


@post("/rounds/{sitting_id:int}/close", sync_to_thread=True, status_code=303)
def give_close(
    sitting_id: FromPath[int],
    data: Annotated[TypedForm, FORM],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    lately.require()
    try:
        with store.writing() as db:
            found = exam.exam(db)
            if found is None or data.typed.strip() != found.name:
                raise Refusal("wrong_name", "输入的考试名称不一致，场次没有结束。", 400)
            close(db, sitting_id, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, typed=data.typed)
    return back_to(HERE, "closed")


@post("/rounds/leave-out", sync_to_thread=True, status_code=303)
def give_leave_out(
    data: Annotated[TypedForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    try:
        with store.writing() as db:
            milestones.leave_out(db, data.typed.strip(), person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, typed_node=data.typed)
    return back_to(HERE, "left_out")


def _page(
    store: Store, person: Admin, note: str = "", refusal: Refusal | None = None, **typed: str
) -> Template:
    moment = now()
    with store.reading() as db:
        sitting, found = sittings.current(db), exam.exam(db)
        every = sittings.all_sittings(db)
        return page(
            "rounds.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, moment),
            exam=found,
            every=list(reversed(every)),
            may_prepare=person.role == "city_admin" and found is not None and _is_free(every),
            kinds=KINDS,
            states=STATES,
            sitting=sitting,
            rounds=counts.sum_rounds(counts.by_group(db, sitting.id).values()) if sitting else {},
            steps=_steps(db, sitting),
            undealt=milestones.undealt(db, sitting) if sitting else 0,
            waiting=_waiting(db, sitting),
            silent=nodes.silent(db, moment),
            left_out=sorted(milestones.names_left_out(db, sitting.id)) if sitting else [],
            may_act=person.role == "city_admin",
            note=note,
            problem=refusal.text if refusal else "",
            typed=typed.get("typed", ""),
            typed_node=typed.get("typed_node", ""),
        )


def _is_free(every: list[Sitting]) -> bool:
    """Whether another sitting may be prepared."""
    return not any(
        s.state == "prepared" or (s.kind == "formal" and s.state == "open") for s in every
    )


def _steps(db: Database, sitting: Sitting | None) -> list[Step]:
    if sitting is None or sitting.state not in ("open", "closed"):
        return []
    facts = milestones.facts(db, sitting.id, now())
    announced = announcements.milestones(db, sitting.id)
    return [Step(_NAMES[m], m in announced, missing_for(m, facts)) for m in Milestone]


_NAMES = {
    Milestone.ROUND3_ALLOCATED: "1评、2评完成，3评全部分配",
    Milestone.ROUND3_ENDED: "3评结束",
    Milestone.ROUND4_ALLOCATED: "4评全部分配",
    Milestone.ROUND4_ENDED: "4评结束",
}


def _waiting(db: Database, sitting: Sitting | None) -> list[WaitingRow]:
    if sitting is None:
        return []
    rows = []
    for slot in slots.waiting(db, sitting.id, WAITING_SHOWN):
        found = performances.performance(db, slot.performance_id)
        rows.append(WaitingRow(found.code if found else "--", slot.round, slot.since))
    return rows


ROUTES: list[Any] = [
    rounds,
    give_prepare,
    show_preview,
    give_allocate,
    give_close,
    give_leave_out,
]
