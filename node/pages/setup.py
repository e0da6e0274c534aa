"""安装向导: from the code to the printed poster; each step is kept, and can be gone back to."""

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.doctor.examine import can_bind
from node.machine.installing import open_new_port
from node.machine.places import places
from node.pages import setup_steps as steps
from node.pages.frame import MANAGERS
from node.pages.pcs import PROBLEMS, measure_link
from node.pages.people import address_of, person_of
from node.settings import NodeSettings, changed
from node.store import meta
from node.work import setting_up
from node.work.rebuild import was_rebuilt
from node.work.setting_up import Step
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.site import Tone, worst
from shared.web.rendering import PART_HEADER, page

COOKIE = "shengping_setup"
LOOPBACK = ("127.0.0.1", "::1")
FORM = Body(media_type=RequestEncodingType.URL_ENCODED)
_URL = re.compile(r"https?://[^\s#，,]+")
RESTART_S = 8
REBUILT = (
    "本机的数据库已损坏，接入信息也读不出来。请向市级中心要新的接入码重新接入，"
    "任务和评分会自动取回。"
)


class CodeForm(msgspec.Struct, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(max_length=2000)]
    hub_url: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """Empty: it stands before the code."""


class StepForm(msgspec.Struct, forbid_unknown_fields=True):
    step: Step


class DiskForm(msgspec.Struct, forbid_unknown_fields=True):
    folder: Annotated[str, msgspec.Meta(max_length=500)]


class BandwidthForm(msgspec.Struct, forbid_unknown_fields=True):
    cap: Annotated[float, msgspec.Meta(ge=0, le=100_000)]
    halve: bool = False


class AddressForm(msgspec.Struct, forbid_unknown_fields=True):
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]


def may_set_up(request: Request[Any, Any, State], db: Database) -> None:
    """At the node itself, in the browser that brought the code, or as lead or technician."""
    if address_of(request) in LOOPBACK:
        return
    if setting_up.is_token(db, request.cookies.get(COOKIE, "")):
        return
    person = person_of(request, db)
    if person is None:
        raise Refusal("signed_out", "请在安装本机的浏览器里操作，或以技术员账号登录。", 401)
    person.require(*MANAGERS)


@get("/setup", sync_to_thread=True)
def setup_page(
    request: Request[Any, Any, State],
    store: NamedDependency[Store],
    step: FromQuery[str] = "",
    problem: FromQuery[str] = "",
) -> Template | Redirect:
    settings: NodeSettings = request.app.state.settings
    with store.reading() as db:
        if meta.link(db) is None:
            return _code_page("", REBUILT if was_rebuilt(db, now()) else "")
        may_set_up(request, db)
        reached = setting_up.step(db)
        if step in (Step.CODE, "") and not setting_up.is_going_on(db):
            return Redirect("/", status_code=303)
        shown = Step(step) if step in set(Step) and step != Step.CODE else reached
        if shown.number > reached.number:
            shown = reached
        known = _step(db, settings, shown, request)
    template = f"setup_{shown}_live.html" if PART_HEADER in request.headers else "setup.html"
    return page(
        template,
        step=shown,
        steps=list(Step),
        reached=reached,
        tone=worst(known["lines"]),
        problem=PROBLEMS.get(problem, "") or request.app.state.uplink.view().last_problem,
        **known,
    )


@post("/setup", status_code=200)
async def enrol(
    request: Request[Any, Any, State],
    data: Annotated[CodeForm, FORM],
    store: NamedDependency[Store],
) -> Template | Redirect:
    if request.app.state.uplink.view().is_enrolled:
        return Redirect("/", status_code=303)
    try:
        await request.app.state.uplink.enrol(*url_and_code(data))
    except Refusal as refusal:
        return _code_page(data.code, refusal.text, 422)
    with store.writing() as db:
        token = setting_up.begin(db)
    cookie = Cookie(key=COOKIE, value=token, httponly=True, samesite="lax", path="/")
    return Redirect("/setup", status_code=303, cookies=[cookie])


def url_and_code(data: CodeForm) -> tuple[str, str]:
    """The city gives both in one line, since nothing but that line shall have to be typed."""
    if data.hub_url.strip():
        return data.hub_url, data.code
    found = _URL.search(data.code)
    if found is None:
        raise Refusal(
            "code_incomplete",
            "接入码要整行粘贴，以 https:// 开头，例如 https://hub.example.cn#ABCD-EFGH-JK。",
            400,
        )
    return found.group(0), data.code[found.end() :].strip(" #，,\r\n\t")


@post("/setup/next", sync_to_thread=True, status_code=303)
def go_on(
    request: Request[Any, Any, State],
    data: Annotated[StepForm, FORM],
    store: NamedDependency[Store],
) -> Redirect:
    with store.writing() as db:
        may_set_up(request, db)
        setting_up.pass_step(db, data.step)
        return _after(db, data.step)


@post("/setup/measure", status_code=303)
async def measure(request: Request[Any, Any, State], store: NamedDependency[Store]) -> Redirect:
    with store.reading() as db:
        may_set_up(request, db)
    problem = await measure_link(request.app.state, store)
    return Redirect(f"/setup?step=network{problem.replace('?', '&')}", status_code=303)


