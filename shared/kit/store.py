"""Store: one SQLite file, one writer, readers that cannot write."""

import functools
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from shared.kit.files import replace
from shared.kit.refusal import Refusal

BUSY_TIMEOUT_S = 15
READERS_MAX = 64
MEGA = 1_000_000
WAL_BYTES_ODD = 256 * MEGA
"""A WAL that is larger after a checkpoint: somebody has been reading for far too long."""
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""Of SQLite's errors, those that only another file can help."""
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged file raises: the second where SQLite's own words quote what it could not read."""

_log = logging.getLogger(__name__)


class Store:
    """All writes and all checkpoints go through one connection.

    SQLite before 3.51.3 may corrupt a file when two connections checkpoint, so readers are
    opened read-only. Every commit is on the disk when writing() returns (synchronous=FULL).
    """

    def __init__(self, path: Path, migrations: Migrations) -> None:
        self.path = path
        self.on_commit: Callable[[], None] = lambda: None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = _open(path, read_only=False)
        _refuse_newer(self._writer, migrations, path)
        self._lock = threading.Lock()
        if migrations.applied(self._writer) and (pending := migrations.pending(self._writer)):
            self.backup(path.with_name(f"{path.stem}-before-{pending[0].name}.db"))
        # All of an upgrade or nothing of it, and one sync of the disk.
        with self._writer.atomic():
            migrations.apply(self._writer)
        self._idle: list[Database] = []
        self._idle_lock = threading.Lock()
        self._closed = False

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """One transaction: all of it or nothing, and one at a time."""
        with self._lock:
            connection = self._writer.conn
            # Deferred transactions fail at once with SQLITE_BUSY_SNAPSHOT, whatever the timeout.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                connection.commit()
            except BaseException:
                # Also when the commit itself failed: an open transaction would block every later.
                connection.rollback()
                raise
        self.on_commit()

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One consistent view; keep it short, since an open view holds back the checkpoint."""
        db = self._take_reader()
        try:
            db.conn.execute("BEGIN")
            yield db
        finally:
            db.conn.rollback()
            self._return_reader(db)

    def checkpoint(self) -> int:
        """Take the WAL into the file and empty it; how many bytes had to stay in it.

        Commits do so on their own account, but only once it is large, and an open view keeps them
        from it. Nobody is waited for: what a view still needs stays until the next time.
        """
        with self._lock:
            connection = self._writer.conn
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
        left = self.path.with_name(self.path.name + "-wal").stat().st_size
        if left > WAL_BYTES_ODD:
            _log.warning("%s has a WAL of %d MB: who reads for so long?", self.path, left // MEGA)
        return left

    def backup(self, target: Path) -> None:
        """A verified copy of the database as it is now, in one file."""
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        copy = sqlite3.connect(part)
        try:
            with self._lock:
                self._writer.conn.backup(copy)
            if copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise RuntimeError(f"the backup of {self.path} is damaged")
        finally:
            copy.close()
        replace(part, target)

    def close(self) -> None:
        with self._lock, self._idle_lock:
            self._closed = True
            for db in self._idle:
                db.conn.close()
            self._idle.clear()
            self._writer.conn.close()

    def _take_reader(self) -> Database:
        with self._idle_lock:
            if self._idle:
                return self._idle.pop()
        return _open(self.path, read_only=True)

    def _return_reader(self, db: Database) -> None:
        with self._idle_lock:
            if not self._closed and len(self._idle) < READERS_MAX:
                self._idle.append(db)
                return
        db.conn.close()


@contextmanager
def reading_beside(path: Path) -> Iterator[Database]:
    """One consistent view of a file that another program may be writing to."""
    db = _open(path, read_only=True)
    try:
        db.conn.execute("BEGIN")
        yield db
    finally:
        db.conn.close()


def is_whole(path: Path) -> bool:
    """Whether every page of the file is as it should be; it is not changed."""
    # Immutable: a copy from which nobody reads or writes needs neither WAL nor lock beside it.
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True)
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    finally:
        connection.close()


def damage(path: Path, look: Callable[[sqlite3.Connection], str]) -> str:
    """What is wrong with a database as it would be opened now; empty when nothing is.

    `look` says the same of what only its owner can tell.
    """
    connection = _connected(path)
    try:
        said = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
        return look(connection) if said == "ok" else said
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in DAMAGED:
            raise
        return str(error)
    except UnicodeDecodeError as error:
        return error.object.decode(errors="replace")
    finally:
        connection.close()


@contextmanager
def reading_damaged(path: Path) -> Iterator[Database]:
    """Whatever of it can still be read; every query may raise one of UNREADABLE."""
    connection = _connected(path)
    try:
        yield Database(connection, execute_plugins=False, strict=True)
    finally:
        connection.close()


def run_script(db: Database, path: Path) -> None:
    """Every statement of a file, within the caller's transaction (executescript would end it)."""
    for statement in _statements(path):
        db.conn.execute(statement)


@functools.cache
def _statements(path: Path) -> tuple[str, ...]:
    done: list[str] = []
    statement = ""
    for line in path.read_text("utf-8").splitlines(keepends=True):
        statement += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(statement):
            done.append(statement)
            statement = ""
    if statement.strip():
        raise ValueError(f"{path.name} ends in the middle of a statement")
    return tuple(done)


def _refuse_newer(db: Database, migrations: Migrations, path: Path) -> None:
    """An older program must not write into what it does not understand."""
    known = {migration.name for migration in migrations._migrations}
    unknown = {migration.name for migration in migrations.applied(db)} - known
    if unknown:
        db.conn.close()
        raise Refusal(
            "newer_data", f"{path} 是更新版本的程序建立的，请安装新版程序后再打开，不要降级。"
        )


def _connected(path: Path) -> sqlite3.Connection:
    """As it is, WAL included, without a word of how it is to be used."""
    connection = sqlite3.connect(path.resolve().as_uri(), uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _open(path: Path, *, read_only: bool) -> Database:
    uri = path.resolve().as_uri() + ("?mode=ro" if read_only else "")
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    if read_only:
        connection.execute("PRAGMA query_only = 1")
    else:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # The defaults (2 MB, 4 MB) spill and checkpoint within every larger transaction. As much
        # is taken as the file has pages in use: only a large city's hub ever takes all of it.
        connection.execute("PRAGMA cache_size = -262144")
        connection.execute("PRAGMA wal_autocheckpoint = 16000")
        # What a savepoint may have to take back would else be written to a file, page by page.
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA foreign_keys = ON")
        if connection.execute("PRAGMA synchronous").fetchone()[0] != 2:
            raise RuntimeError("SQLite refused synchronous=FULL: a saved mark would not be safe")
    connection.execute("PRAGMA mmap_size = 0")
    return Database(connection, execute_plugins=False, strict=True)
