"""场地就绪: which districts can mark, and what is missing where they cannot."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlite_utils import Database

from hub.pages.doors import wants_part
from hub.pages.frame import frame
from hub.pages.node_states import NodeState, SeenNode, look_at
from hub.store import exam, nodes, readiness
from hub.store.admins import Admin
from hub.store.readiness import Readiness
from shared.kit.clock import now
from shared.kit.store import Store
from shared.rules.site import Tone
from shared.web.rendering import page

HERE = "/readiness"
RANK = (Tone.BAD, Tone.OPEN, Tone.WARN, Tone.OK)
WORDS = {
    Tone.OK: "就绪",
    Tone.WARN: "基本就绪",
    Tone.BAD: "不能阅卷",
    Tone.OPEN: "没有核查完",
}


@dataclass(frozen=True, slots=True)
class Reason:
    tone: Tone
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class LabRow:
    """One lab; a district without any has a row of its own that says so."""

    district_id: int
    district: str
    name: str
    tone: Tone
    reasons: tuple[Reason, ...]
    said: Readiness | None

    @property
    def word(self) -> str:
        return WORDS[self.tone]


@get(HERE, sync_to_thread=True)
def show_readiness(
    request: Request[Any, Any, Any], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Template:
    moment = now()
    with store.reading() as db:
        rows = lab_rows(db, moment)
        known: dict[str, Any] = {
            "rows": rows,
            "moment": moment,
            "districts": len({row.district_id for row in rows}),
            "ready": len(ready_districts(rows)),
            "counts": [(tone, WORDS[tone], sum(r.tone is tone for r in rows)) for tone in RANK],
        }
        if wants_part(request):
            return page("readiness_live.html", **known)
        return page("readiness.html", frame=frame(db, person, HERE, moment), **known)


def lab_rows(db: Database, moment: datetime) -> list[LabRow]:
    """Every district, what is worst first."""
    said, districts = readiness.by_node(db), exam.districts(db)
    seen = look_at(nodes.all_nodes(db), {n.id for n in nodes.silent(db, moment)}, moment)
    found = []
    for district in districts:
        own = [
            s
            for s in seen
            if s.node.district_id == district.id and s.state is not NodeState.RETIRED
        ]
        found += [_row(district.id, district.name, one, said.get(one.node.id)) for one in own]
        if not own:
            reason = Reason(
                Tone.BAD, "还没有节点", "请在“节点”页生成接入码，告诉该区县的技术人员。"
            )
            found.append(LabRow(district.id, district.name, "--", Tone.BAD, (reason,), None))
    return sorted(found, key=lambda row: (RANK.index(row.tone), row.district_id, row.name))


def _row(district_id: int, district: str, seen: SeenNode, said: Readiness | None) -> LabRow:
    reasons = tuple(sorted(_reasons(seen, said), key=lambda reason: RANK.index(reason.tone)))
    tone = reasons[0].tone if reasons else Tone.OK
    return LabRow(district_id, district, seen.node.name, tone, reasons, said)


def _reasons(seen: SeenNode, said: Readiness | None) -> list[Reason]:
    if seen.state is NodeState.NEVER:
        return [Reason(Tone.BAD, "节点还没有接入", "请联系该区县的技术人员安装并接入。")]
    found = [Reason(Tone.WARN, problem) for problem in seen.problems]
    if seen.state is NodeState.OFFLINE:
        found.append(Reason(Tone.BAD, "节点离线", "请联系该区县的技术人员检查服务器和网络。"))
    if said is None:
        found.append(Reason(Tone.OPEN, "还没有上报场地核查", "请该区县把节点程序更新到本版本。"))
        return found
    lines = [line for line in said.report.lines if line.tone is not Tone.OK]
    return found + [Reason(line.tone, f"{line.label}：{line.text}", line.remedy) for line in lines]


def ready_districts(rows: list[LabRow]) -> set[int]:
    """All of whose labs can mark."""
    not_yet = {row.district_id for row in rows if row.tone in (Tone.BAD, Tone.OPEN)}
    return {row.district_id for row in rows} - not_yet


ROUTES = [show_readiness]
