"""评分质量: how the own district marks, as the city measured it, for its lead."""

from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from litestar import Request, Response, get, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.response import Template
from sqlite_utils import Database

from node.pages.frame import frame, live_page
from node.pages.people import Person
from node.store import accounts, exam, quality
from node.store.quality import OwnClip
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.quality import Measure
from shared.rules.rubric import Role
from shared.web.numbers import PathWhole
from shared.web.ranges import serve_file
from shared.wire.quality import MarkerCard, QualityAnswer

HERE = "/quality"


@dataclass(frozen=True, slots=True)
class MarkerLine:
    marker: MarkerCard
    name: str


@dataclass(frozen=True, slots=True)
class ClipLine:
    clip: OwnClip
    name: str
    group: str


@get(HERE)
async def show_quality(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(Role.LEAD)
    await request.app.state.uplink.ask_quality()
    return await anyio.to_thread.run_sync(_show, request, person, store)


def _show(request: Request[Any, Any, State], person: Person, store: Store) -> Template:
    moment = now()
    with store.reading() as db:
        found = _kept(db)
        names = {account.id: account.name for account in accounts.everyone(db)}
        groups = {group.id: group.label for group in exam.groups(db)}
        return live_page(
            request,
            "quality",
            frame=frame(db, request.app.state, person, HERE, moment),
            moment=moment,
            is_stale=not request.app.state.uplink.view().is_connected,
            found=found,
            names=Measure,
            measures=list(Measure),
            groups=groups,
            lines=_lines(found, names),
            clips=_clips(db, found, names, groups),
        )


def _kept(db: Database) -> QualityAnswer | None:
    sitting = exam.current_sitting(db)
    return quality.kept(db, sitting.id) if sitting else None


def _lines(found: QualityAnswer | None, names: dict[int, str]) -> list[MarkerLine]:
    """Whoever deserves a look comes first."""
    markers = sorted(
        found.markers if found else [],
        key=lambda m: (-len(m.alerts), not any(a.tone == "bad" for a in m.alerts), m.account_id),
    )
    return [MarkerLine(marker, names.get(marker.account_id, "--")) for marker in markers]


def _clips(
    db: Database, found: QualityAnswer | None, names: dict[int, str], groups: dict[int, str]
) -> list[ClipLine]:
    """Only a lead's own people, only their own levels, only where nothing is left to mark."""
    return [
        ClipLine(clip, names.get(marker.account_id, "--"), groups.get(clip.item_group_id, "--"))
        for marker in (found.markers if found else [])
        for clip in quality.own_clips(
            db, found.sitting if found else 0, marker.account_id, marker.clips
        )
    ]


@route("/quality/clips/{task_id:int}/video", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def outlier_video(
    request: Request[Any, Any, State],
    task_id: PathWhole,
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Response[None]:
    """Only of what the city named as far from the other mark, and decided."""
    person.require(Role.LEAD)
    sha256 = await anyio.to_thread.run_sync(_sha256, store, task_id)
    try:
        path = request.app.state.cache.path(sha256)
        return await serve_file(path, request, etag=sha256, media_type="video/mp4")
    except FileNotFoundError as error:
        raise Refusal("fetching", "这份视频不在本节点的缓存里。", 404) from error


def _sha256(store: Store, task_id: int) -> str:
    with store.reading() as db:
        for line in _clips(db, _kept(db), {}, {}):
            if line.clip.task_id == task_id:
                return line.clip.video_sha256
    raise Refusal("not_named", "这份作品不在可以查看的名单里。", 404)


ROUTES = [show_quality, outlier_video]
