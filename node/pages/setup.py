"""First run: the technician joins this node to the city with a one-time code."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template

from node.store import meta
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page


class EnrolForm(msgspec.Struct, forbid_unknown_fields=True):
    hub_url: str
    code: str


@get("/setup", sync_to_thread=True)
def setup_page(store: NamedDependency[Store]) -> Template | Redirect:
    with store.reading() as db:
        if meta.link(db) is not None:
            return Redirect("/", status_code=303)
    return page("setup.html", hub_url="", code="", notice="")


@post("/setup", status_code=200)
async def enrol(
    request: Request[Any, Any, State],
    data: Annotated[EnrolForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    store: NamedDependency[Store],
) -> Template | Redirect:
    if request.app.state.uplink.view().is_enrolled:
        return Redirect("/", status_code=303)
    try:
        await request.app.state.uplink.enrol(data.hub_url, data.code)
    except Refusal as refusal:
        return page(
            "setup.html",
            status_code=422,
            hub_url=data.hub_url,
            code=data.code,
            notice=refusal.text,
        )
    return Redirect("/", status_code=303)


ROUTES = [setup_page, enrol]
