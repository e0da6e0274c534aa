"""Checks the video files of an import over all cores, and keeps what the check found."""

import errno
import os
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from sqlite_utils import Database

from hub.media.probe import Probe, Unusable, probe
from hub.media.shelf import Stored, path_of, take_in
from hub.store import videos
from hub.store.videos import MediaCheck, NewVideo
from shared.kit.refusal import Refusal

BATCH = 64
"""Files between two commits, at most."""
KEEP_S = 5.0
"""Transcoding takes long, and what was done is not to be lost: a commit as soon as this is over."""
AHEAD = 8
"""Files for each worker that are under way or wait for a slower one before them."""
_ALONE_MAX = 4
"""So few files are not worth starting processes for."""
_CRASHED = (
    "检查时解码程序异常退出，文件可能已损坏。请转码为 MP4（H.264 视频 + AAC 声音）后重新导入。"
)


@dataclass(frozen=True, slots=True)
class File:
    name: str
    """As the 作品 sheet writes it: relative to the folder, with "/"."""
    bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Examined:
    file: File
    stored: Stored | None
    """None where the file cannot be used, or was only looked at."""
    problem: str | None
    is_lasting: bool = True
    """False for trouble of the disk, which says nothing of the file."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done with each file."""

    folder: Path
    shelf: Path | None
    """Where the usable ones are taken in; None: they are only looked at."""
    may_transcode: bool


def list_files(folder: Path) -> dict[str, File]:
    """Every file under the folder, by the name that the 作品 sheet gives it."""
    if not folder.is_dir():
        raise Refusal("no_such_folder", f"找不到视频文件夹：{folder}")
    files = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            state = path.stat()
            relative = path.relative_to(folder).as_posix()
            files[relative] = File(relative, state.st_size, state.st_mtime_ns)
    return files


def known_checks(
    db: Database,
    files: Iterable[File],
    shelf: Path | None,
    *,
    elsewhere: Collection[str] = (),
    may_transcode: bool = False,
) -> tuple[dict[str, MediaCheck], list[File]]:
    """What earlier checks said of these very files, and the files still to be checked.

    A file that is no longer on the shelf (a restored hub) is checked again, and so is one that
    transcoding may make usable. `elsewhere` names what the city's object store holds.
    """
    checks = videos.checks(db)
    known, unknown = {}, []
    for file in files:
        check = checks.get(file.name)
        is_same = check and (check.bytes, check.mtime_ns) == (file.bytes, file.mtime_ns)
        is_settled = check is not None and not (check.problem and may_transcode)
        if check and is_same and is_settled and _is_kept(check, shelf, elsewhere):
            known[file.name] = check
        else:
            unknown.append(file)
    return known, unknown


def examine(
    folder: Path,
    files: Iterable[File],
    shelf: Path | None,
    workers: int | None = None,
    *,
    may_transcode: bool = False,
) -> Iterator[list[Examined]]:
    """Batches in the order of the files; with a shelf the usable ones are taken in."""
    job = Job(folder, shelf, may_transcode)
    try:
        yield from _batches(_examine(job, list(files), workers or os.cpu_count() or 1))
    except OSError as error:
        raise Refusal("disk_full", f"视频检查中断：{error}。请处理后再导入一次。") from error


def _batches(found: Iterator[Examined]) -> Iterator[list[Examined]]:
    batch: list[Examined] = []
    began = time.monotonic()
    for one in found:
        batch.append(one)
        if len(batch) >= BATCH or time.monotonic() - began >= KEEP_S:
            yield batch
            batch, began = [], time.monotonic()
    if batch:
        yield batch


def _examine(job: Job, files: list[File], workers: int) -> Iterator[Examined]:
    if len(files) <= _ALONE_MAX:
        yield from (_examine_one(job, file) for file in files)
        return
    with _Pool(job, workers) as pool:
        yield from pool.examine(files)


def keep(db: Database, examined: Iterable[Examined], moment: datetime) -> None:
    for one in examined:
        if not one.is_lasting:
            continue
        video_id = videos.add(db, _new_video(one.stored)) if one.stored else None
        file, note = one.file, one.stored.note if one.stored else ""
        check = MediaCheck(file.name, file.bytes, file.mtime_ns, video_id, one.problem, note=note)
        videos.put_check(db, check, moment)


def usable(checks: Mapping[str, MediaCheck]) -> dict[str, int]:
    """The id of each file's video, of files that have one."""
    return {name: check.video_id for name, check in checks.items() if check.video_id}


class _Pool:
    """Processes that may die on a bad file: the file is named, the others go on."""

    def __init__(self, job: Job, workers: int) -> None:
        self._job, self._workers = job, workers
        self._pool = _start(workers)
        self._ahead: deque[tuple[File, Future[Examined] | None]] = deque()
        """Without a future where it is to be examined alone."""

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def examine(self, files: Iterable[File]) -> Iterator[Examined]:
        """In their order; no worker is idle while files are left."""
        remaining = iter(files)
        while True:
            for file in islice(remaining, AHEAD * self._workers - len(self._ahead)):
                self._ahead.append((file, self._begin(file)))
            if not self._ahead:
                return
            yield self._next()

    def _begin(self, file: File) -> "Future[Examined] | None":
        try:
            return self._pool.submit(_examine_one, self._job, file)
        except BrokenProcessPool:
            return None

    def _next(self) -> Examined:
        file, future = self._ahead[0]
        try:
            found = future.result() if future else self._examine_alone(file)
        except BrokenProcessPool:
            self._start_again()
            return self._next()
        self._ahead.popleft()
        return found

    def _start_again(self) -> None:
        """After a crash nobody knows which file it was: each gets a process of its own."""
        self._pool.shutdown()
        self._pool = _start(self._workers)
        self._ahead = deque(
            (file, None if future is None or future.exception() else future)
            for file, future in self._ahead
        )

    def _examine_alone(self, file: File) -> Examined:
        with _start(1) as alone:
            try:
                return alone.submit(_examine_one, self._job, file).result()
            except BrokenProcessPool:
                return Examined(file, None, _CRASHED)


def _start(workers: int) -> ProcessPoolExecutor:
    # Forking would copy open databases and held locks of the hub into the children.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def _examine_one(job: Job, file: File) -> Examined:
    source = job.folder / file.name
    try:
        if job.shelf is not None:
            stored = take_in(source, job.shelf, may_transcode=job.may_transcode)
            return Examined(file, stored, None)
        probe(source)
    except Unusable as unusable:
        return Examined(file, None, unusable.reason)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        return Examined(file, None, f"读取文件失败：{error.strerror}", is_lasting=False)
    return Examined(file, None, None)


def _is_kept(check: MediaCheck, shelf: Path | None, elsewhere: Collection[str]) -> bool:
    if shelf is None or not check.sha256 or check.sha256 in elsewhere:
        return True
    return path_of(shelf, check.sha256).is_file()


def _new_video(stored: Stored) -> NewVideo:
    seen: Probe = stored.probe
    return NewVideo(
        stored.sha256,
        stored.bytes,
        seen.duration_ms,
        seen.width,
        seen.height,
        seen.peaks,
        seen.loudness_db,
    )
