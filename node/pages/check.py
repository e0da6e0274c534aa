"""设备自检: a PC looks at itself before anybody marks on it, and tells the node what it found.

The sample was sung by hub.rehearsal.videos (6 s, 1280 x 720, 25 frames a second): a real clip,
but of no child, since nobody is signed in here.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import JSONBody
from litestar.response import Redirect, Stream, Template
from sqlite_utils import Database

from node.pages.people import HOME, address_of, person_of
from node.settings import NodeSettings
from node.store import meta, pcs, preferences
from node.store.pcs import Pc
from node.work.site_check import PC_COOKIE, CheckedPc, lines_of, this_pc
from shared.kit.clock import now
from shared.kit.ids import is_id, new_id
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.site import KEYS, Line, Measured, Tone, judge_pc, worst
from shared.web.rendering import page

KEPT_S = 400 * 24 * 3600
SKIP_COOKIE = "shengping_check_skipped"
"""Holds the day on which this PC need not check itself."""
SPEED_BYTES, PIECE_BYTES = 8_000_000, 1 << 16
AT_A_TIME = 3
UNHEARD = timedelta(minutes=2)

Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
Word = Annotated[str, msgspec.Meta(max_length=40)]
SEAT = Annotated[str, msgspec.Meta(max_length=12)]


class CheckForm(msgspec.Struct, forbid_unknown_fields=True):
    """shared.rules.site.Measured, but for what the request says itself."""

    missing: Annotated[tuple[Word, ...], msgspec.Meta(max_length=20)] = ()
    width: Count | None = None
    height: Count | None = None
    inner_width: Count | None = None
    zoom_percent: Count | None = None
    memory_gb: Amount | None = None
    frames: Count | None = None
    dropped: Count | None = None
    left: tuple[Count, Count] | None = None
    right: tuple[Count, Count] | None = None
    keys: Annotated[tuple[Word, ...], msgspec.Meta(max_length=20)] = ()
    mbit: Amount | None = None
    ping_ms: Amount | None = None


class SeatForm(msgspec.Struct, forbid_unknown_fields=True):
    seat: SEAT


@dataclass(frozen=True, slots=True)
class Verdict:
    tone: Tone
    title: str
    text: str


@get("/check", sync_to_thread=True)
def check(request: Request[Any, Any, State], store: NamedDependency[Store]) -> Template:
    settings: NodeSettings = request.app.state.settings
    moment = now()
    with store.writing() as db:
        if meta.link(db) is None:
            raise Refusal("not_enrolled", "本机房的服务器还没有接入市级中心，请先完成安装。", 409)
        pc = _this(db, request, moment)
        person = person_of(request, db)
        look = preferences.of_account(db, person.id) if person else preferences.DEFAULTS
    lines = judge_pc(Measured())
    answer = page(
        "check.html",
        look=look,
        pc=pc,
        lines=lines,
        verdict=_verdict(lines),
        keys=KEYS,
        onward=HOME[person.account.role] if person else "/",
        is_signed_in=person is not None,
        is_done=CheckedPc(pc, lines_of(pc)).is_of(moment.astimezone().date()),
        may_skip=settings.daily_check != "must",
    )
    answer.cookies.append(_cookie(pc.id))
    return answer


@post("/check/skip", sync_to_thread=False, status_code=303)
def skip_check(request: Request[Any, Any, State]) -> Redirect:
    """Until tomorrow, where the technician lets people do so."""
    settings: NodeSettings = request.app.state.settings
    if settings.daily_check == "must":
        raise Refusal("check_due", "本机房要求每台电脑每天先做自检，约 40 秒。", 409)
    day = now().astimezone().date().isoformat()
    cookie = Cookie(key=SKIP_COOKIE, value=day, httponly=True, samesite="lax", path="/")
    return Redirect("/mark", status_code=303, cookies=[cookie])


def is_check_due(request: Request[Any, Any, State], db: Database, moment: datetime) -> bool:
    """Whether this PC has to check itself before anybody marks on it today."""
    settings: NodeSettings = request.app.state.settings
    if settings.daily_check == "off":
        return False
    day = moment.astimezone().date()
    if settings.daily_check == "may_skip" and request.cookies.get(SKIP_COOKIE) == str(day):
        return False
    pc = this_pc(db, request.cookies.get(PC_COOKIE, ""), address_of(request))
    return pc is None or not pc.is_of(day)


@post("/api/check", sync_to_thread=True, status_code=200, request_max_body_size=8_000)
def give_check(
    request: Request[Any, Any, State],
    data: JSONBody[CheckForm],
    store: NamedDependency[Store],
) -> dict[str, Any]:
    """All that was measured so far, after each step: what is said of it comes back."""
    found = Measured(agent=_agent(request), **msgspec.structs.asdict(data))
    moment = now()
    with store.writing() as db:
        pc = _known(db, request)
        pcs.measure(db, pc.id, msgspec.json.encode(found).decode(), moment)
    lines = judge_pc(found)
    verdict = _verdict(lines)
    return {"verdict": msgspec.to_builtins(verdict), "lines": msgspec.to_builtins(lines)}


@post("/api/check/seat", sync_to_thread=True, status_code=200)
def give_seat(
    request: Request[Any, Any, State], data: JSONBody[SeatForm], store: NamedDependency[Store]
) -> dict[str, str]:
    with store.writing() as db:
        pc = _known(db, request)
        pcs.rename(db, pc.id, data.seat.strip())
    return {"seat": data.seat.strip()}


@get("/api/check/speed")
async def speed(request: Request[Any, Any, State]) -> Stream:
    return Stream(noise_in_turn(_turns(request.app.state)), media_type="application/octet-stream")


async def noise_in_turn(turns: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """A whole lab checks itself at nine: all at once would measure each other, not their lines."""
    async with turns:
        noise = _noise()
        for start in range(0, len(noise), PIECE_BYTES):
            yield noise[start : start + PIECE_BYTES]


@get("/api/check/ping", sync_to_thread=False)
def ping() -> Response[str]:
    return Response("", media_type=MediaType.TEXT)


def _turns(state: State) -> asyncio.Semaphore:
    if getattr(state, "speed_turns", None) is None:
        state.speed_turns = asyncio.Semaphore(AT_A_TIME)
    turns: asyncio.Semaphore = state.speed_turns
    return turns


@cache
def _noise() -> bytes:
    """Nothing on the way can make it smaller."""
    return os.urandom(SPEED_BYTES)


def _verdict(lines: tuple[Line, ...]) -> Verdict:
    tone = worst(lines)
    left = [line.label for line in lines if line.tone is Tone.OPEN]
    wrong = [line.label for line in lines if line.tone is tone]
    if tone is Tone.BAD:
        return Verdict(tone, "这台电脑还不能阅卷", f"请处理：{'、'.join(wrong)}。")
    if tone is Tone.OPEN:
        return Verdict(tone, "正在自检", f"还差：{'、'.join(left)}。")
    if tone is Tone.WARN:
        return Verdict(tone, "可以阅卷，建议处理", f"{'、'.join(wrong)}，见下面的说明。")
    return Verdict(tone, "通过，可以阅卷", "结果已报给机房服务器。")


def _this(db: Database, request: Request[Any, Any, State], moment: datetime) -> Pc:
    cookie, address = request.cookies.get(PC_COOKIE, ""), address_of(request)
    found = pcs.pc(db, cookie) if is_id(cookie) else None
    found = found or pcs.like(db, address, _agent(request), moment - UNHEARD)
    pc_id = found.id if found else new_id(moment)
    pcs.see(db, pc_id, address, _agent(request), moment)
    return _must(pcs.pc(db, pc_id))


def _known(db: Database, request: Request[Any, Any, State]) -> Pc:
    cookie = request.cookies.get(PC_COOKIE, "")
    return _must(pcs.pc(db, cookie) if is_id(cookie) else None)


def _must(pc: Pc | None) -> Pc:
    if pc is None:
        raise Refusal("pc_unknown", "机房服务器不认识这台电脑了，请刷新本页后重新自检。", 409)
    return pc


def _agent(request: Request[Any, Any, State]) -> str:
    return request.headers.get("user-agent", "")[:400]


def _cookie(pc_id: str) -> Cookie:
    return Cookie(
        key=PC_COOKIE, value=pc_id, httponly=True, samesite="lax", max_age=KEPT_S, path="/"
    )


ROUTES = [check, skip_check, give_check, give_seat, speed, ping]
