"""The store: its WAL is emptied without waiting for anybody, and grows again to no harm."""

from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from shared.kit.store import BUSY_TIMEOUT_S, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    migrations = Migrations("notes")

    @migrations()
    def first(db: Database) -> None:
        db.conn.execute("CREATE TABLE note (text TEXT NOT NULL) STRICT")

    return Store(tmp_path / "notes.db", migrations)


def write(store: Store, times: int) -> None:
    for _ in range(times):
        with store.writing() as db:
            db.conn.execute("INSERT INTO note VALUES (hex(zeroblob(4000)))")


def count(db: Database) -> int:
    return int(db.conn.execute("SELECT count(*) FROM note").fetchone()[0])


def test_a_checkpoint_empties_the_wal_into_the_file(store: Store) -> None:
    write(store, 5)
    assert store.checkpoint() == 0
    with store.reading() as db:
        assert count(db) == 5
    store.close()


def test_while_somebody_reads_a_checkpoint_neither_waits_nor_takes_the_view_away(
    store: Store,
) -> None:
    write(store, 5)
    with store.reading() as db:
        assert count(db) == 5
        write(store, 5)
        assert store.checkpoint() > 0, "what the view does not know has to stay"
        assert count(db) == 5
        write(store, 1)
    assert store.checkpoint() == 0
    with store.reading() as db:
        assert count(db) == 11
    store.close()


def test_a_wal_that_stays_large_is_spoken_of(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("shared.kit.store.WAL_BYTES_ODD", 10_000)
    store.checkpoint()
    assert not caplog.records
    with store.reading() as db:
        assert count(db) == 0
        write(store, 5)
        store.checkpoint()
    assert "reads for so long" in caplog.text
    store.close()


def test_after_a_checkpoint_a_writer_waits_for_another_again(store: Store) -> None:
    store.checkpoint()
    with store.writing() as db:
        waits = db.conn.execute("PRAGMA busy_timeout").fetchone()[0]
    assert waits == BUSY_TIMEOUT_S * 1000
    store.close()
