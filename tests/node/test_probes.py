"""Probes at the node: given like any other task, and in none of the lead's numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.store import marks, progress, tasks
from shared.rules.probes import EXPECTED_ROUND, PROBE_FROM
from shared.wire.messages import EarlierMark, TaskCard
from tests.makers import FORMAL, NINE, SONG, WANG, ZHAO, a_task_card
from tests.node.door import Lab, Pc, a_lab

REPEAT = PROBE_FROM + 9
GOOD = dict.fromkeys(("overall", "pitch", "expression", "lyrics", "rhythm", "fluency"), 3)


def a_reference(n: int, **changes: Any) -> TaskCard:
    return a_task_card(PROBE_FROM + n, performance=f"ZX-00FF0{n}", position=-n, **changes)


CARDS = (
    *(a_task_card(n) for n in range(1, 7)),
    *(a_reference(n) for n in (1, 2, 3)),
    a_task_card(REPEAT, performance="ZX-00FFFF", position=4),
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, *CARDS, first_sign_in="keep", reference_every=4) as lab:
        yield lab


def queue(pc: Pc, limit: int = 10) -> dict[str, Any]:
    found: dict[str, Any] = pc.get(f"/api/tasks?group={SONG}&limit={limit}").json()
    return found


def mark(pc: Pc, task: dict[str, Any], number: int) -> None:
    body = {
        "event_id": f"{number:032x}",
        "task_id": task["id"],
        "gen": task["gen"],
        "levels": {c: 3 for c in task["criteria"]},
        "spent_ms": 60_000,
        "heard_percent": 100,
    }
    answer = pc.post("/api/marks", json=body)
    assert answer.status_code == 200, answer.text


def test_a_reference_comes_first_and_one_in_so_many(lab: Lab) -> None:
    pc = lab.at_work(WANG)
    ids = [task["id"] for task in queue(pc)["tasks"]]
    assert ids == [PROBE_FROM + 1, 1, 2, 3, PROBE_FROM + 2, 4, REPEAT, 5, PROBE_FROM + 3, 6]
    met, total = [], queue(pc)["total"]
    while tasks := queue(pc, 2)["tasks"]:
        met.append(tasks[0]["id"])
        mark(pc, tasks[0], len(met))
        state = queue(pc, 2)
        assert (state["total"], state["done"]) == (total, len(met)), "no number tells"
    assert met == ids


def test_nothing_that_the_browser_gets_says_which_they_are(lab: Lab) -> None:
    first, second = queue(lab.at_work(WANG))["tasks"][:2]
    assert set(first) == set(second)
    assert (first["round"], first["earlier"], first["criteria"]) == (1, [], second["criteria"])
    assert first["performance"][:3] == second["performance"][:3]


def test_the_lead_counts_ordinary_tasks_and_marks_only(lab: Lab) -> None:
    pc = lab.at_work(WANG)
    for number, task in enumerate(queue(pc)["tasks"], 1):
        mark(pc, task, number)
    with lab.store.reading() as db:
        (row,) = progress.by_group(db, FORMAL)
        assert (row.total, row.done) == (6, 6)
        (row,) = progress.by_account(db, FORMAL)
        assert (row.total, row.done) == (6, 6)
        assert progress.paces(db, FORMAL, 0)[WANG].marks == 6
        assert progress.work(db, FORMAL).tasks == 6
        assert marks.confirmed(db) == {}
    assert "6 / 6" in lab.at_work(ZHAO).get("/board").text


def test_a_reference_left_over_is_no_open_task(lab: Lab) -> None:
    with lab.store.writing() as db:
        for n in (1, 2, 3, 4, 5, 6, REPEAT):
            db.conn.execute("UPDATE task SET state = 'withdrawn' WHERE id = ?", (n,))
    pc = lab.at_work(WANG)
    assert queue(pc)["tasks"] == []
    assert [group["open"] for group in pc.get("/api/progress").json()["groups"]] == [0, 0]


def test_what_was_expected_is_shown_when_the_city_tells_it(lab: Lab) -> None:
    pc = lab.at_work(WANG)
    assert "还没有" in pc.get("/feedback").text
    mark(pc, queue(pc)["tasks"][0], 1)
    assert "还没有" in pc.get("/feedback").text
    told = EarlierMark(round=EXPECTED_ROUND, levels="323333", comment="第二乐句偏低")
    with lab.store.writing() as db:
        tasks.put(db, a_reference(1, state="done", locked=True, earlier=[told]), NINE)
        assert tasks.task(db, PROBE_FROM + 1)
    shown = pc.get("/feedback").text
    for words in ("ZX-00FF01", "第二乐句偏低", "标准卷"):
        assert words in shown
    revised = {
        "event_id": "f" * 32,
        "task_id": PROBE_FROM + 1,
        "gen": 1,
        "levels": GOOD,
        "revises": f"{1:032x}",
        "spent_ms": 1,
        "heard_percent": 1,
    }
    assert "已公布" in pc.post("/api/marks", json=revised).json()["text"]
