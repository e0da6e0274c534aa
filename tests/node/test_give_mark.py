"""Submitting a mark: kept once with its outbox row, or refused with a reason."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from node.store import exam, marks, outbox, tasks
from node.work.give_mark import Answer, give_mark
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA, Criterion, MarkException, levels_from_text
from shared.wire.messages import EventResult
from tests.makers import CHEN, NINE, WANG, a_node_store, a_sitting_card, a_task_card


def an_answer(task_id: int = 1, levels: str = "332123", **changes: object) -> Answer:
    answer = Answer(
        event_id=new_id(NINE),
        task_id=task_id,
        gen=1,
        levels=levels_from_text(levels),
        exception=None,
        comment="",
        revises="",
        spent_ms=90_000,
        heard_percent=100,
    )
    return replace(answer, **changes)  # type: ignore[arg-type]


def give(store: Store, answer: Answer, account_id: int = WANG) -> None:
    with store.writing() as db:
        give_mark(db, account_id, answer, NINE + timedelta(minutes=2))


def refusal_of(store: Store, answer: Answer, account_id: int = WANG) -> str:
    with pytest.raises(Refusal) as refused:
        give(store, answer, account_id)
    with store.reading() as db:
        assert outbox.pending_count(db) == 0 or marks.mark(db, answer.event_id) is None
    return refused.value.code


def test_a_mark_is_kept_with_its_outbox_row_and_closes_the_task(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    answer = an_answer(comment=" 唱得很稳 ")
    give(store, answer)
    with store.reading() as db:
        kept = marks.mark(db, answer.event_id)
        rows = outbox.pending(db, 10)
        task = tasks.task(db, 1)
    assert kept is not None and kept.levels == "332123" and kept.comment == "唱得很稳"
    assert [row.event_id for row in rows] == [answer.event_id]
    assert task is not None and task.is_answered


def test_the_same_mark_sent_twice_changes_nothing(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    answer = an_answer()
    give(store, answer)
    give(store, replace(answer, spent_ms=95_000))
    with store.reading() as db:
        assert outbox.pending_count(db) == 1


def test_a_revision_replaces_the_mark_and_keeps_the_earlier_one(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    first = an_answer()
    give(store, first)
    second = an_answer(levels="000000", revises=first.event_id)
    give(store, second)
    with store.reading() as db:
        task = tasks.task(db, 1)
        assert task is not None and task.mark_id == second.event_id
        assert marks.mark(db, first.event_id) is not None
        assert len(outbox.pending(db, 10)) == 2


def test_a_refused_revision_lets_the_earlier_mark_stand_again(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    first = an_answer()
    give(store, first)
    second = an_answer(levels="000000", revises=first.event_id)
    give(store, second)
    with store.writing() as db:
        marks.set_results(
            db,
            [EventResult(event_id=second.event_id, code="refused", reason="已进入3评，不能修改")],
        )
    with store.reading() as db:
        task = tasks.task(db, 1)
        shown = marks.history(db, WANG, 2, 0, "", "")
    assert task is not None and task.mark_id == first.event_id
    assert {m.event_id for m, _ in shown} == {first.event_id, second.event_id}


def test_an_answer_to_an_older_hand_out_is_kept_for_the_hub_to_decide(tmp_path: Path) -> None:
    wider = a_task_card(gen=2, round=3, criteria=0b000110)
    store = a_node_store(tmp_path, wider)
    answer = an_answer(levels="-3----")
    give(store, answer)
    with store.reading() as db:
        task = tasks.task(db, 1)
    assert task is not None and task.mark_id == answer.event_id and not task.is_answered


def test_a_mark_for_a_withdrawn_task_is_kept(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card(state="withdrawn"))
    give(store, an_answer())
    with store.reading() as db:
        assert outbox.pending_count(db) == 1


def test_an_exception_needs_no_levels(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    give(store, an_answer(levels="------", exception=MarkException.NO_PICTURE))
    with store.reading() as db:
        assert outbox.pending_count(db) == 1


def test_an_incomplete_recording_may_be_scored_where_the_policy_says_so(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    give(store, an_answer(exception=MarkException.INCOMPLETE))
    with store.reading() as db:
        assert outbox.pending_count(db) == 1


WRONG = {
    "a level is missing": (an_answer(levels="33212-"), "invalid"),
    "there is no level at all": (an_answer(levels="------"), "invalid"),
    "levels beside an exception": (
        an_answer(exception=MarkException.OFF_TOPIC),
        "invalid",
    ),
    "the id is no id": (an_answer(event_id="abc"), "invalid"),
    "the hand-out does not exist": (an_answer(gen=7), "invalid"),
    "the comment is too long": (an_answer(comment="好" * 501), "invalid"),
    "the task does not exist": (an_answer(task_id=99), "not_yours"),
    "it revises what is not there": (an_answer(revises=new_id(NINE)), "not_latest"),
}


@pytest.mark.parametrize(("answer", "code"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_answer_is_refused_and_leaves_nothing(
    tmp_path: Path, answer: Answer, code: str
) -> None:
    store = a_node_store(tmp_path, a_task_card())
    assert refusal_of(store, answer) == code
    with store.reading() as db:
        assert outbox.pending_count(db) == 0


def test_a_level_outside_the_four_is_refused(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    nines: dict[Criterion, int] = dict.fromkeys(CRITERIA, 9)
    assert refusal_of(store, replace(an_answer(levels="333333"), levels=nines)) == "invalid"


def test_another_persons_task_is_refused(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    assert refusal_of(store, an_answer(), CHEN) == "not_yours"


def test_the_same_id_with_another_body_is_refused(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    answer = an_answer()
    give(store, answer)
    changed = replace(answer, levels=levels_from_text("000000"))
    with pytest.raises(Refusal, match="已经用过"):
        give(store, changed)


def test_a_second_first_mark_is_refused(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    give(store, an_answer())
    with pytest.raises(Refusal) as refused:
        give(store, an_answer())
    assert refused.value.code == "already_marked"


def test_a_locked_mark_cannot_be_revised(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    first = an_answer()
    give(store, first)
    with store.writing() as db:
        tasks.put(db, a_task_card(locked=True, state="done"), NINE)
    with pytest.raises(Refusal, match="已进入3评"):
        give(store, an_answer(revises=first.event_id))


def test_nothing_is_taken_after_the_sitting_was_closed(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card())
    with store.writing() as db:
        exam.put_sitting(db, a_sitting_card(state="closed"))
    assert refusal_of(store, an_answer()) == "sitting_over"


def test_an_incomplete_recording_is_not_scored_where_the_policy_forbids_it(
    tmp_path: Path,
) -> None:
    store = a_node_store(tmp_path, a_task_card(), incomplete_may_be_scored=False)
    assert refusal_of(store, an_answer(exception=MarkException.INCOMPLETE)) == "invalid"


def test_off_topic_needs_a_reason_where_the_policy_asks_for_one(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card(), off_topic_needs_comment=True)
    bare = an_answer(levels="------", exception=MarkException.OFF_TOPIC, comment="  ")
    assert refusal_of(store, bare) == "comment"
    give(store, replace(bare, comment="唱的是另一首歌"))


def test_a_mark_without_a_reason_that_was_taken_before_is_taken_again(tmp_path: Path) -> None:
    store = a_node_store(tmp_path, a_task_card(), off_topic_needs_comment=True)
    give(store, an_answer(levels="------", exception=MarkException.OFF_TOPIC, is_again=True))
    with store.reading() as db:
        assert outbox.pending_count(db) == 1