@post("/setup/disk", sync_to_thread=True, status_code=200)
def take_disk(
    request: Request[Any, Any, State],
    data: Annotated[DiskForm, FORM],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Only a place that was offered; the data move while the service starts again."""
    settings: NodeSettings = request.app.state.settings
    with store.reading() as db:
        may_set_up(request, db)
    folder = Path(data.folder)
    if folder != settings.home.resolve():
        if not steps.is_place(folder, places(settings.home.resolve())):
            raise Refusal("no_such_place", "没有这个存放位置，请回到上一页重新选择。", 422)
        request.app.state.settings = changed(settings, data_folder=folder)
    with store.writing() as db:
        setting_up.pass_step(db, Step.DISK)
        if folder == settings.home.resolve():
            return _after(db, Step.DISK)
    return _restart(request, f"{request.base_url}setup?step={Step.DISK.following}")


@post("/setup/bandwidth", sync_to_thread=True, status_code=303)
def take_bandwidth(
    request: Request[Any, Any, State],
    data: Annotated[BandwidthForm, FORM],
    store: NamedDependency[Store],
) -> Redirect:
    state = request.app.state
    with store.writing() as db:
        may_set_up(request, db)
        setting_up.pass_step(db, Step.BANDWIDTH)
        answer = _after(db, Step.BANDWIDTH)
    hours = steps.hours_at_half(data.cap) if data.halve else ""
    state.settings = changed(state.settings, bandwidth_mbit=data.cap, bandwidth_hours=hours)
    state.uplink.use(state.settings)
    return answer


@post("/setup/address", sync_to_thread=True, status_code=200)
def take_address(
    request: Request[Any, Any, State],
    data: Annotated[AddressForm, FORM],
    store: NamedDependency[Store],
) -> Template | Redirect:
    settings: NodeSettings = request.app.state.settings
    with store.writing() as db:
        may_set_up(request, db)
        if data.port != settings.port and not can_bind(settings.host, data.port):
            raise Refusal("port_in_use", f"端口 {data.port} 被别的程序占用，请选另一个。", 422)
        if data.port == settings.port:
            setting_up.pass_step(db, Step.ADDRESS)
            return _after(db, Step.ADDRESS)
    request.app.state.settings = changed(settings, port=data.port)
    open_new_port(data.port)
    host = request.base_url.hostname
    # The step is looked at again: other PCs have not come by the new address yet.
    return _restart(request, f"http://{host}:{data.port}/setup?step={Step.ADDRESS}")


@post("/setup/finish", sync_to_thread=True, status_code=303)
def finish(request: Request[Any, Any, State], store: NamedDependency[Store]) -> Redirect:
    with store.writing() as db:
        may_set_up(request, db)
        setting_up.finish(db)
    return Redirect("/", status_code=303)


def _step(
    db: Database, settings: NodeSettings, step: Step, request: Request[Any, Any, State]
) -> dict[str, Any]:
    """What the page of this step shows."""
    known: dict[str, Any] = {"link": meta.link(db), "moment": now(), "lines": []}
    if step is Step.NETWORK:
        known["lines"] = steps.network_lines(db, settings)
    elif step is Step.DISK:
        found = places(settings.home.resolve())
        offered = [steps.place_line(place, settings) for place in found]
        known["lines"] = steps.disk_lines(settings)
        known["places"] = list(zip(found, offered, strict=True))
        known["recommended"] = steps.recommended(offered)
    elif step is Step.BANDWIDTH:
        known["caps"] = steps.caps(db)
    elif step is Step.ADDRESS:
        visitor = getattr(request.app.state, "visitor", "")
        known["lines"] = steps.address_lines(settings, visitor)
        known["addresses"] = steps.addresses(settings)
        known["ports"] = steps.ports(settings, can_bind(settings.host, 80))
    elif step is Step.ROLL:
        people = steps.roll(db)
        known |= {"lines": steps.roll_lines(people), "people": people}
    elif step is Step.FINISH:
        known |= {"lines": steps.finish_lines(), "addresses": steps.addresses(settings)}
    return known


def _after(db: Database, step: Step) -> Redirect:
    """One who looks at a step again later is not led through all that follow."""
    going_on = setting_up.is_going_on(db)
    return Redirect(f"/setup?step={step.following}" if going_on else "/settings", status_code=303)


def _code_page(code: str, notice: str, status_code: int = 200) -> Template:
    return page(
        "setup.html",
        status_code=status_code,
        step=Step.CODE,
        steps=list(Step),
        reached=Step.CODE,
        tone=Tone.OPEN,
        code=code,
        problem=notice,
        lines=[],
        link=None,
    )


def _restart(request: Request[Any, Any, State], url: str) -> Template:
    """The same program begins again with the new settings, some seconds from now."""
    request.app.state.restart()
    return page("setup_restart.html", url=url, seconds=RESTART_S)


ROUTES = [
    setup_page,
    enrol,
    go_on,
    measure,
    take_disk,
    take_bandwidth,
    take_address,
    finish,
]
