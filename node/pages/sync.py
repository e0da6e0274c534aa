"""同步记录: what waits to be sent, the last exchanges, and what the city did not take."""

from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from node.pages.frame import MANAGERS, frame, live_page
from node.pages.people import Person
from node.store import exchanges, outbox, refusals
from shared.kit.clock import now
from shared.kit.store import Store

HERE = "/sync"
REFUSED_SHOWN = 50
KINDS = {
    "mark": "评分和标记",
    "receipt": "公告回执",
    "fault": "播放故障",
    "password": "密码修改",
    "holding": "视频缓存变化",
    "wiped": "试阅清空确认",
    "purged": "视频清除确认",
}
ALWAYS = ("mark", "receipt", "fault", "holding")


@get(HERE, sync_to_thread=True)
def show_sync(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(*MANAGERS)
    moment = now()
    with store.reading() as db:
        pending = outbox.pending_by_kind(db)
        return live_page(
            request,
            "sync",
            frame=frame(db, request.app.state, person, HERE, moment),
            moment=moment,
            uplink=request.app.state.uplink.view(),
            queue=[
                (label, pending.get(kind, 0))
                for kind, label in KINDS.items()
                if kind in ALWAYS or pending.get(kind)
            ],
            sent=outbox.acked_count(db),
            exchanges=exchanges.recent(db, exchanges.KEPT),
            refused=refusals.refused(db, REFUSED_SHOWN),
        )


@post("/sync/now", sync_to_thread=False, status_code=303)
def sync_now(request: Request[Any, Any, State], person: NamedDependency[Person]) -> Redirect:
    """Also compares both sides again, which is otherwise done every ten minutes."""
    person.require(*MANAGERS)
    request.app.state.uplink.compare_again()
    request.app.state.uplink.sync_now()
    return Redirect(HERE, status_code=303)


ROUTES = [show_sync, sync_now]
