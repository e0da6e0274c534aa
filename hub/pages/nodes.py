"""节点: the state of every node, new codes, what nodes reported that needs a look."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages import charts
from hub.pages.doors import FORM, back_to, wants_part
from hub.pages.frame import frame
from hub.pages.node_states import BACKLOG_EVENTS, SeenNode, look_at
from hub.pages.person import may_act
from hub.store import alarms, audit, counts, events, exam, faults, hellos, nodes
from hub.store.admins import Admin
from hub.store.alarms import Alarm
from hub.store.hellos import Comparison
from hub.work import dispute, recovery
from hub.work.enrol_node import confirm, invite, retire
from hub.work.replay import replay
from hub.work.rotate_secret import rotate
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/nodes"
ROWS_SHOWN = 50
DONE = {
    "retired": "节点已停用，它的凭据从现在起无效；它之后的上报会隔离保存。",
    "confirmed": "已确认接入，节点开始接收账号和任务。",
    "rotated": "节点下次联系时换用新的凭据。",
    "cleared": "警报已解除，任务恢复下发。",
    "left_out": "恢复时不再等这个节点，已记入审计。",
    "replayed": "隔离的记录已重新处理；仍有问题的留在表中。",
}


class InviteForm(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=60)]
    district_id: int


@dataclass(frozen=True, slots=True)
class NodeRow:
    seen: SeenNode
    district: str
    beats: list[charts.Beat]
    comparison: Comparison | None
    alarms: list[Alarm]

    @property
    def in_step(self) -> str:
        """对账."""
        if self.comparison is None:
            return "--"
        return f"差 {self.comparison.differs} 份" if self.comparison.differs else "一致"

    @property
    def alarm_texts(self) -> list[str]:
        return [dispute.TEXTS[alarm.kind] for alarm in self.alarms]

    @property
    def cached(self) -> str:
        """Share of the videos meant for it that are there."""
        status = self.seen.node.status
        if status is None:
            return "--"
        total = status.videos_wanted + status.videos_ready + status.videos_failed
        return f"{100 * status.videos_ready // total}%" if total else "--"

    @property
    def clock(self) -> str:
        status = self.seen.node.status
        return f"{round(status.clock_offset_ms / 1000, 1) + 0.0:+.1f} 秒" if status else "--"

    @property
    def round_trip(self) -> str:
        status = self.seen.node.status
        return f"{status.last_push_ms} 毫秒" if status and status.last_push_ms else "--"


@get(HERE, sync_to_thread=True)
def show_nodes(
    request: Request[Any, Any, Any],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    done: FromQuery[str] = "",
) -> Template:
    if wants_part(request):
        moment = now()
        with store.reading() as db:
            return page("nodes_table.html", **_table(db, person, moment))
    return _page(store, person, note=DONE.get(done, ""))


@post("/nodes/invite", sync_to_thread=True, status_code=200)
def give_invite(
    request: Request[Any, Any, Any],
    data: Annotated[InviteForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Template:
    """The code is shown in this answer and never again: only its hash is kept."""
    may_act(person)
    try:
        with store.writing() as db:
            code = invite(db, data.name, data.district_id, now())
            detail = {"node": data.name.strip()}
            audit.append(db, person.name, "node_invited", detail, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, typed=data)
    # As the browser writes our address: behind a proxy we do not know it ourselves.
    address = request.headers.get("origin") or str(request.base_url).rstrip("/")
    return _page(store, person, code=f"{address}#{code}", code_for=data.name.strip())


@post("/nodes/{node_id:int}/retire", sync_to_thread=True, status_code=303)
def give_retire(
    node_id: FromPath[int], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        retire(db, node_id, person.name, now())
    return back_to(HERE, "retired")


@post("/nodes/{node_id:int}/confirm", sync_to_thread=True, status_code=303)
def give_confirm(
    node_id: FromPath[int], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        confirm(db, node_id, person.name, now())
    return back_to(HERE, "confirmed")


@post("/nodes/{node_id:int}/rotate", sync_to_thread=True, status_code=303)
def give_rotate(
    node_id: FromPath[int], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        rotate(db, _known(db, node_id), person.name, now())
    return back_to(HERE, "rotated")


@post("/nodes/{node_id:int}/clear", sync_to_thread=True, status_code=303)
def give_clear(
    node_id: FromPath[int], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        dispute.clear(db, _known(db, node_id), person.name, now())
    return back_to(HERE, "cleared")


@post("/nodes/{node_id:int}/leave-out", sync_to_thread=True, status_code=303)
def give_leave_out(
    node_id: FromPath[int], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect:
    """Of a recovery."""
    may_act(person)
    with store.writing() as db:
        recovery.leave_out(db, _known(db, node_id).name, person.name, now())
    return back_to(HERE, "left_out")


@post("/nodes/replay", sync_to_thread=True, status_code=303)
def give_replay(person: NamedDependency[Admin], store: NamedDependency[Store]) -> Redirect:
    """What was put aside is taken up again, now that somebody has looked at it."""
    may_act(person)
    with store.writing() as db:
        replay(db, person.name, now())
    return back_to(HERE, "replayed")


def _known(db: Database, node_id: int) -> nodes.Node:
    found = nodes.node(db, node_id)
    if found is None:
        raise Refusal("node_unknown", "没有这个节点。", 404)
    return found


def _page(
    store: Store,
    person: Admin,
    note: str = "",
    code: str = "",
    code_for: str = "",
    refusal: Refusal | None = None,
    typed: InviteForm | None = None,
) -> Template:
    moment = now()
    with store.reading() as db:
        return page(
            "nodes.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, moment),
            districts=exam.districts(db),
            faults=faults.recent(db, ROWS_SHOWN),
            quarantined=events.quarantined(db, ROWS_SHOWN),
            note=note,
            code=code,
            code_for=code_for,
            problem=refusal.text if refusal else "",
            typed=typed,
            **_table(db, person, moment),
        )


def _table(db: Database, person: Admin, moment: datetime) -> dict[str, Any]:
    last = charts.last_whole_minute(moment)
    heard = counts.heartbeats(db, last - 59)
    names = {district.id: district.name for district in exam.districts(db)}
    compared, alarmed = hellos.comparisons(db), alarms.all_open(db)
    seen = look_at(nodes.all_nodes(db), {n.id for n in nodes.silent(db, moment)}, moment)
    rows = [
        NodeRow(
            s,
            names[s.node.district_id],
            charts.beats(heard.get(s.node.id, {}), last, BACKLOG_EVENTS),
            compared.get(s.node.id),
            [alarm for alarm in alarmed if alarm.node_id == s.node.id],
        )
        for s in seen
    ]
    return {
        "rows": rows,
        "moment": moment,
        "may_act": person.role == "city_admin",
        "recovery": recovery.recovery(db),
        "awaited": recovery.awaited(db),
    }


ROUTES = [
    show_nodes,
    give_invite,
    give_retire,
    give_confirm,
    give_rotate,
    give_clear,
    give_leave_out,
    give_replay,
]
