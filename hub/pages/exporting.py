"""The exports' own desk: one at a time is written beside the pages, and kept for a while."""

import hashlib
import logging
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile

from sqlite_utils import Database

from hub.sheets.results import Report
from hub.store import audit, sittings
from hub.store.audit import Entry
from hub.work import export_quality, export_results
from hub.work.second_person import NOT_NEEDED, Leave, use_up
from shared.kit.clock import now
from shared.kit.files import remove, replace
from shared.kit.refusal import Refusal
from shared.kit.store import Store

Format = Literal["xlsx", "csv", "quality"]
FILES_KEPT = 10
KEPT_FOR = timedelta(days=3)
"""They hold students' names: long enough to be fetched, no archive."""
_PART = "part-"

log = logging.getLogger(__name__)


class _Cancelled(Exception):
    """Raised where rows are counted, to leave the writing."""


@dataclass(slots=True)
class Going:
    """The export that is being written."""

    format: Format
    who: str
    moment: datetime
    leave: Leave
    """Used up by the file, not by the attempt."""
    sitting_id: int = 0
    done: int = 0
    total: int = 0
    cancelled_by: str = ""

    def report(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self.go_on()

    def go_on(self) -> None:
        if self.cancelled_by:
            raise _Cancelled


class Exports:
    """Of a running hub; what a stopped one left half written is removed."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._lock = Lock()
        self._thread: Thread | None = None
        self.going: Going | None = None
        self.problem = ""
        """Why there is no file of the last one."""
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(f"{_PART}*"):
            shutil.rmtree(left, ignore_errors=True)
        tidy(store, folder, now())

    def must_be_free(self) -> None:
        if self.going is not None:
            raise Refusal("export_running", "已有一份导出正在进行，请等它完成或先取消它。", 409)

    def start(self, form: Format, who: str, moment: datetime, leave: Leave = NOT_NEEDED) -> None:
        with self._lock:
            self.must_be_free()
            going = self.going = Going(form, who, moment, leave)
            self.problem = ""
            self._thread = Thread(target=self._run, args=(going,), name="export")
            self._thread.start()

    def cancel(self, who: str) -> None:
        """It ends at its next row; what was written is removed."""
        if (going := self.going) is not None:
            going.cancelled_by = who

    def wait(self) -> None:
        if (thread := self._thread) is not None:
            thread.join()

    def stop(self) -> None:
        self.cancel("系统")
        self.wait()

    def file_of(self, entry: Entry) -> Path | None:
        """Of an export in the audit log; None once it was removed."""
        path = self._folder / str(entry.detail.get("file") or "--")
        return path if path.is_file() else None

    def _run(self, going: Going) -> None:
        try:
            with TemporaryDirectory(
                prefix=_PART, dir=self._folder, ignore_cleanup_errors=True
            ) as folder:
                self._finish(going, _write(self._store, Path(folder), going))
        except _Cancelled:
            self.problem = "上一份导出已取消。"
            detail = {"format": going.format}
            with self._store.writing() as db:
                audit.append(db, going.cancelled_by, "export_cancelled", detail, now())
        except Refusal as refusal:
            self.problem = refusal.text
        except Exception:
            # Nobody waits for this thread: the page has to say it.
            log.exception("an export broke off")
            self.problem = "上一份导出没有完成。请检查数据目录的磁盘空间后重试；原因见日志。"
        finally:
            self.going = None

    def _finish(self, going: Going, path: Path) -> None:
        """The file and the entry by which it is found: both or neither."""
        target = _free(self._folder / path.name)
        detail = {
            "format": going.format,
            "sitting": going.sitting_id,
            "file": target.name,
            **_measures(path),
        }
        action = "export_quality" if going.format == "quality" else "export"
        try:
            with self._store.writing() as db:
                going.go_on()
                _must_not_be_wiped(db, going.sitting_id)
                use_up(db, going.leave, now())
                replace(path, target)
                audit.append(db, going.who, action, detail, going.moment)
        except BaseException:
            remove(target)
            raise
        tidy(self._store, self._folder, now())


def check(db: Database, form: Format) -> None:
    """Refusal where the export would be refused at once."""
    if form == "quality":
        export_quality.sitting_to_export(db)
    else:
        export_results.sitting_to_export(db)


def finished(db: Database) -> list[Entry]:
    """The newest first."""
    found = [*audit.of_action(db, "export"), *audit.of_action(db, "export_quality")]
    return sorted(found, key=lambda entry: -entry.id)


def tidy(store: Store, folder: Path, moment: datetime) -> None:
    """Removes what is wiped, too old or too much; a file that is held waits for next time."""
    with store.reading() as db:
        wiped = {sitting.id for sitting in sittings.all_sittings(db) if sitting.state == "wiped"}
        for entry in finished(db):
            if entry.detail.get("sitting") in wiped:
                remove(folder / entry.detail["file"])
    files = [(path.stat().st_mtime, path) for path in folder.glob("*") if path.is_file()]
    for number, (changed_s, path) in enumerate(sorted(files, reverse=True)):
        if number >= FILES_KEPT or moment - datetime.fromtimestamp(changed_s, UTC) > KEPT_FOR:
            remove(path)


def _write(store: Store, folder: Path, going: Going) -> Path:
    when = f"{going.moment.astimezone():%Y%m%d-%H%M%S}"
    if going.format == "quality":
        target = folder / f"评分质量-{when}.csv"
        with store.reading() as db:
            going.sitting_id = export_quality.export_quality(db, target, going.report).id
        return target
    return _write_results(store, folder / f"阅卷结果-{when}.{going.format}", going)


def _write_results(store: Store, target: Path, going: Going) -> Path:
    report: Report = going.report
    with store.reading() as db:
        exported = export_results.export(db, target, going.moment, report=report)
    going.sitting_id = exported.sitting.id
    if going.format == "xlsx":
        return target
    packed = target.with_suffix(".zip")
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path in exported.files:
            going.go_on()
            archive.write(path, path.name)
    return packed


def _must_not_be_wiped(db: Database, sitting_id: int) -> None:
    found = sittings.sitting(db, sitting_id)
    if found is not None and found.state == "wiped":
        raise Refusal("wiped", "试阅已清空，它的导出没有保留。", 409)


def _measures(path: Path) -> dict[str, str | int]:
    """The checksum shows later that a file is the one that was taken away."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": sha256}


def _free(path: Path) -> Path:
    """Two of one second keep apart."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free
