"""运行状态: the verdict first, then cache, link, sync and who is marking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.pages.frame import MANAGERS, frame
from node.pages.people import Person
from node.store import accounts, exam, exchanges, meta, progress, sessions, videos
from node.store.exchanges import Transfer
from node.store.videos import Held
from node.work.verdict import Facts, judge_node
from shared.kit.clock import now
from shared.kit.store import Store
from shared.web.rendering import page

ONLINE = timedelta(minutes=2)
CHART_MINUTES = 30
CHART_WIDTH, CHART_HEIGHT = 340, 150


@dataclass(frozen=True, slots=True)
class GroupCache:
    label: str
    held: Held

    @property
    def total(self) -> int:
        return self.held.wanted + self.held.ready + self.held.failed


@dataclass(frozen=True, slots=True)
class Seat:
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class LinkChart:
    """The traffic of the last minutes, in Mbit/s, as points of a drawing."""

    area: str
    cap_y: float | None
    top: float
    now_mbit: float


@get("/status", sync_to_thread=True)
def status(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(*MANAGERS)
    moment = now()
    state = request.app.state
    uplink = state.uplink.view()
    with store.reading() as db:
        facts = _facts(db, state)
        context: dict[str, Any] = {
            "frame": frame(db, state, person, "/status", moment),
            "verdict": judge_node(facts),
            "facts": facts,
            "uplink": uplink,
            "address": str(request.base_url).rstrip("/"),
            "caches": _caches(db),
            "seats": _seats(db, moment),
            "chart": _chart(
                exchanges.by_minute(db, moment, CHART_MINUTES),
                exchanges.minute_of(moment),
                state.settings.bandwidth_mbit,
            ),
            "cap": state.settings.bandwidth_mbit,
            "since": moment - timedelta(minutes=CHART_MINUTES),
            "exchanges": exchanges.recent(db, 10),
        }
    return page("status.html", **context)


def _facts(db: Database, state: State) -> Facts:
    uplink = state.uplink.view()
    sitting = exam.open_sitting(db)
    held = list(videos.counts_by_group(db).values())
    return Facts(
        is_enrolled=meta.link(db) is not None,
        has_open_sitting=sitting is not None,
        tasks=sum(c.total for c in progress.by_group(db, sitting.id)) if sitting else 0,
        is_connected=uplink.is_connected,
        pending=uplink.pending,
        videos_wanted=sum(h.wanted for h in held),
        videos_ready=sum(h.ready for h in held),
        videos_failed=sum(h.failed for h in held),
        video_problem=uplink.video_problem,
        disk_free_bytes=state.cache.free_bytes(),
        clock_offset_ms=uplink.clock_offset_ms,
    )


def _caches(db: Database) -> list[GroupCache]:
    held = videos.counts_by_group(db)
    return [GroupCache(g.label, held[g.id]) for g in exam.groups(db) if g.id in held]


def _seats(db: Database, moment: datetime) -> list[Seat]:
    names = {account.id: account.name for account in accounts.everyone(db)}
    online = sessions.online(db, moment - ONLINE)
    return [Seat(names.get(account, ""), address) for account, address in sorted(online.items())]


def _chart(transfers: list[Transfer], this_minute: int, cap_mbit: float) -> LinkChart:
    mbit = {t.minute: t.bytes * 8 / 60 / 1e6 for t in transfers}
    first = this_minute - CHART_MINUTES + 1
    values = [mbit.get(minute, 0.0) for minute in range(first, this_minute + 1)]
    top = max(1.0, *values, cap_mbit) * 1.1
    step = CHART_WIDTH / (CHART_MINUTES - 1)
    points = [(n * step, CHART_HEIGHT * (1 - value / top)) for n, value in enumerate(values)]
    corners = [(0.0, float(CHART_HEIGHT)), *points, (float(CHART_WIDTH), float(CHART_HEIGHT))]
    return LinkChart(
        area=" ".join(f"{x:.1f},{y:.1f}" for x, y in corners),
        cap_y=CHART_HEIGHT * (1 - cap_mbit / top) if cap_mbit else None,
        top=top,
        # The minute that runs is not full yet.
        now_mbit=values[-2],
    )


@post("/status/sync", sync_to_thread=False, status_code=303)
def sync_now(request: Request[Any, Any, State], person: NamedDependency[Person]) -> Redirect:
    person.require(*MANAGERS)
    request.app.state.uplink.sync_now()
    return Redirect("/status", status_code=303)


ROUTES = [status, sync_now]
