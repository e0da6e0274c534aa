"""张贴页: the address for the wall of the lab, large, with its QR picture."""

from typing import Any

import segno
from litestar import Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Template

from node.pages.setup import may_set_up
from node.pages.setup_steps import addresses
from node.store import exam, meta
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page


@get("/poster", sync_to_thread=True)
def poster(request: Request[Any, Any, State], store: NamedDependency[Store]) -> Template:
    with store.reading() as db:
        link, known = meta.link(db), exam.exam(db)
        if link is None:
            raise Refusal("not_enrolled", "请先完成安装。", 409)
        may_set_up(request, db)
    address = addresses(request.app.state.settings)[0]
    picture = segno.make(address, error="m").svg_data_uri(scale=8, border=2)
    return page("poster.html", link=link, exam=known, address=address, picture=picture)


ROUTES = [poster]
