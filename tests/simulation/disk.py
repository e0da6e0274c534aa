"""A program's disk: where it may be killed, lose its power, or be full; and what is then left."""

import random
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

FULL = 2
WAL_SALT = slice(12, 24)
"""Of the WAL's header: it changes whenever a checkpoint lets the WAL begin anew."""


class Killed(BaseException):
    """The program ends here and now; no line of it runs any more."""


class Files:
    """What a disk holds of one database: the main file and its WAL."""

    def __init__(self, main: bytes, wal: bytes) -> None:
        self.main = main
        self.wal = wal

    @classmethod
    def of(cls, path: Path) -> "Files":
        wal = _wal_of(path)
        return cls(path.read_bytes(), wal.read_bytes() if wal.exists() else b"")

    def put(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.main)
        if self.wal:
            _wal_of(path).write_bytes(self.wal)


class Disk:
    """Of one life of one program; `kill_in` and its like are set by the schedule of faults."""

    by_path: ClassVar[dict[str, "Disk"]] = {}

    def __init__(self, path: Path, chance: random.Random, note: Callable[[str], None]) -> None:
        self.path = path
        self._wal = _wal_of(path)
        self._chance = chance
        self._note = note
        self.is_dead = False
        self.is_full = False
        self.fails_at_commit = False
        """The next commit finds no room, though all before it did."""
        self.kill_in: int | None = None
        """So many statements of the writer from now."""
        self.kill_at_commit: str | None = None
        """before | torn | after"""
        self.is_power_cut = False
        """The next death takes with it what was not yet synced."""
        self.on_death: Callable[[], None] = lambda: None
        self.left: Files | None = None
        """What a next life finds."""
        self.synchronous = FULL
        self._synced: Files | None = None
        self._wal_length = 0
        self._salt = b""
        self.by_path[path.resolve().as_uri()] = self

    def before(self, sql: str) -> None:
        self.check_life()
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in <= 0:
                self._note(f"killed at {' '.join(sql.split())[:50]}")
                self.die()
        if self.is_full and _writes(sql):
            raise _full()

    def check_life(self) -> None:
        if self.is_dead:
            raise Killed

    def commit(self, really: Callable[[], None]) -> None:
        self.check_life()
        moment, self.kill_at_commit = self.kill_at_commit, None
        if moment == "before":
            self._note("killed before the commit")
            self.die()
        before = self._length()
        fails, self.fails_at_commit = self.fails_at_commit, False
        if self.is_full or fails:
            raise _full()
        really()
        if moment == "torn":
            self._note("power cut in the middle of the commit")
            self.is_power_cut = True
            self._wal_length = before
            self.die()
        self._wal_length = self._length()
        self._notice_checkpoint()
        if moment == "after":
            self._note("killed after the commit")
            self.die()

    def opened(self, synchronous: int) -> None:
        """The writer says how it syncs; what is there now is on the disk."""
        self.synchronous = synchronous
        self._wal_length = self._length()
        if synchronous != FULL:
            self._synced = Files.of(self.path)

    def die(self) -> None:
        """At once, in the middle of whatever it does."""
        self.left = self._after_power_cut() if self.is_power_cut else Files.of(self.path)
        self.is_dead = True
        self.on_death()
        raise Killed

    def end(self) -> None:
        """From outside: also a program that is idle can be killed."""
        if not self.is_dead:
            try:
                self.die()
            except Killed:
                return

    def _after_power_cut(self) -> Files:
        if self.synchronous != FULL and self._synced is not None:
            return self._synced
        found = Files.of(self.path)
        unsynced = len(found.wal) - self._wal_length
        if unsynced > 0:
            found.wal = self._torn(found.wal, unsynced)
        return found

    def _torn(self, wal: bytes, unsynced: int) -> bytes:
        """Of what was written after the last sync, the disk has kept some of it, or garbled it."""
        kept = self._chance.randrange(unsynced)
        tail = bytearray(wal[self._wal_length :])
        if self._chance.random() < 0.5:
            return wal[: self._wal_length] + bytes(tail[:kept])
        tail[kept] ^= 0xFF
        return wal[: self._wal_length] + bytes(tail)

    def _length(self) -> int:
        try:
            return self._wal.stat().st_size
        except FileNotFoundError:
            return 0

    def _notice_checkpoint(self) -> None:
        """A checkpoint syncs, whatever the setting."""
        if self.synchronous == FULL:
            return
        with _wal_of(self.path).open("rb") as file:
            salt = file.read(32)[WAL_SALT]
        if self._salt and salt != self._salt:
            self._synced = Files.of(self.path)
        self._salt = salt


class SimConnection(sqlite3.Connection):
    """A connection whose disk may fail it at every statement."""

    lies: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """A broken product (tests.simulation.mutations) has other words executed than it says."""
    disk: Disk | None = None
    """None: of a file that no fault is meant for."""
    is_writer = False

    @classmethod
    def connect(cls, where: Any, **settings: Any) -> "SimConnection":
        made: SimConnection = sqlite3.connect(where, factory=cls, **settings)
        name, _, rest = str(where).partition("?")
        made.disk = Disk.by_path.get(name)
        made.is_writer = not rest
        if made.disk is not None:
            made.disk.check_life()
        return made

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        disk = self.disk
        if disk is not None:
            if self.is_writer:
                disk.before(sql)
            else:
                disk.check_life()
        done = super().execute(self.lies.get(sql, sql), *parameters)
        if disk is not None and sql.startswith("PRAGMA synchronous ="):
            disk.opened(super().execute("PRAGMA synchronous").fetchone()[0])
        return done

    def executemany(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if self.disk is not None:
            self.disk.before(sql)
        return super().executemany(sql, *parameters)

    def commit(self) -> None:
        if self.disk is None:
            super().commit()
        else:
            self.disk.commit(super().commit)


def _full() -> sqlite3.OperationalError:
    """As SQLite raises it."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
    return error


def _writes(sql: str) -> bool:
    return sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")


def _wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
