"""A disk without room: nothing is half kept, and whoever sent it is told what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.store import marks, outbox
from tests.makers import a_task_card
from tests.node.door import Lab, a_lab
from tests.node.test_marking_api import a_mark


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, a_task_card(1), first_sign_in="keep") as lab:
        yield lab


def allow_pages(lab: Lab, more: int) -> None:
    """The database may grow by so many pages: SQLite then says what it says of a full disk."""
    connection = lab.store._writer.conn
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + more}")


def test_a_mark_that_finds_no_room_is_refused_and_taken_when_there_is_room_again(lab: Lab) -> None:
    pc = lab.at_work()
    allow_pages(lab, 0)
    mark = a_mark(comment="长" * 500)
    answers = [pc.post("/api/marks", json={**mark, "event_id": a_mark()["event_id"]})]
    while answers[-1].status_code == 200:
        # Pages that are there already have room for some marks more.
        changed = {"revises": answers[-1].json()["event_id"], "event_id": a_mark()["event_id"]}
        answers.append(pc.post("/api/marks", json={**mark, **changed}))
        assert len(answers) < 200
    refused = answers[-1]
    assert refused.status_code == 507
    assert refused.json()["code"] == "disk_full" and "没有保存" in refused.json()["text"]
    with lab.store.reading() as db:
        assert outbox.pending_count(db) == len(answers) - 1 == len(marks.own(db))
    allow_pages(lab, 1_000)
    again = {**mark, "event_id": a_mark()["event_id"]}
    if len(answers) > 1:
        again["revises"] = answers[-2].json()["event_id"]
    assert pc.post("/api/marks", json=again).status_code == 200
