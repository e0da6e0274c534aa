"""结果导出: how far the outcomes are, and the files to take away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to, wants_part
from hub.pages.exporting import FILES_KEPT, KEPT_FOR, Exports, Format, check, finished
from hub.pages.frame import KINDS, STATES, frame
from hub.pages.person import Lately, may_act
from hub.settings import HubSettings
from hub.store import audit, counts, outcomes, sittings
from hub.store.admins import Admin
from hub.store.audit import Entry
from hub.work import second_person
from hub.work.second_person import NOT_NEEDED, Leave
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.ranges import attachment
from shared.web.rendering import page

HERE = "/results"
FORMATS = {"xlsx": "结果 Excel", "csv": "结果 CSV", "quality": "评分质量 CSV"}
DONE = {"asked": second_person.ASKED}
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "application/zip",
    "quality": "text/csv",
}
EXPORTS_SHOWN = 10


class ExportForm(msgspec.Struct, forbid_unknown_fields=True):
    format: Format


@dataclass(frozen=True, slots=True)
class ExportRow:
    entry: Entry
    is_there: bool
    may_take: bool


@get(HERE, sync_to_thread=True)
def results(
    request: Request[Any, Any, Any],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    exports: NamedDependency[Exports],
    done: FromQuery[str] = "",
) -> Template:
    with store.reading() as db:
        live = _live(db, exports, person)
        if wants_part(request):
            return page("results_live.html", **live)
        sitting = sittings.current(db)
        by_state = outcomes.count_by_state(db, sitting.id) if sitting else {}
        rounds = counts.sum_rounds(counts.by_group(db, sitting.id).values()) if sitting else {}
        return page(
            "results.html",
            frame=frame(db, person, HERE, now()),
            sitting=sitting,
            kinds=KINDS,
            states=STATES,
            by_state=by_state,
            allocated=rounds.get(1, counts.Progress()).total,
            performances=sum(counts.count_performances(db).values()),
            note=DONE.get(done, ""),
            **live,
        )


@post("/results/export", sync_to_thread=True, status_code=303)
def give_export(
    data: Annotated[ExportForm, FORM],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    settings: NamedDependency[HubSettings],
    store: NamedDependency[Store],
    exports: NamedDependency[Exports],
) -> Redirect:
    may_act(person)
    lately.require()
    moment = now()
    # Before an approval is asked for.
    exports.must_be_free()
    with store.reading() as db:
        check(db, data.format)
    # Levels without a student's name or number leave with one person.
    leave = NOT_NEEDED
    if data.format != "quality":
        found = _leave(store, person, settings, moment)
        if found is None:
            return back_to(HERE, "asked")
        leave = found
    exports.start(data.format, person.name, moment, leave)
    return back_to(HERE)


@post("/results/cancel", sync_to_thread=True, status_code=303)
def cancel_export(person: NamedDependency[Admin], exports: NamedDependency[Exports]) -> Redirect:
    may_act(person)
    exports.cancel(person.name)
    return back_to(HERE)


@get("/results/files/{entry_id:int}", sync_to_thread=True)
def give_file(
    entry_id: FromPath[int],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
    exports: NamedDependency[Exports],
) -> Response[Any]:
    may_act(person)
    lately.require()
    with store.reading() as db:
        entry = _entry(db, entry_id)
    path = exports.file_of(entry)
    if path is None:
        raise Refusal("export_gone", "这份文件已删除，请重新导出。", 404)
    if not _may_take(entry, person):
        raise Refusal("not_yours", "这份结果只能由导出它的管理员下载，请自行导出。", 403)
    with store.writing() as db:
        audit.append(db, person.name, "export_taken", {"file": path.name}, now())
    return attachment(path, TYPES[entry.detail["format"]])


@get("/results/files/{entry_id:int}/sha256", sync_to_thread=True)
def give_checksum(
    entry_id: FromPath[int], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Response[bytes]:
    """As sha256sum -c reads it; there as long as the audit log."""
    with store.reading() as db:
        entry = _entry(db, entry_id)
    name = f"{entry.detail['file']}.sha256"
    return Response(
        f"{entry.detail['sha256']} *{entry.detail['file']}\n".encode(),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


def _live(db: Database, exports: Exports, person: Admin) -> dict[str, Any]:
    rows = [
        ExportRow(entry, exports.file_of(entry) is not None, _may_take(entry, person))
        for entry in finished(db)[:EXPORTS_SHOWN]
    ]
    return {
        "going": exports.going,
        "problem": exports.problem,
        "exports": rows,
        "formats": FORMATS,
        "may_act": person.role == "city_admin",
        "files_kept": FILES_KEPT,
        "kept_days": KEPT_FOR.days,
    }


def _entry(db: Database, id: int) -> Entry:
    for entry in finished(db):
        if entry.id == id and "file" in entry.detail:
            return entry
    raise Refusal("export_unknown", "没有这份导出。", 404)


def _may_take(entry: Entry, person: Admin) -> bool:
    """What a second person approved was approved for one person."""
    is_own = entry.who == person.name or entry.action == "export_quality"
    return is_own and person.role == "city_admin"


def _leave(store: Store, person: Admin, settings: HubSettings, moment: datetime) -> Leave | None:
    with store.writing() as db:
        return second_person.leave_for(
            db, "export", "全部结果", person.name, moment, is_on=settings.second_person
        )


ROUTES = [results, give_export, cancel_export, give_file, give_checksum]
