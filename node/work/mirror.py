"""The mirror: every record that is to be reported also in a file, best on another drive."""

import os
from datetime import datetime
from pathlib import Path

import msgspec
from sqlite_utils import Database

from node.store import meta, outbox
from shared.kit.ids import is_id, new_id
from shared.kit.refusal import Refusal
from shared.kit.store import Store

ROWS_AT_ONCE = 500
NAME = "mirror_name"
"""In meta: the file of this database."""


class Line(msgspec.Struct):
    """One record, as one line of JSON."""

    seq: int
    event_id: str
    sitting: int
    kind: str
    v: int
    body: str


class Mirror:
    """Written to at its end only; a database that was made anew begins a file of its own."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._store = store
        self._path = folder
        self._written: int | None = None

    def catch_up(self, moment: datetime) -> int:
        """How many records were added."""
        added = 0
        if self._written is None:
            self._begin(moment)
        while rows := self._rows(self._written or 0):
            _append(self._path, rows)
            self._written = rows[-1].seq
            added += len(rows)
        return added

    def _begin(self, moment: datetime) -> None:
        """Goes on with the file that is of this history, or begins one."""
        with self._store.reading() as db:
            name = meta.get(db, NAME)
            last = last_line(self._folder / name) if name else None
            is_ours = last is None or _is_line_of(db, last)
        if name is None or not is_ours:
            name, last = f"outbox-{new_id(moment)}.jsonl", None
            with self._store.writing() as db:
                meta.put(db, NAME, name)
        self._path = self._folder / name
        self._written = last.seq if last else 0

    def _rows(self, after: int) -> list[outbox.Row]:
        with self._store.reading() as db:
            return outbox.after(db, after, ROWS_AT_ONCE)


def take_in(db: Database, path: Path, moment: datetime) -> int:
    """Records that this database lost are reported again; the hub knows by the ids what it has."""
    if not path.is_file():
        raise Refusal("no_such_file", f"找不到镜像文件：{path}")
    added = sum(take_in_line(db, line, moment) for line in _lines(path))
    if added:
        meta.want_history(db)
    return added


def take_in_line(db: Database, line: Line, moment: datetime) -> bool:
    """False where the record is here already."""
    if not is_id(line.event_id) or outbox.of_event(db, line.event_id) is not None:
        return False
    outbox.put_text(db, line.sitting, line.kind, line.v, line.body, line.event_id, moment)
    return True


def line_of(row: outbox.Row) -> Line:
    return Line(row.seq, row.event_id, row.sitting_id, row.kind, row.v, row.body)


def last_line(path: Path) -> Line | None:
    """The one with the highest number; None where there is no file yet."""
    lines = _lines(path) if path.is_file() else []
    return max(lines, key=lambda line: line.seq, default=None)


def _is_line_of(db: Database, line: Line) -> bool:
    row = outbox.of_event(db, line.event_id)
    return row is not None and row.seq == line.seq


def _append(path: Path, rows: list[outbox.Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not _ends_whole(path):
            # What a power cut left of a line stays, as a line of its own.
            file.write(b"\n")
        for row in rows:
            file.write(msgspec.json.encode(line_of(row)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _lines(path: Path) -> list[Line]:
    """The whole ones; a line that was cut off is passed over."""
    found = []
    for text in path.read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(text, type=Line))
        except msgspec.DecodeError:
            continue
    return found
