"""视频: what is wrong with which file, and the order to delete all cached copies at the end."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to
from hub.pages.frame import frame
from hub.pages.person import Lately, may_act
from hub.pages.results import TYPES
from hub.sheets.results import Cell, OutTable, write_tables
from hub.store import audit, exam, media_report, nodes, purges, sittings
from hub.store.admins import Admin
from hub.store.purges import Purge, Purged
from hub.work.order_purge import order_purge
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.ranges import attachment
from shared.web.rendering import page

HERE = "/videos"
SHOWN = 200
ALL = 1_000_000
DONE = {"purged": "清除指令已下达，各节点收到后会逐一报告。"}
_LINES = ("文件名", "作品编号", "区县", "学校", "问题和处理办法", "说明")
_SAME = ("作品编号", "文件名")


class PurgeForm(msgspec.Struct, forbid_unknown_fields=True):
    typed: Annotated[str, msgspec.Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class NodeRow:
    name: str
    purged: Purged | None


@get(HERE, sync_to_thread=True)
def show_videos(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post("/videos/report", sync_to_thread=True, status_code=200)
def give_report(person: NamedDependency[Admin], store: NamedDependency[Store]) -> Response[Any]:
    """All of it as a workbook; it holds names of schools, so that it is noted who took it."""
    may_act(person)
    moment = now()
    folder = Path(mkdtemp(prefix="report-", dir=store.path.parent))
    target = folder / f"视频检查-{moment.astimezone():%Y%m%d-%H%M%S}.xlsx"
    try:
        with store.reading() as db:
            write_tables(target, _tables(db))
        with store.writing() as db:
            audit.append(db, person.name, "media_report", {"bytes": target.stat().st_size}, moment)
    except BaseException:
        _forget(folder)
        raise
    return attachment(target, TYPES["xlsx"], BackgroundTask(_forget, folder))


@post("/videos/purge", sync_to_thread=True, status_code=303)
def give_purge(
    data: Annotated[PurgeForm, FORM],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    lately.require()
    try:
        with store.writing() as db:
            order_purge(db, data.typed, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, typed=data.typed)
    return back_to(HERE, "purged")


def _tables(db: Database) -> list[OutTable]:
    lines: list[tuple[Cell, ...]] = [
        (line.file_name, line.code, line.district, line.school, line.problem, line.note)
        for line in media_report.lines(db, ALL)
    ]
    same: list[tuple[Cell, ...]] = list(media_report.same_videos(db, ALL))
    return [OutTable("视频问题", _LINES, lines), OutTable("内容相同的视频", _SAME, same)]


def _forget(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def _page(
    store: Store, person: Admin, note: str = "", refusal: Refusal | None = None, typed: str = ""
) -> Template:
    moment: datetime = now()
    with store.reading() as db:
        purge = purges.last(db)
        return page(
            "media.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, moment),
            totals=media_report.totals(db),
            lines=list(media_report.lines(db, SHOWN)),
            same=list(media_report.same_videos(db, SHOWN)),
            shown=SHOWN,
            exam=exam.exam(db),
            is_marking=any(s.state in ("prepared", "open") for s in sittings.all_sittings(db)),
            purge=purge,
            nodes=_nodes(db, purge),
            may_act=person.role == "city_admin",
            note=note,
            problem=refusal.text if refusal else "",
            typed=typed,
        )


def _nodes(db: Database, purge: Purge | None) -> list[NodeRow]:
    """Those that have not reported first."""
    if purge is None:
        return []
    done = purges.confirmed(db, purge.ordered_at)
    rows = [
        NodeRow(node.name, done.get(node.id))
        for node in nodes.all_nodes(db)
        if node.state == "enrolled" or node.id in done
    ]
    return sorted(rows, key=lambda row: (row.purged is not None, row.name))


ROUTES = [show_videos, give_report, give_purge]
