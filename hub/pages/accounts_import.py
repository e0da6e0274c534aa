"""导入名册: a workbook is looked at first, row by row, and brought in only when confirmed."""

import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template

from hub.pages.doors import back_to
from hub.pages.frame import frame
from hub.pages.person import Lately, may_act
from hub.sheets.checking import check
from hub.sheets.exam_sheets import ExamSheets
from hub.sheets.findings import Findings
from hub.sheets.reading import read_tables
from hub.store import exam, videos
from hub.store.admins import Admin
from hub.work import check_media
from hub.work.import_exam import import_exam
from hub.work.plan_import import Plan, plan_import
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/accounts/import"
BYTES_MAX = 64_000_000
KEPT_S = 3600
SHOWN = 200


class UploadForm(msgspec.Struct):
    book: UploadFile


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the workbook and the hub, in words."""

    kind: str
    tone: str
    who: str
    text: str


@get(HERE, sync_to_thread=True)
def show_import(person: NamedDependency[Admin], store: NamedDependency[Store]) -> Template:
    return _page(store, person)


@post(HERE, sync_to_thread=True, status_code=200, request_max_body_size=BYTES_MAX)
def give_book(
    data: Annotated[UploadForm, Body(media_type=RequestEncodingType.MULTI_PART)],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Template:
    """Nothing is written to the database yet; the file waits for an hour."""
    may_act(person)
    folder = _folder(store)
    _sweep(folder)
    token = secrets.token_hex(16)
    path = folder / f"{token}.xlsx"
    path.write_bytes(data.book.file.read())
    try:
        sheets, findings = check(read_tables(path))
    except Refusal as refusal:
        path.unlink()
        return _page(store, person, refusal=refusal)
    plan = _plan(store, sheets, findings)
    if findings.problem_count:
        path.unlink()
    return _page(store, person, token=token, plan=plan, findings=findings)


@post("/accounts/import/{token:str}", sync_to_thread=True, status_code=303)
def give_import(
    token: FromPath[str],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    lately.require()
    path = _folder(store) / f"{token}.xlsx"
    if not re.fullmatch("[0-9a-f]{32}", token) or not path.is_file():
        raise Refusal("no_book", "这份工作簿已导入或已过期，请重新上传。", 404)
    sheets, findings = check(read_tables(path))
    with store.writing() as db:
        found = check_media.usable(videos.checks(db))
        # Planned again in this transaction: the hub may have changed since it was looked at.
        plan = plan_import(db, sheets, found, findings)
        if not findings.problem_count:
            import_exam(db, sheets, plan, found, now(), who=person.name)
    path.unlink()
    if findings.problem_count:
        return _page(store, person, plan=plan, findings=findings)
    return back_to("/accounts", "imported")


def _plan(store: Store, sheets: ExamSheets, findings: Findings) -> Plan:
    if findings.problem_count:
        return Plan()
    with store.reading() as db:
        return plan_import(db, sheets, check_media.usable(videos.checks(db)), findings)


def _folder(store: Store) -> Path:
    folder = store.path.parent / "imports"
    folder.mkdir(exist_ok=True)
    return folder


def _sweep(folder: Path) -> None:
    """A workbook holds names: what nobody confirmed is not kept."""
    for path in folder.glob("*.xlsx"):
        if time.time() - path.stat().st_mtime > KEPT_S:
            path.unlink(missing_ok=True)


def _page(
    store: Store,
    person: Admin,
    token: str = "",
    plan: Plan | None = None,
    findings: Findings | None = None,
    refusal: Refusal | None = None,
) -> Template:
    with store.reading() as db:
        names = {district.id: district.name for district in exam.districts(db)}
        context: dict[str, Any] = {
            "frame": frame(db, person, "/accounts", now()),
            "changes": _changes(plan, names)[:SHOWN] if plan else [],
            "plan": plan,
            "problems": findings.problems if findings else [],
            "problem_count": findings.problem_count if findings else 0,
            "warnings": findings.warnings if findings else [],
            "token": token,
            "may_act": person.role == "city_admin",
            "problem": refusal.text if refusal else "",
        }
    return page("accounts_import.html", status_code=refusal.status if refusal else 200, **context)


def _changes(plan: Plan, names: dict[int, str]) -> list[Change]:
    changes = [
        Change("新增", "ok", row.name, f"{row.district} {row.role.label}")
        for row in plan.new_people
    ]
    for row, held in plan.changed_people:
        pairs = (
            ("姓名", held.name, row.name),
            ("区县", names[held.district_id], row.district),
            ("角色", held.role.label, row.role.label),
            (
                "范围",
                held.scope.label if held.scope else "--",
                row.scope.label if row.scope else "--",
            ),
            ("负荷", held.capacity, row.capacity),
            ("状态", _STATES[held.state], _STATES[row.state]),
        )
        text = "；".join(f"{name} {old} → {new}" for name, old, new in pairs if old != new)
        changes.append(Change("修改", "warn", row.name, text))
    return changes


_STATES = {"active": "启用", "disabled": "停用"}

ROUTES = [show_import, give_book, give_import]
