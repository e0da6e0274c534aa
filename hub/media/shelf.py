"""The hub's shelf: checked videos under the hash of their content, whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import av

from hub.media.probe import Examined, Probe, Unusable, examine, opened, streams_of
from hub.media.transcode import transcode

_CHUNK = 1 << 20
_PART = "part-*.mp4"
_PART_KEPT_S = 24 * 3600

Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    bytes: int
    probe: Probe
    note: str = ""
    """Chinese; what had to be done to it."""


def take_in(source: Path, shelf: Path, *, may_transcode: bool = False) -> Stored:
    """Checks the file and keeps a copy; the source is only read. Raises Unusable.

    A file whose index is at its end, or that carries more than picture and sound (a place, a
    name, a cover), is put into a new mp4 without touching the encoded picture and sound.
    """
    before = _stamp(source)
    try:
        examined = examine(source)
    except Unusable as unusable:
        if not (may_transcode and unusable.is_curable):
            raise
        return _take_in_transcoded(source, before, shelf, unusable.reason)
    return _take_in(source, before, examined, shelf)


def _take_in_transcoded(source: Path, before: Stamp, shelf: Path, reason: str) -> Stored:
    with _part(shelf) as made:
        transcode(source, made)
        _check_steady(source, before)
        stored = _take_in(made, _stamp(made), examine(made), shelf)
    return replace(stored, note=f"已转码。原来的问题：{reason.split('。')[0]}")


def _take_in(source: Path, before: Stamp, examined: Examined, shelf: Path) -> Stored:
    with _part(shelf) as part:
        if examined.probe.is_faststart and examined.is_plain:
            digest = _copy(source, part)
        else:
            _rewrite(source, part)
            digest = _hash(part)
        _check_steady(source, before)
        size = part.stat().st_size
        _keep(part, path_of(shelf, digest), size)
    return Stored(digest, size, examined.probe)


def path_of(shelf: Path, sha256: str) -> Path:
    return shelf / sha256[:2] / f"{sha256}.mp4"


def sweep(shelf: Path, moment: datetime) -> int:
    """Removes what a killed process left half written, a day later; says how many."""
    old = [p for p in shelf.glob(_PART) if p.stat().st_mtime < moment.timestamp() - _PART_KEPT_S]
    for part in old:
        part.unlink(missing_ok=True)
    return len(old)


def _check_steady(source: Path, before: Stamp) -> None:
    if _stamp(source) != before:
        raise Unusable("检查时文件还在变化（可能正在复制）。请等复制完成后再检查。")


def _stamp(source: Path) -> Stamp:
    state = source.stat()
    return state.st_size, state.st_mtime_ns


@contextmanager
def _part(shelf: Path) -> Iterator[Path]:
    """A new name on the shelf's own disk; whatever happens, nothing stays under it."""
    shelf.mkdir(parents=True, exist_ok=True)
    part = shelf / _PART.replace("*", uuid4().hex)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, part: Path) -> str:
    digest = sha256()
    with source.open("rb") as incoming, part.open("xb") as outgoing:
        while chunk := incoming.read(_CHUNK):
            digest.update(chunk)
            outgoing.write(chunk)
    return digest.hexdigest()


def _rewrite(source: Path, part: Path) -> None:
    with (
        opened(source) as incoming,
        av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as outgoing,
    ):
        streams = streams_of(incoming)
        copies = {s.index: outgoing.add_stream_from_template(s) for s in streams}
        for packet in incoming.demux(*streams):
            if packet.dts is None:
                continue
            packet.stream = copies[packet.stream_index]
            outgoing.mux(packet)


def _hash(part: Path) -> str:
    with part.open("rb") as file:
        digest = sha256()
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _keep(part: Path, target: Path, size: int) -> None:
    """On the disk before it has its name; the same content again changes nothing."""
    if target.exists() and target.stat().st_size == size:
        return
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(exist_ok=True)
    part.replace(target)
