"""A damaged database: moved aside, made anew, and nothing that was saved is lost."""

import random
import sqlite3
from pathlib import Path

import pytest

from node.settings import NodeSettings
from node.store import marks, meta, outbox
from node.work.mirror import Mirror
from node.work.rebuild import keep_identity, open_whole, was_rebuilt
from shared.kit.store import Store
from tests.makers import NINE, a_node_store, a_task_card, enrol
from tests.node.test_give_mark import an_answer, give
from tests.simulation.damage import damaged
from tests.simulation.disk import Files

MARKS = 3


def settings_of(folder: Path, mirror: bool = True) -> NodeSettings:
    return NodeSettings(folder, mirror_folder=folder / "other-drive" if mirror else None)


def a_node_with_marks(folder: Path) -> NodeSettings:
    settings = settings_of(folder)
    store = a_node_store(folder, *[a_task_card(n) for n in range(1, MARKS + 1)])
    enrol(store)
    for number in range(1, MARKS + 1):
        give(store, an_answer(number))
    Mirror(folder / "other-drive", store).catch_up(NINE)
    keep_identity(settings, store)
    store.close()
    return settings


def damage(settings: NodeSettings, how: str, seed: int = 1) -> None:
    files = Files.of(settings.database)
    if how == "schema":
        # In no letters at all, which SQLite then quotes.
        garbled = files.main.replace(b"CREATE TABLE mark", b"CREATE T\x8c\xad\xbcE mark")
        Files(garbled, files.wal).put(settings.database)
        return
    damaged(files, how, files, random.Random(seed)).put(settings.database)


def ids(store: Store) -> list[str]:
    with store.reading() as db:
        return [row.event_id for row in outbox.after(db, 0, 99)]


def test_a_whole_database_is_opened_as_it_is(tmp_path: Path) -> None:
    settings = a_node_with_marks(tmp_path)
    store = open_whole(settings, NINE)
    with store.reading() as db:
        assert not was_rebuilt(db, NINE)
        assert outbox.last_seq(db) == MARKS
    assert list(tmp_path.glob("damaged-*")) == []


@pytest.mark.parametrize("how", ["header", "empty", "schema"])
def test_a_lost_database_is_made_anew_with_its_name_at_the_hub_and_every_record(
    tmp_path: Path, how: str
) -> None:
    settings = a_node_with_marks(tmp_path)
    before = open_whole(settings, NINE)
    kept, (link, inc) = ids(before), _who(before)
    before.close()
    damage(settings, how)
    store = open_whole(settings, NINE)
    assert ids(store) == kept
    new_link, new_inc = _who(store)
    assert (new_link.node_id, new_link.secret) == (link.node_id, link.secret)
    assert new_inc != inc, "a new life, so that the hub does not take it for the old one"
    with store.reading() as db:
        assert was_rebuilt(db, NINE)
        assert meta.is_snapshot_open(db)
        assert meta.history_after(db) == ""
    [aside] = tmp_path.glob("damaged-*")
    assert (aside / "node.db").exists(), "moved aside, never deleted"


@pytest.mark.parametrize("seed", range(12))
def test_whatever_page_is_damaged_every_record_comes_back(tmp_path: Path, seed: int) -> None:
    settings = a_node_with_marks(tmp_path)
    kept = ids(open_whole(settings, NINE))
    damage(settings, "page", seed)
    store = open_whole(settings, NINE)
    assert set(ids(store)) >= set(kept)
    with store.reading() as db:
        assert outbox.broken_at(db) == ""


def test_without_a_mirror_what_can_still_be_read_is_saved(tmp_path: Path) -> None:
    a_node_with_marks(tmp_path)
    settings = settings_of(tmp_path, mirror=False)
    kept = ids(open_whole(settings, NINE))
    with sqlite3.connect(settings.database) as connection:
        connection.execute("UPDATE outbox SET body = replace(body, '3', '0') WHERE seq = 2")
    connection.close()
    assert ids(open_whole(settings, NINE)) == [kept[0], kept[2]], "one was tampered with"


def test_records_that_a_cut_wal_took_with_it_come_back_from_the_mirror(tmp_path: Path) -> None:
    settings = a_node_with_marks(tmp_path)
    earlier = Files.of(settings.database)
    store = open_whole(settings, NINE)
    with store.writing() as db:
        outbox.put_text(db, 0, "receipt", 1, "{}", "e" * 32, NINE)
    Mirror(tmp_path / "other-drive", store).catch_up(NINE)
    whole = ids(store)
    store.close()
    settings.database.with_name("node.db-wal").unlink(missing_ok=True)
    earlier.put(settings.database)
    again = open_whole(settings, NINE)
    assert ids(again) == whole
    with again.reading() as db:
        assert not was_rebuilt(db, NINE), "it was behind, not damaged"
        assert outbox.pending_count(db) == len(whole), "in a new life, all is offered again"


def test_a_database_that_is_only_in_use_is_not_taken_for_damaged(tmp_path: Path) -> None:
    settings = a_node_with_marks(tmp_path)
    settings.database.rename(tmp_path / "node.db.away")
    settings.database.mkdir()
    with pytest.raises(sqlite3.OperationalError):
        open_whole(settings, NINE)
    assert list(tmp_path.glob("damaged-*")) == []


def _who(store: Store) -> tuple[meta.Link, str | None]:
    with store.reading() as db:
        link = meta.link(db)
        assert link is not None
        return link, meta.node_inc(db)


def test_a_browser_may_offer_again_what_came_back_from_the_mirror(tmp_path: Path) -> None:
    settings = a_node_with_marks(tmp_path)
    store = open_whole(settings, NINE)
    again = an_answer(1, is_again=True)
    with store.writing() as db:
        outbox.put_text(db, 1, "mark", 1, "{}", again.event_id, NINE)
    give(store, again)
    assert len(ids(store)) == MARKS + 1
    with store.reading() as db:
        assert marks.mark(db, again.event_id) is not None
