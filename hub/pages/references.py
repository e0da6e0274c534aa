"""标准卷: the clips with the experts' levels, how markers stand to them, adding and retiring."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to
from hub.pages.frame import frame
from hub.pages.person import may_act
from hub.store import exam, probes, references, sittings
from hub.store.admins import Admin
from hub.store.references import Reference
from hub.work.mark_references import mark_references, retire_reference
from hub.work.seed_probes import seed_probes
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.probes import LEAST, Probed, probed
from shared.rules.rubric import CRITERIA
from shared.web.rendering import page

HERE = "/quality/references"
DONE = {"added": "已保存，正在发放到各区县。", "retired": "已停用，不再发给其他教师。"}


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    reference: Reference
    group: str
    found: Probed
    given: int
    usual: str
    """The level given most often in each criterion; empty while nobody has marked it."""


class LinesForm(msgspec.Struct, forbid_unknown_fields=True):
    lines: str


class RetireForm(msgspec.Struct, forbid_unknown_fields=True):
    performance: int


@get(HERE, sync_to_thread=True)
def show_references(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post(f"{HERE}/add", sync_to_thread=True, status_code=303)
def add_references(
    data: Annotated[LinesForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    moment = now()
    try:
        with store.writing() as db:
            mark_references(db, data.lines, person.name, moment)
            seed_probes(db, moment)
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, lines=data.lines)
    return back_to(HERE, "added")


@post(f"{HERE}/retire", sync_to_thread=True, status_code=303)
def retire(
    data: Annotated[RetireForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    try:
        with store.writing() as db:
            retire_reference(db, data.performance, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal)
    return back_to(HERE, "retired")


def _page(
    store: Store,
    person: Admin,
    note: str = "",
    refusal: Refusal | None = None,
    lines: str = "",
) -> Template:
    moment = now()
    with store.reading() as db:
        return page(
            "references.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, "/quality", moment),
            policy=exam.policy(db),
            rows=_rows(db),
            least=LEAST,
            criteria=CRITERIA,
            may_act=person.role == "city_admin",
            note=note,
            problem=refusal.text if refusal else "",
            lines=lines,
        )


def _rows(db: Database) -> list[ReferenceRow]:
    sitting = sittings.current(db)
    labels = {group.id: group.label for group in exam.groups(db)}
    given: dict[int, list[tuple[str, str]]] = {}
    for one in probes.answered(db, sitting.id if sitting else 0):
        if one.kind == "reference":
            given.setdefault(one.performance_id, []).append((one.levels, one.expected))
    return [
        ReferenceRow(
            reference=one,
            group=labels[one.item_group_id],
            found=probed(own, []),
            given=len(own),
            usual=_usual([levels for levels, _ in own]),
        )
        for one in references.everything(db)
        for own in [given.get(one.performance_id, [])]
    ]


def _usual(levels: list[str]) -> str:
    return "".join(Counter(column).most_common(1)[0][0] for column in zip(*levels, strict=True))


ROUTES: list[Any] = [show_references, add_references, retire]
