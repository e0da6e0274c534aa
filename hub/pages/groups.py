"""题组进度: every item group by round, city-wide."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlite_utils import Database

from hub.pages.doors import wants_part
from hub.pages.frame import frame
from hub.store import counts, exam, sittings
from hub.store.admins import Admin
from hub.store.counts import ByRound
from shared.kit.clock import now
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/groups"


@dataclass(frozen=True, slots=True)
class GroupRow:
    group: exam.Group
    performances: int
    rounds: ByRound


@get(HERE, sync_to_thread=True)
def groups(
    request: Request[Any, Any, Any], person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Template:
    moment = now()
    with store.reading() as db:
        rows = _rows(db)
        table: dict[str, Any] = {
            "rows": rows,
            "total": counts.sum_rounds(r.rounds for r in rows),
            "moment": moment,
        }
        if wants_part(request):
            return page("groups_table.html", **table)
        return page("groups.html", frame=frame(db, person, HERE, moment), **table)


def _rows(db: Database) -> list[GroupRow]:
    sitting = sittings.current(db)
    progress = counts.by_group(db, sitting.id if sitting else 0)
    performances = counts.count_performances(db)
    return [
        GroupRow(group, performances.get(group.id, 0), progress.get(group.id, {}))
        for group in exam.groups(db)
    ]


ROUTES = [groups]
