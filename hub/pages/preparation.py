"""阅卷前的准备: what has to be there before the first sitting opens, and how far each thing is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from hub.pages.readiness import lab_rows, ready_districts
from hub.store import counts, exam, media_report, nodes, sittings
from hub.store.sittings import Sitting


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    text: str
    is_done: bool
    url: str


def steps(db: Database, moment: datetime) -> list[Step]:
    """Empty once a sitting has been opened."""
    every = sittings.all_sittings(db)
    if any(sitting.state != "prepared" for sitting in every):
        return []
    return [*_imported(db), *_districts(db, moment), _trial(every)]


def _imported(db: Database) -> list[Step]:
    people, groups = sum(counts.count_markers(db).values()), len(exam.groups(db))
    videos = media_report.totals(db)
    has_all = 0 < videos.performances == videos.with_video
    seen = f"{videos.with_video:,} / {videos.performances:,} 份作品有可用的视频"
    return [
        Step("名册", f"{people:,} 名评阅人员", people > 0, "/accounts"),
        Step("题组和标准", f"{groups} 个题组", groups > 0, "/groups"),
        Step("视频", seen if videos.performances else "还没有导入作品", has_all, "/videos"),
    ]


def _districts(db: Database, moment: datetime) -> list[Step]:
    marking = set(counts.count_markers(db))
    joined = {n.district_id for n in nodes.all_nodes(db) if n.state == "enrolled"} & marking
    ready = ready_districts(lab_rows(db, moment)) & marking
    return [
        _of_districts("节点", joined, marking, "已接入", "/nodes"),
        _of_districts("场地", ready, marking, "可以阅卷", "/readiness"),
    ]


def _of_districts(label: str, found: set[int], marking: set[int], done: str, url: str) -> Step:
    text = f"{len(found)} / {len(marking)} 个有教师的区县{done}"
    return Step(label, text, 0 < len(marking) == len(found), url)


def _trial(every: Sequence[Sitting]) -> Step:
    is_prepared = any(sitting.kind == "trial" for sitting in every)
    return Step("试阅", "已准备，可以分配" if is_prepared else "还没有准备", is_prepared, "/rounds")
