"""问题作品: what waits for a taker, what does not play, what ended without levels."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to
from hub.pages.frame import frame
from hub.pages.person import Lately, may_act
from hub.settings import HubSettings
from hub.store import exam, faults, nodes, outcomes, performances, sittings, slots
from hub.store.admins import Admin
from hub.store.faults import Reported
from hub.work import second_person
from hub.work.correct_video import correct_video
from hub.work.hand_out import hand_out_waiting, why_waiting
from hub.work.redeploy import give_to_node, take_from_node
from hub.work.take_in_video import take_in_video
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import MarkException
from shared.web.rendering import page

HERE = "/problems"
SHOWN = 200
UPLOAD_BYTES_MAX = 1_000_000_000
DONE = {
    "asked": second_person.ASKED,
    "tried": "已重新尝试分配。",
    "corrected": "已更换视频，作品重新进入1评和2评；原来的评分保留在记录中。",
    "taken": "已收回该节点的未评任务并分给其他区县；迟到的评分会保存，不计入结果。",
    "given": "该节点的教师可以重新接收任务。",
}


@dataclass(frozen=True, slots=True)
class WaitingRow:
    code: str
    group: str
    round: int
    since: str
    why: str


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    code: str
    group: str
    exception: MarkException | None
    rounds: tuple[int, ...]
    settled_at: str | None


@dataclass(frozen=True, slots=True)
class FaultRow:
    code: str
    nodes: tuple[str, ...]
    times: int
    last: Reported


class NodeForm(Struct, forbid_unknown_fields=True):
    node: str


@dataclass
class VideoForm:
    code: str
    file: UploadFile


@get(HERE, sync_to_thread=True)
def problems(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post(f"{HERE}/hand-out", sync_to_thread=True, status_code=303)
def give_hand_out(person: NamedDependency[Admin], store: NamedDependency[Store]) -> Redirect:
    may_act(person)
    with store.writing() as db:
        hand_out_waiting(db, now())
    return back_to(HERE, "tried")


@post(f"{HERE}/take-from-node", sync_to_thread=True, status_code=303)
def give_take_from_node(
    data: Annotated[NodeForm, FORM], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect | Template:
    may_act(person)
    try:
        with store.writing() as db:
            take_from_node(db, data.node, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal)
    return back_to(HERE, "taken")


@post(f"{HERE}/give-to-node", sync_to_thread=True, status_code=303)
def give_give_to_node(
    data: Annotated[NodeForm, FORM], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect | Template:
    may_act(person)
    try:
        with store.writing() as db:
            give_to_node(db, data.node, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal)
    return back_to(HERE, "given")


@post(
    f"{HERE}/correct",
    sync_to_thread=True,
    status_code=303,
    request_max_body_size=UPLOAD_BYTES_MAX,
)
def give_correct(
    data: Annotated[VideoForm, Body(media_type=RequestEncodingType.MULTI_PART)],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    settings: NamedDependency[HubSettings],
    lately: NamedDependency[Lately],
) -> Redirect | Template:
    may_act(person)
    lately.require()
    try:
        with _as_file(data.file) as path:
            video = take_in_video(path, settings.shelf)
        with store.writing() as db:
            subject, is_on = f"作品 {data.code.strip()}", settings.second_person
            if not second_person.may_go_on(db, "reopen", subject, person.name, now(), is_on=is_on):
                return back_to(HERE, "asked")
            correct_video(db, data.code, video, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal)
    return back_to(HERE, "corrected")


@contextmanager
def _as_file(upload: UploadFile) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "upload.mp4"
        with path.open("wb") as target:
            upload.file.seek(0)
            shutil.copyfileobj(upload.file, target)
        yield path


def _page(store: Store, person: Admin, note: str = "", refusal: Refusal | None = None) -> Template:
    moment = now()
    with store.reading() as db:
        sitting = sittings.current(db)
        sitting_id = sitting.id if sitting else 0
        silent = nodes.silent(db, moment)
        return page(
            "problems.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, moment),
            waiting=_waiting(db, sitting_id),
            waiting_count=sum(slots.waiting_by_round(db, sitting_id).values()),
            exceptions=_exceptions(db, sitting_id),
            faults=_faults(db),
            silent=silent,
            nodes=[n for n in nodes.all_nodes(db) if n.state == "enrolled" and n not in silent],
            may_act=person.role == "city_admin" and sitting is not None and sitting.state == "open",
            note=note,
            problem=refusal.text if refusal else "",
        )


def _waiting(db: Database, sitting_id: int) -> list[WaitingRow]:
    labels = {group.id: group.label for group in exam.groups(db)}
    rows = []
    for slot in slots.waiting(db, sitting_id, SHOWN):
        found = performances.performance(db, slot.performance_id)
        if found:
            label = labels[found.item_group_id]
            why = why_waiting(db, slot)
            rows.append(WaitingRow(found.code, label, slot.round, slot.since, why))
    return rows


def _exceptions(db: Database, sitting_id: int) -> list[ExceptionRow]:
    labels = {group.id: group.label for group in exam.groups(db)}
    rows = []
    for outcome in outcomes.confirmed_exceptions(db, sitting_id, SHOWN):
        found = performances.performance(db, outcome.performance_id)
        if found:
            rows.append(
                ExceptionRow(
                    found.code,
                    labels[found.item_group_id],
                    outcome.exception,
                    outcome.exception_rounds,
                    outcome.settled_at,
                )
            )
    return rows


def _faults(db: Database) -> list[FaultRow]:
    """By performance: one that fails at several nodes is a bad file, at one node a bad copy."""
    by_code: dict[str, list[Reported]] = {}
    for fault in faults.recent(db, SHOWN):
        by_code.setdefault(fault.performance, []).append(fault)
    return [
        FaultRow(code, tuple(sorted({f.node_name for f in of_one})), len(of_one), of_one[0])
        for code, of_one in by_code.items()
    ]


ROUTES: list[Any] = [
    problems,
    give_hand_out,
    give_take_from_node,
    give_give_to_node,
    give_correct,
]
