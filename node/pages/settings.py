"""设置与诊断: bandwidth, place, address; the doctor; diagnostics, backup, another server."""

import logging
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio.to_thread
import msgspec
from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template

from node.bandwidth import parse_plan
from node.doctor.examine import examination
from node.doctor.findings import as_text, verdict, worst
from node.pages import update
from node.pages.checkup import Checkup
from node.pages.frame import MANAGERS, frame, live_page
from node.pages.people import Person
from node.pages.setup_steps import addresses, line_of
from node.settings import FILE_NAME, NodeSettings, changed
from node.store import meta
from node.work.diagnose import bundle
from node.work.take_in_backup import take_in_backup
from shared import __version__
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.ranges import attachment
from shared.web.rendering import page

HERE = "/settings"
IMPORT_BYTES_MAX = 2_000_000_000
FORM = Body(media_type=RequestEncodingType.URL_ENCODED)
DONE = {"saved": "已保存，立即生效。"}

log = logging.getLogger(__name__)


class BandwidthForm(msgspec.Struct, forbid_unknown_fields=True):
    mbit: Annotated[float, msgspec.Meta(ge=0, le=100_000)]
    hours: Annotated[str, msgspec.Meta(max_length=300)] = ""


class CheckForm(msgspec.Struct, forbid_unknown_fields=True):
    daily_check: Literal["must", "may_skip", "off"]


@get(HERE, sync_to_thread=True)
def show_settings(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
    done: FromQuery[str] = "",
) -> Template:
    person.require(*MANAGERS)
    return _page(request, person, store, note=DONE.get(done, ""))


@get("/settings/doctor", sync_to_thread=True)
def show_doctor(request: Request[Any, Any, State], person: NamedDependency[Person]) -> Template:
    """The part of the page that follows the doctor."""
    person.require(*MANAGERS)
    return page("settings_doctor.html", **_doctor(request.app.state))


@post("/settings/bandwidth", sync_to_thread=True, status_code=200)
def set_bandwidth(
    request: Request[Any, Any, State],
    data: Annotated[BandwidthForm, FORM],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template | Redirect:
    person.require(*MANAGERS)
    state, hours = request.app.state, data.hours.strip()
    try:
        parse_plan(hours)
    except Refusal as refusal:
        return _page(request, person, store, problem=refusal.text, typed=data)
    state.settings = changed(state.settings, bandwidth_mbit=data.mbit, bandwidth_hours=hours)
    state.is_full_speed = False
    state.uplink.use(state.settings)
    return Redirect(f"{HERE}?done=saved", status_code=303)


@post("/settings/check", sync_to_thread=True, status_code=303)
def set_daily_check(
    request: Request[Any, Any, State],
    data: Annotated[CheckForm, FORM],
    person: NamedDependency[Person],
) -> Redirect:
    person.require(*MANAGERS)
    state = request.app.state
    state.settings = changed(state.settings, daily_check=data.daily_check)
    return Redirect(f"{HERE}?done=saved", status_code=303)


@post("/settings/doctor", sync_to_thread=False, status_code=303)
def call_doctor(request: Request[Any, Any, State], person: NamedDependency[Person]) -> Redirect:
    person.require(*MANAGERS)
    state = request.app.state
    settings: NodeSettings = state.settings
    _checkup(state).begin(lambda: examination(settings))
    return Redirect(f"{HERE}#doctor", status_code=303)


@get("/settings/diagnostics", sync_to_thread=True)
def give_diagnostics(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Response[bytes]:
    person.require(*MANAGERS)
    state, moment = request.app.state, now()
    settings: NodeSettings = state.settings
    file = settings.data / FILE_NAME
    text = file.read_text("utf-8-sig") if file.exists() else ""
    view = state.uplink.view()
    facts = {
        "version": __version__,
        "is_connected": view.is_connected,
        "clock_offset_ms": view.clock_offset_ms,
        "problem": view.last_problem,
        "video_problem": view.video_problem,
        "disk_free_bytes": state.cache.free_bytes(),
    }
    said = as_text(_checkup(state).found) if _checkup(state).found else ""
    with store.reading() as db:
        content = bundle(db, settings.home / "logs", text, said, facts, moment)
    log.info("diagnostics were taken by account %s", person.id)
    name = f"shengping-diagnostics-{moment.astimezone():%Y%m%d-%H%M}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/zip", headers=headers)


@get("/settings/backup", sync_to_thread=True)
def give_backup(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Response[None]:
    """Holds the roll and this node's credential: whoever takes it is written down."""
    person.require(*MANAGERS)
    moment = now()
    settings: NodeSettings = request.app.state.settings
    path = settings.home / f"shengping-backup-{moment.astimezone():%Y%m%d-%H%M%S}.db"
    store.backup(path)
    log.warning("a backup was taken by account %s", person.id)
    return attachment(path, "application/octet-stream", BackgroundTask(_remove, path))


@post("/settings/import", status_code=200, request_max_body_size=IMPORT_BYTES_MAX)
async def take_backup(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> dict[str, str]:
    """The file itself is the body, so that it goes to the disk piece by piece."""
    person.require(*MANAGERS)
    settings: NodeSettings = request.app.state.settings
    path = settings.home / "import.part"
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                file.write(chunk)
        added = await anyio.to_thread.run_sync(_import, store, path)
    finally:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    log.warning("account %s took in a backup: %s records", person.id, added)
    text = f"从备份取回 {added} 条记录，正在上报；市级中心已有的不会重复计入。"
    return {"text": text if added else "备份里的记录本机都有，没有需要取回的。"}


def _import(store: Store, path: Path) -> int:
    with store.writing() as db:
        return take_in_backup(db, path, now())


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _page(
    request: Request[Any, Any, State],
    person: Person,
    store: Store,
    note: str = "",
    problem: str = "",
    typed: BandwidthForm | None = None,
) -> Template:
    moment, state = now(), request.app.state
    settings: NodeSettings = state.settings
    with store.reading() as db:
        return live_page(
            request,
            "settings",
            frame=frame(db, state, person, HERE, moment),
            link=meta.link(db),
            mbit=typed.mbit if typed else settings.bandwidth_mbit,
            hours=typed.hours if typed else settings.bandwidth_hours,
            home=settings.home.resolve(),
            daily_check=settings.daily_check,
            addresses=addresses(settings),
            note=note,
            problem=problem,
            **_doctor(state),
            **update.facts(state, db),
        )


def _checkup(state: State) -> Checkup:
    if getattr(state, "checkup", None) is None:
        state.checkup = Checkup()
    checkup: Checkup = state.checkup
    return checkup


def _doctor(state: State) -> dict[str, Any]:
    checkup = _checkup(state)
    found = sorted(checkup.found, key=lambda f: ("red", "amber", "green").index(f.light))
    return {
        "findings": [line_of(one) for one in found],
        "is_examining": checkup.is_running,
        "is_examined": checkup.is_done,
        "said": verdict(found) if checkup.is_done else "",
        "light": {"green": "ok", "amber": "warn", "red": "bad"}[worst(found)],
    }


ROUTES = [
    show_settings,
    show_doctor,
    set_bandwidth,
    set_daily_check,
    call_doctor,
    give_diagnostics,
    give_backup,
    take_backup,
]
