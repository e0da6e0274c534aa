"""The mirror: each record a line on another drive, and reported again from there."""

from pathlib import Path

import pytest

from node.store import meta, outbox
from node.work.mirror import Mirror, take_in
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from tests.makers import NINE, a_node_store, a_task_card
from tests.node.test_give_mark import an_answer, give


def the_file(folder: Path) -> Path:
    [path] = folder.glob("outbox-*.jsonl")
    return path


def a_marked_node(folder: Path) -> Store:
    store = a_node_store(folder, a_task_card(1), a_task_card(2), a_task_card(3))
    give(store, an_answer(1))
    return store


def test_what_is_to_be_reported_is_also_in_the_file_once(tmp_path: Path) -> None:
    store, folder = a_marked_node(tmp_path), tmp_path / "other-drive"
    mirror = Mirror(folder, store)
    assert (mirror.catch_up(NINE), mirror.catch_up(NINE)) == (1, 0)
    give(store, an_answer(2))
    assert Mirror(folder, store).catch_up(NINE) == 1, "it goes on where the file ends"
    assert len(the_file(folder).read_bytes().splitlines()) == 2


def test_a_line_that_a_power_cut_tore_is_passed_over_and_written_again(tmp_path: Path) -> None:
    store, folder = a_marked_node(tmp_path), tmp_path / "other-drive"
    give(store, an_answer(2))
    Mirror(folder, store).catch_up(NINE)
    path = the_file(folder)
    path.write_bytes(path.read_bytes()[:-20])
    assert Mirror(folder, store).catch_up(NINE) == 1
    lost = a_node_store(tmp_path / "new")
    with lost.writing() as db:
        assert take_in(db, path, NINE) == 2


def test_records_of_a_lost_disk_are_reported_again_with_the_same_ids(tmp_path: Path) -> None:
    store, folder = a_marked_node(tmp_path), tmp_path / "other-drive"
    give(store, an_answer(2))
    Mirror(folder, store).catch_up(NINE)
    with store.reading() as db:
        before = [(row.event_id, row.body, row.sitting_id) for row in outbox.pending(db, 9)]
    new = a_node_store(tmp_path / "new", a_task_card(3))
    give(new, an_answer(3))
    with new.writing() as db:
        assert take_in(db, the_file(folder), NINE) == 2
        assert take_in(db, the_file(folder), NINE) == 0
        rows = outbox.pending(db, 9)
        assert [(row.event_id, row.body, row.sitting_id) for row in rows[1:]] == before
        assert meta.history_after(db) == ""


def test_a_new_database_writes_a_file_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "other-drive"
    for name in ("one", "two"):
        Mirror(folder, a_marked_node(tmp_path / name)).catch_up(NINE)
    assert len(list(folder.glob("outbox-*.jsonl"))) == 2


def test_a_mirror_that_is_not_there_is_refused(tmp_path: Path) -> None:
    store = a_node_store(tmp_path)
    with pytest.raises(Refusal), store.writing() as db:
        take_in(db, tmp_path / "none.jsonl", NINE)


def test_an_archived_exam_lets_go_of_what_the_hub_has(tmp_path: Path) -> None:
    store = a_marked_node(tmp_path)
    give(store, an_answer(2))
    give(store, an_answer(3))
    with store.writing() as db:
        outbox.ack(db, [], 2)
        assert outbox.prune(db) == 2
        assert [row.seq for row in outbox.after(db, 0, 9)] == [3]
        outbox.ack(db, [], 3)
        assert outbox.prune(db) == 0, "the chain's end stays"
