"""Databases of the first version, as they were stored then, opened by today's program."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

import hub.schema
import node.schema
from hub.store import audit, feed, outcomes
from hub.store import marks as hub_marks
from hub.work import lives
from hub.work.verify import verify
from node.store import announcements, exam, marks, meta, outbox, tasks
from node.work.give_mark import give_mark
from shared.kit.store import Store
from shared.rules.rubric import Role
from shared.wire import chain
from shared.wire.messages import TaskCard
from tests.hub.door import a_door
from tests.hub.makers import give, the_task
from tests.makers import NINE, WANG
from tests.node.test_give_mark import an_answer

GOLDEN = Path(__file__).parent.parent / "golden"


def stored(name: str, target: Path) -> Path:
    """The database file that an upgrade finds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    file = sqlite3.connect(target)
    file.executescript((GOLDEN / name).read_text("utf-8"))
    file.close()
    return target


def test_the_stored_databases_are_of_the_first_version(tmp_path: Path) -> None:
    for name, room in (("hub-0.1.0.db.sql", hub.schema), ("node-0.1.0.db.sql", node.schema)):
        file = sqlite3.connect(stored(name, tmp_path / name))
        known = [row[0] for row in file.execute("SELECT name FROM _sqlite_migrations")]
        file.close()
        assert known == [room.migrations._migrations[0].name]


def test_a_hub_keeps_all_it_had_and_goes_on(tmp_path: Path) -> None:
    store = Store(stored("hub-0.1.0.db.sql", tmp_path / "hub.db"), hub.schema.migrations)
    with store.writing() as db:
        lives.start(db, None, NINE)
        assert len(list(hub_marks.every(db, 1))) == 6
        assert len(list(outcomes.of_sitting(db, 1))) == 2
        assert audit.broken_at(db) is None and verify(db) == []
        named = [(c.kind, c.ref) for c in feed.after(db, 1, 0, 1000)]
        assert len(named) == len(set(named)), "the feed holds each thing once"
        give(db, the_task(db, 3, 2), "222222", number=900)
        assert verify(db) == []
        assert db.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.conn.execute("PRAGMA foreign_key_check").fetchall() == []
    store.close()


def test_an_upgraded_hub_serves_its_nodes(tmp_path: Path) -> None:
    stored("hub-0.1.0.db.sql", tmp_path / "hub.db")

    async def visit() -> None:
        async with a_door(tmp_path) as door:
            cards = [i for i in (await door.pull()).items if isinstance(i, TaskCard)]
            assert cards and all(card.seal for card in cards)

    asyncio.run(visit())


def test_a_node_keeps_all_it_had_and_goes_on(tmp_path: Path) -> None:
    store = Store(stored("node-0.1.0.db.sql", tmp_path / "node.db"), node.schema.migrations)
    with store.writing() as db:
        link = meta.link(db)
        assert link is not None and link.secret_before == ""
        assert (outbox.pending_count(db), outbox.acked_seq(db), outbox.last_seq(db)) == (1, 1, 2)
        [(second, _), (first, _)] = marks.history(db, WANG, 2, 0, "", "")
        assert (first.result, second.result) == ("applied", None)
        assert [a.id for a in announcements.for_role(db, Role.MARKER)] == [1]
        sitting = exam.open_sitting(db)
        assert sitting is not None
        task = tasks.task(db, 3)
        assert task is not None and task.seal == ""
        give_mark(db, task.account_id, an_answer(3), NINE)
        [_, last] = outbox.pending(db, 9)
        before = outbox.chain_at(db, last.seq - 1)
        assert before is not None
        assert last.chain == chain.link(before, last.event_id, chain.body_hash(last.body))
    store.close()


@pytest.mark.parametrize(
    ("name", "room"), [("hub-0.1.0.db.sql", hub.schema), ("node-0.1.0.db.sql", node.schema)]
)
def test_an_upgraded_database_is_as_a_new_one(name: str, room: object, tmp_path: Path) -> None:
    migrations = room.migrations  # type: ignore[attr-defined]
    schemas = []
    for path in (stored(name, tmp_path / "old.db"), tmp_path / "new.db"):
        store = Store(path, migrations)
        with store.reading() as db:
            rows = db.conn.execute(
                "SELECT type, name, sql FROM sqlite_master "
                "WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '%migrations%' ORDER BY name"
            ).fetchall()
        schemas.append([(r[0], r[1], " ".join((r[2] or "").split())) for r in rows])
        store.close()
    assert schemas[0] == schemas[1]
