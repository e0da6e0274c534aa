"""结果导出: how far the outcomes are, and the files to take away."""

import hashlib
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
from hub.work.export_quality import export_quality
from hub.work.export_results import export
from shared.kit.clock import now
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
    format: Literal["xlsx", "csv", "quality"]


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
            exports=[*audit.of_action(db, "export"), *audit.of_action(db, "export_quality")][
                -EXPORTS_SHOWN:
            ][::-1],
            formats=FORMATS,
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
    # Levels without a student's name or number leave with one person.
    if data.format != "quality" and not _may_go_on(store, person, settings, moment):
        return back_to(HERE, "asked")
    folder = Path(mkdtemp(prefix="export-", dir=store.path.parent))
    try:
        path = _write(store, folder, data.format, moment)
        action = "export_quality" if data.format == "quality" else "export"
        with store.writing() as db:
            audit.append(db, person.name, action, _detail(path, data.format), moment)
    except BaseException:
        _forget(folder)
        raise
    return attachment(path, TYPES[data.format], BackgroundTask(_forget, folder))


def _may_go_on(store: Store, person: Admin, settings: HubSettings, moment: datetime) -> bool:
    with store.writing() as db:
        return second_person.may_go_on(
            db, "export", "全部结果", person.name, moment, is_on=settings.second_person
        )


def _detail(path: Path, form: str) -> dict[str, str | int]:
    """The checksum shows later that a file is the one that was taken away."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"format": form, "bytes": path.stat().st_size, "sha256": sha256}


def _write(store: Store, folder: Path, form: str, moment: datetime) -> Path:
    when = f"{moment.astimezone():%Y%m%d-%H%M%S}"
    if form == "quality":
        target = folder / f"评分质量-{when}.csv"
        with store.reading() as db:
            export_quality(db, target)
        return target
    name = f"阅卷结果-{when}"
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
