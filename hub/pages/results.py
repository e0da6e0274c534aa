"""结果导出: how far the outcomes are, and the files to take away."""

from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any, Literal
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec
from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from hub.pages.doors import FORM, back_to
from hub.pages.frame import KINDS, STATES, frame
from hub.pages.person import Lately, may_act
from hub.settings import HubSettings
from hub.store import audit, counts, outcomes, sittings
from hub.store.admins import Admin
from hub.work import second_person
from hub.work.export_results import export
from shared.kit.clock import now
from shared.kit.store import Store
from shared.web.ranges import attachment
from shared.web.rendering import page

HERE = "/results"
DONE = {"asked": second_person.ASKED}
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "application/zip",
}


class ExportForm(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal["xlsx", "csv"]


@get(HERE, sync_to_thread=True)
def results(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    with store.reading() as db:
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
            may_act=person.role == "city_admin",
            note=DONE.get(done, ""),
        )


@post("/results/export", sync_to_thread=True, status_code=200)
def give_export(
    data: Annotated[ExportForm, FORM],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    settings: NamedDependency[HubSettings],
    store: NamedDependency[Store],
) -> Response[Any]:
    may_act(person)
    lately.require()
    moment = now()
    with store.writing() as db:
        may_go_on = second_person.may_go_on(
            db, "export", "全部结果", person.name, moment, is_on=settings.second_person
        )
    if not may_go_on:
        return back_to(HERE, "asked")
    folder = Path(mkdtemp(prefix="export-", dir=store.path.parent))
    try:
        path = _write(store, folder, data.format, moment)
        with store.writing() as db:
            detail = {"format": data.format, "bytes": path.stat().st_size}
            audit.append(db, person.name, "export", detail, moment)
    except BaseException:
        _forget(folder)
        raise
    return attachment(path, TYPES[data.format], BackgroundTask(_forget, folder))


def _write(store: Store, folder: Path, form: str, moment: datetime) -> Path:
    name = f"阅卷结果-{moment.astimezone():%Y%m%d-%H%M%S}"
    with store.reading() as db:
        exported = export(db, folder / f"{name}.{form}", moment)
    if form == "xlsx":
        return exported.files[0]
    target = folder / f"{name}.zip"
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for path in exported.files:
            archive.write(path, path.name)
    return target


def _forget(folder: Path) -> None:
    """What was sent is not kept: it holds students' names."""
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


ROUTES = [results, give_export]
