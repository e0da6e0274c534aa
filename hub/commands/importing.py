"""The command import, step by step: read, check, look at the videos, then write at once."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from hub import schema
from hub.commands.import_report import Report, show_progress, show_sent
from hub.commands.opening import hub_to_read, hub_to_write
from hub.media.bucket import Bucket, open_bucket
from hub.settings import HubSettings, settings_from
from hub.sheets.checking import check
from hub.sheets.exam_sheets import ExamSheets
from hub.sheets.findings import Findings
from hub.sheets.reading import read_tables
from hub.store import videos
from hub.work import check_media
from hub.work.import_exam import Imported, import_exam
from hub.work.match_videos import (
    Matched,
    match_files,
    named_files,
    same_videos,
    unusable_files,
)
from hub.work.plan_import import Plan, plan_import
from shared.kit.clock import now
from shared.kit.store import Store

_WHO = "命令行"


@dataclass(frozen=True, slots=True)
class Wish:
    data: Path
    source: Path
    videos: Path | None
    is_check: bool
    is_strict: bool
    may_transcode: bool
    remove_missing: bool
    report: Path | None


def run(wish: Wish) -> int:
    report = Report(wish.report)
    sheets, findings = check(read_tables(wish.source))
    report.add(findings)
    matched = _match(wish, sheets, report)
    if findings.problem_count:
        return report.refuse()
    if wish.is_check:
        return _check_only(wish, sheets, matched, report)
    with hub_to_write(wish.data) as store:
        return _bring_in(wish, sheets, matched, store, report)


def _match(wish: Wish, sheets: ExamSheets, report: Report) -> Matched:
    if wish.videos is None:
        return Matched([], [], [])
    matched = match_files(named_files(sheets), check_media.list_files(wish.videos))
    report.media.extend(matched.missing)
    if matched.unnamed:
        shown = "、".join(matched.unnamed[:5])
        report.notices.append(f"视频文件夹里有 {len(matched.unnamed)} 个文件没有写在表中：{shown}")
    return matched


def _check_only(wish: Wish, sheets: ExamSheets, matched: Matched, report: Report) -> int:
    findings = Findings()
    with _hub_as_it_is(wish.data) as db:
        plan = plan_import(db, sheets, {}, findings, remove_missing=wish.remove_missing)
        known, unknown = check_media.known_checks(db, matched.present, None)
    report.add(findings)
    report.notices.extend(plan.notices)
    if findings.problem_count:
        return report.refuse()
    problems = {name: check.problem for name, check in known.items() if check.problem}
    if wish.videos is not None:
        batches = check_media.examine(wish.videos, unknown, None)
        for batch in show_progress(batches, len(unknown)):
            problems |= {one.file.name: one.problem for one in batch if one.problem}
    report.media.extend(unusable_files(named_files(sheets), problems))
    if wish.is_strict and report.media:
        return report.refuse()
    report.finish()
    print(f"检查完毕，没有写入任何数据。导入后将{_planned(plan)}。")
    return 0


def _bring_in(
    wish: Wish, sheets: ExamSheets, matched: Matched, store: Store, report: Report
) -> int:
    early = Findings()
    with store.reading() as db:
        # Before the long check of the videos, since it may be in vain.
        plan_import(db, sheets, {}, early, remove_missing=wish.remove_missing)
    if early.problem_count:
        report.add(early)
        return report.refuse()
    problems = _take_in(wish, matched, store)
    report.media.extend(unusable_files(named_files(sheets), problems))
    if wish.is_strict and report.media:
        return report.refuse()
    findings = Findings()
    with store.writing() as db:
        plan, imported = _import_now(db, wish, sheets, matched, findings, report)
    report.add(findings)
    if imported is None:
        return report.refuse()
    report.notices.extend(plan.notices)
    report.finish()
    print(_done(imported))
    return 0


def _take_in(wish: Wish, matched: Matched, store: Store) -> dict[str, str]:
    """Fills the shelf, and keeps what was found batch by batch; answers the problems by file."""
    if wish.videos is None:
        return {}
    settings = settings_from(wish.data, {})
    shelf, bucket = settings.shelf, open_bucket(settings.bucket_place)
    with store.reading() as db:
        known, unknown = check_media.known_checks(
            db,
            matched.present,
            shelf,
            elsewhere=bucket.names() if bucket else (),
            may_transcode=wish.may_transcode,
        )
    problems = {name: check.problem for name, check in known.items() if check.problem}
    batches = check_media.examine(wish.videos, unknown, shelf, may_transcode=wish.may_transcode)
    for batch in show_progress(batches, len(unknown)):
        problems |= {one.file.name: one.problem for one in batch if one.problem}
        with store.writing() as db:
            check_media.keep(db, batch, now())
        if bucket is not None:
            bucket.hand_over(shelf, {one.stored.sha256 for one in batch if one.stored})
    if bucket is not None:
        _send_up(bucket, shelf)
    return problems


def _send_up(bucket: Bucket, shelf: Path) -> None:
    """What an import that was cut off had left; the running hub would go on with it too."""
    for count, _ in enumerate(bucket.send_up(shelf, now()), 1):
        if count % 50 == 0:
            show_sent(count)


def _import_now(
    db: Database,
    wish: Wish,
    sheets: ExamSheets,
    matched: Matched,
    findings: Findings,
    report: Report,
) -> tuple[Plan, Imported | None]:
    """None, and nothing written, when the hub has changed so that it may not be imported."""
    checks = videos.checks(db)
    if wish.videos is not None:
        # Whether each is kept was seen just now, before the check.
        checks, _ = check_media.known_checks(db, matched.present, None)
    found = check_media.usable(checks)
    report.media.extend(same_videos(sheets.performances, found))
    plan = plan_import(db, sheets, found, findings, remove_missing=wish.remove_missing)
    if findings.problem_count:
        return plan, None
    imported = import_exam(
        db, sheets, plan, found, now(), who=_WHO, remove_missing=wish.remove_missing
    )
    return plan, imported


@contextmanager
def _hub_as_it_is(data: Path) -> Iterator[Database]:
    """Nothing is written to it; a hub that is not there yet is an empty one."""
    if HubSettings(data).database.is_file():
        with hub_to_read(data) as db:
            yield db
        return
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder, "hub.db"), schema.migrations)
        try:
            with store.reading() as db:
                yield db
        finally:
            store.close()


def _planned(plan: Plan) -> str:
    return (
        f"新增人员 {len(plan.new_people)} 名、修改 {len(plan.changed_people)} 名，"
        f"新增作品 {len(plan.new_performances)} 份、修改 {len(plan.changed_performances)} 份"
    )


def _done(imported: Imported) -> str:
    text = (
        f"导入完成：新增人员 {imported.new_people} 名、修改 {imported.changed_people} 名，"
        f"新增作品 {imported.new_performances} 份、修改 {imported.changed_performances} 份"
    )
    if imported.removed_performances:
        text += f"、删除 {imported.removed_performances} 份"
    if imported.without_video:
        text += f"。现有 {imported.without_video} 份作品没有可用的视频，不会被分配"
    return text + "。"
