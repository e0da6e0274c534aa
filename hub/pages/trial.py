"""试阅清空: wipe the trial by hand or at a set time, and see each node confirm it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to, local_moment
from hub.pages.exporting import tidy
from hub.pages.frame import STATES, frame
from hub.pages.person import Lately, may_act
from hub.settings import HubSettings
from hub.store import counts, exam, nodes, sittings
from hub.store.admins import Admin
from hub.store.sittings import Sitting, WipeConfirmation
from hub.work import second_person
from hub.work.back_up import back_up
from hub.work.sittings import set_wipe_at
from hub.work.wipe_trial import must_be_named, wipe_trial
from shared.kit.clock import now, parse_stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/trial"
DONE = {
    "wiped": "试阅数据已清空，各节点收到后会逐一确认。",
    "scheduled": "清空时间已设定，到时自动清空。",
    "unscheduled": "已取消定时清空。",
    "asked": second_person.ASKED,
}


class WipeForm(msgspec.Struct, forbid_unknown_fields=True):
    typed: Annotated[str, msgspec.Meta(max_length=200)]


class ScheduleForm(msgspec.Struct, forbid_unknown_fields=True):
    wipe_at: Annotated[str, msgspec.Meta(max_length=16)] = ""
    """Local time as browsers send it, 2023-04-12T17:30; empty: no set time."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    name: str
    confirmation: WipeConfirmation | None


@get(HERE, sync_to_thread=True)
def trial(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post("/trial/wipe", sync_to_thread=True, status_code=303)
def give_wipe(
    data: Annotated[WipeForm, FORM],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    settings: NamedDependency[HubSettings],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    lately.require()
    try:
        back_up(store, settings, now())
        with store.writing() as db:
            must_be_named(db, data.typed)
            if not _may_wipe(db, person, settings):
                return back_to(HERE, "asked")
            wipe_trial(db, data.typed, person.name, now())
        tidy(store, settings.exports, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, typed=data.typed)
    return back_to(HERE, "wiped")


@post("/trial/schedule", sync_to_thread=True, status_code=303)
def give_schedule(
    data: Annotated[ScheduleForm, FORM],
    person: NamedDependency[Admin],
    settings: NamedDependency[HubSettings],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    try:
        wipe_at = _moment(data.wipe_at)
        with store.writing() as db:
            found = _trial(db)
            if found is None:
                raise Refusal("no_trial", "没有试阅场次，不能设定清空时间。")
            # A time to come is a wipe too; taking it back is none.
            if wipe_at and not _may_wipe(db, person, settings):
                return back_to(HERE, "asked")
            set_wipe_at(db, found.id, wipe_at, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal)
    return back_to(HERE, "scheduled" if wipe_at else "unscheduled")


def _may_wipe(db: Database, person: Admin, settings: HubSettings) -> bool:
    found = _trial(db)
    subject = f"试阅场次 {found.id}" if found else "试阅"
    return second_person.may_go_on(
        db, "wipe", subject, person.name, now(), is_on=settings.second_person
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    moment = local_moment(text)
    if moment <= now():
        raise Refusal("time_passed", "设定的时间已经过去，请选择以后的时间。", 400)
    return moment


def _trial(db: Database) -> Sitting | None:
    trials = [s for s in sittings.all_sittings(db) if s.kind == "trial"]
    return trials[-1] if trials else None


def _page(
    store: Store, person: Admin, note: str = "", refusal: Refusal | None = None, typed: str = ""
) -> Template:
    with store.reading() as db:
        found = _trial(db)
        progress = counts.by_group(db, found.id) if found else {}
        total = sum(counts.sum_rounds(progress.values()).values(), start=counts.Progress())
        wipe_at = parse_stamp(found.wipe_at).astimezone() if found and found.wipe_at else None
        return page(
            "trial.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, now()),
            exam=exam.exam(db),
            trial=found,
            states=STATES,
            total=total,
            wipe_at=wipe_at.strftime("%Y-%m-%dT%H:%M") if wipe_at else "",
            nodes=_nodes(db, found),
            may_act=person.role == "city_admin",
            note=note,
            problem=refusal.text if refusal else "",
            typed=typed,
        )


def _nodes(db: Database, found: Sitting | None) -> list[NodeRow]:
    """Those that have not confirmed first."""
    if found is None or found.state != "wiped":
        return []
    confirmed = sittings.wipe_confirmations(db, found.id)
    rows = [
        NodeRow(node.name, confirmed.get(node.id))
        for node in nodes.all_nodes(db)
        if node.state == "enrolled" or node.id in confirmed
    ]
    return sorted(rows, key=lambda row: (row.confirmation is not None, row.name))


ROUTES = [trial, give_wipe, give_schedule]
