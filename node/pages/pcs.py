"""机房电脑: the lab's PCs as a grid and a table, and the site check as a whole."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template

from node.pages.check import SEAT
from node.pages.frame import MANAGERS, frame, live_page
from node.pages.people import Person
from node.pages.seats import counts, seats, to_do
from node.store import pcs
from node.work.site_check import LinkMeasured, keep_link, link_measured, measured_of, site_lines
from shared.kit.clock import now, stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.site import Tone, browser_of, worst

HERE = "/pcs"
TITLES = {
    Tone.OK: "场地核查：符合要求",
    Tone.WARN: "场地核查：可以阅卷，有需要处理的",
    Tone.BAD: "场地核查：不符合要求",
    Tone.OPEN: "场地核查：还没有做完",
}


class SeatForm(msgspec.Struct, forbid_unknown_fields=True):
    seat: SEAT


@get(HERE, sync_to_thread=True)
def show_pcs(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
    pc: FromQuery[str] = "",
    only: FromQuery[str] = "",
    problem: FromQuery[str] = "",
) -> Template:
    person.require(*MANAGERS)
    moment = now()
    with store.reading() as db:
        found = seats(db, moment)
        lines = site_lines(db, [seat.checked for seat in found if seat.checked])
        return live_page(
            request,
            "pcs",
            frame=frame(db, request.app.state, person, HERE, moment),
            moment=moment,
            here=f"{HERE}?pc={pc}&only={only}",
            lines=lines,
            tone=worst(lines),
            title=TITLES[worst(lines)],
            seats=found,
            rows=to_do(found) if only else [seat for seat in found if seat.checked],
            only=only,
            counts=counts(found),
            chosen=next((seat for seat in found if pc and seat.id == pc), None),
            link=link_measured(db),
            measured_of=measured_of,
            browser_of=browser_of,
            problem=PROBLEMS.get(problem, ""),
        )


@post("/pcs/again", sync_to_thread=True, status_code=303)
def check_all_again(person: NamedDependency[Person], store: NamedDependency[Store]) -> Redirect:
    person.require(*MANAGERS)
    with store.writing() as db:
        pcs.check_all_again(db)
    return Redirect(HERE, status_code=303)


@post("/pcs/{pc_id:str}/again", sync_to_thread=True, status_code=303)
def check_again(
    pc_id: FromPath[str], person: NamedDependency[Person], store: NamedDependency[Store]
) -> Redirect:
    person.require(*MANAGERS)
    with store.writing() as db:
        pcs.check_again(db, pc_id)
    return Redirect(f"{HERE}?pc={pc_id}", status_code=303)


@post("/pcs/{pc_id:str}/rename", sync_to_thread=True, status_code=303)
def rename(
    pc_id: FromPath[str],
    data: Annotated[SeatForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Redirect:
    person.require(*MANAGERS)
    with store.writing() as db:
        pcs.rename(db, pc_id, data.seat.strip())
    return Redirect(f"{HERE}?pc={pc_id}", status_code=303)


@post("/pcs/{pc_id:str}/forget", sync_to_thread=True, status_code=303)
def forget(
    pc_id: FromPath[str], person: NamedDependency[Person], store: NamedDependency[Store]
) -> Redirect:
    """It was replaced, or is not used; when it checks itself again it is back."""
    person.require(*MANAGERS)
    with store.writing() as db:
        pcs.forget(db, pc_id)
    return Redirect(HERE, status_code=303)


PROBLEMS = {
    "away": "没有测成：连不上市级中心，请先检查出口网络。",
    "busy": "没有测成：市级中心正忙，或它的版本还不支持测速，请过一分钟再测。",
}


@post("/pcs/measure", status_code=303)
async def measure(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Redirect:
    """About ten seconds; the videos' downloads wait meanwhile."""
    person.require(*MANAGERS)
    return Redirect(f"{HERE}{await measure_link(request.app.state, store)}", status_code=303)


async def measure_link(state: State, store: Store) -> str:
    """Keeps what was measured; the query that says why nothing was."""
    if not state.uplink.view().is_connected:
        return "?problem=away"
    try:
        mbit = await state.uplink.measure_link()
    except Refusal:
        return "?problem=busy"
    with store.writing() as db:
        keep_link(db, LinkMeasured(round(mbit, 1), stamp(now())))
    return ""


ROUTES = [show_pcs, check_all_again, check_again, rename, forget, measure]
