"""区县进度: every district by round, and the people of one district."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to, wants_part
from hub.pages.frame import frame
from hub.pages.person import may_act
from hub.store import accounts, counts, exam, hands, nodes, sittings
from hub.store.admins import Admin
from hub.store.counts import ByRound
from hub.work.redeploy import call_back, send_away
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/districts"
PACE_OVER = timedelta(hours=1)
DONE = {
    "taken_back": "未评的任务已分给其他教师，不再给他分配新任务。",
    "called_back": "已恢复，可以给他分配新任务。",
}


@dataclass(frozen=True, slots=True)
class DistrictRow:
    district: exam.District
    markers: int
    online: int
    pace: int
    """Marks that arrived in the last hour."""
    rounds: ByRound

    def done_at(self, moment: datetime) -> datetime | None:
        """When what is handed out now will be marked at this pace."""
        return expected_end(sum(p.left for p in self.rounds.values()), self.pace, moment)


def expected_end(left: int, pace: int, moment: datetime) -> datetime | None:
    return moment + PACE_OVER * (left / pace) if left and pace else None


class TakeBackForm(msgspec.Struct, forbid_unknown_fields=True):
    account_id: int


@get(HERE, sync_to_thread=True)
def districts(
    request: Request[Any, Any, Any],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    group: FromQuery[int] = 0,
) -> Template:
    """Of one item group, or of all."""
    moment = now()
    with store.reading() as db:
        rows = _rows(db, group, moment)
        total, pace = counts.sum_rounds(r.rounds for r in rows), sum(r.pace for r in rows)
        table: dict[str, Any] = {
            "rows": rows,
            "total": total,
            "total_done_at": expected_end(sum(p.left for p in total.values()), pace, moment),
            "groups": exam.groups(db),
            "group": group,
            "moment": moment,
        }
        if wants_part(request):
            return page("districts_table.html", **table)
        return page("districts.html", frame=frame(db, person, HERE, moment), **table)


@get("/districts/{district_id:int}", sync_to_thread=True)
def one_district(
    district_id: FromPath[int],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    done: FromQuery[str] = "",
) -> Template:
    moment = now()
    with store.reading() as db:
        district = next((d for d in exam.districts(db) if d.id == district_id), None)
        if district is None:
            raise Refusal("no_district", "没有这个区县。", 404)
        sitting = sittings.current(db)
        people = counts.people_of_district(db, sitting.id if sitting else 0, district_id)
        return page(
            "districts_people.html",
            frame=frame(db, person, HERE, moment),
            district=district,
            people=people,
            away={
                i
                for i, state in hands.states(db, sitting.id if sitting else 0).items()
                if state == "away"
            },
            total=counts.sum_rounds(p.rounds for p in people),
            may_take_back=person.role == "city_admin" and sitting and sitting.state == "open",
            note=DONE.get(done, ""),
        )


@post("/districts/take-back", sync_to_thread=True, status_code=303)
def give_take_back(
    data: Annotated[TakeBackForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        account = accounts.account(db, data.account_id)
        if account is None:
            raise Refusal("no_account", "没有这个账号。", 404)
        send_away(db, account.id, person.name, now())
    return back_to(f"{HERE}/{account.district_id}", "taken_back")


@post("/districts/call-back", sync_to_thread=True, status_code=303)
def give_call_back(
    data: Annotated[TakeBackForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        account = accounts.account(db, data.account_id)
        if account is None:
            raise Refusal("no_account", "没有这个账号。", 404)
        call_back(db, account.id, person.name, now())
    return back_to(f"{HERE}/{account.district_id}", "called_back")


def _rows(db: Database, group: int, moment: datetime) -> list[DistrictRow]:
    sitting = sittings.current(db)
    sitting_id = sitting.id if sitting else 0
    progress = counts.by_district(db, sitting_id, group)
    pace = counts.arrived_by_district(db, sitting_id, moment - PACE_OVER, group)
    markers = counts.count_markers(db)
    online: dict[int, int] = {}
    silent = {node.id for node in nodes.silent(db, moment)}
    for node in nodes.all_nodes(db):
        if node.state == "enrolled" and node.status and node.id not in silent:
            seen = online.get(node.district_id, 0) + node.status.people_online
            online[node.district_id] = seen
    return [
        DistrictRow(
            district,
            markers.get(district.id, 0),
            online.get(district.id, 0),
            pace.get(district.id, 0),
            progress.get(district.id, {}),
        )
        for district in exam.districts(db)
    ]


ROUTES = [districts, one_district, give_take_back, give_call_back]
