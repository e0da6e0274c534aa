"""Saved here, reported to the city, or lost and offered again by the browser: each told apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from node.store import exam, marks, meta, outbox, tasks
from node.work.give_mark import give_mark
from node.work.take_back_marks import take_back
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.meeting import MarkCard
from shared.wire.messages import EventResult
from tests.makers import FORMAL, NINE, WANG, a_node_store, a_sitting_card, a_task_card
from tests.node.door import a_lab
from tests.node.test_give_mark import an_answer, give, refusal_of


def test_the_browser_learns_which_marks_the_city_has_and_which_are_lost(tmp_path: Path) -> None:
    with a_lab(tmp_path, a_task_card(1), a_task_card(2), first_sign_in="keep") as lab:
        pc = lab.pc()
        pc.sign_in()
        saved, sent = an_answer(1), an_answer(2)
        with lab.store.writing() as db:
            for answer in (saved, sent):
                give_mark(db, WANG, answer, NINE)
            marks.set_results(db, [EventResult(event_id=sent.event_id, code="applied", reason="")])
        kept = [saved.event_id, sent.event_id, "f" * 32]
        said = pc.post("/api/reported", json={"event_ids": kept}).json()
        assert said == {"reported": [sent.event_id], "unknown": ["f" * 32]}
        assert pc.post("/api/reported", json={"event_ids": 1}).status_code == 400
        assert lab.pc().post("/api/reported", json={"event_ids": kept}).status_code == 401


def a_card(event_id: str, **changes: object) -> MarkCard:
    card = MarkCard(
        event_id=event_id,
        sitting=FORMAL,
        task_id=1,
        account_id=WANG,
        gen=1,
        levels="332123",
        exception="",
        comment="",
        revises="",
        spent_ms=90_000,
        heard_percent=100,
        given_at="2023-04-13T01:00:00.000Z",
        code="applied",
        is_standing=True,
        is_own=True,
    )
    for name, value in changes.items():
        setattr(card, name, value)
    return card


def take(store: Store, *cards: MarkCard) -> None:
    with store.writing() as db:
        for card in cards:
            take_back(db, card)


def test_a_mark_that_came_back_from_the_hub_is_history_again_and_no_news(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card(state="done"))
    answer = an_answer()
    take(store, a_card(answer.event_id), a_card(answer.event_id), a_card("e" * 32, task_id=99))
    with store.reading() as db:
        [(mark, task)] = marks.history(db, WANG, FORMAL, 0, "", "")
        assert (mark.event_id, mark.result) == (answer.event_id, "applied")
        assert task.mark_id == answer.event_id
        assert marks.confirmed(db) == {(FORMAL, 1, 2): [answer.event_id]}
    give(store, replace(answer, is_again=True))
    with store.reading() as db:
        assert outbox.pending_count(db) == 0, "the browser's offer of it changes nothing"


def test_a_revision_that_came_back_stands_and_the_first_one_does_not(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card(state="done"))
    first, second = "a" * 32, "b" * 32
    take(
        store,
        a_card(first, is_standing=False),
        a_card(second, revises=first, levels="333333"),
    )
    with store.reading() as db:
        task = tasks.task(db, 1)
        assert task is not None and task.mark_id == second


def test_a_mark_of_another_node_of_the_district_is_not_compared(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card(state="done"))
    take(store, a_card("a" * 32, is_own=False))
    with store.reading() as db:
        assert marks.confirmed(db) == {}


def test_a_result_that_changed_at_the_hub_is_learnt(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    answer = an_answer()
    give(store, answer)
    with store.writing() as db:
        marks.set_results(
            db, [EventResult(event_id=answer.event_id, code="quarantined", reason="没有这个任务")]
        )
    take(store, a_card(answer.event_id))
    with store.reading() as db:
        mark = marks.mark(db, answer.event_id)
        assert mark is not None and (mark.result, mark.reason) == ("applied", "")


def test_a_lost_mark_that_is_offered_again_is_kept_once(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    lost = an_answer(is_again=True)
    give(store, lost)
    give(store, lost)
    with store.reading() as db:
        assert outbox.pending_count(db) == 1
        assert marks.mark(db, lost.event_id) is not None


def test_what_was_offered_again_never_displaces_what_was_marked_since(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    since, lost = an_answer(), an_answer(levels="111111", is_again=True)
    give(store, since)
    give(store, lost)
    with store.reading() as db:
        task = tasks.task(db, 1)
        assert task is not None and task.mark_id == since.event_id
        assert outbox.pending_count(db) == 2, "the hub decides what counts"


def test_it_is_taken_after_the_sitting_was_closed_but_not_after_it_was_wiped(
    tmp_path: Path,
) -> None:
    store = a_node_store(tmp_path, a_task_card())
    with store.writing() as db:
        exam.put_sitting(db, a_sitting_card(state="closed"))
    assert refusal_of(store, an_answer()) == "sitting_over"
    give(store, an_answer(is_again=True))


def test_somebody_elses_task_stays_refused(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card(account_id=2))
    assert refusal_of(store, an_answer(is_again=True)) == "not_yours"
    with pytest.raises(Refusal), store.writing() as db:
        give_mark(db, 2, an_answer(is_again=True, revises="c" * 32), NINE)
    with store.reading() as db:
        assert meta.get(db, "history_after") is None
