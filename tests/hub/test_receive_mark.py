"""Receiving marks: what counts, what is surplus, refused or quarantined, and revisions."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from hub.store import announcements, feed, loads, marks, outcomes, sittings, slots, tasks
from hub.store.announcements import NewAnnouncement
from hub.store.tasks import Task
from hub.work.hand_out import take_back
from hub.work.sittings import close
from hub.work.verify import verify
from shared.kit.store import Store
from shared.rules.policy import Policy
from shared.rules.rounds import Milestone
from shared.rules.rubric import Criterion, to_mask
from shared.wire.codes import Code
from tests.hub.makers import (
    ADMIN,
    an_allocated_hub,
    an_event_id,
    give,
    give_both,
    live_task,
    the_task,
)
from tests.makers import NINE

PITCH, LYRICS = to_mask([Criterion.PITCH]), to_mask([Criterion.LYRICS])


@pytest.fixture
def hub(tmp_path: Path) -> Store:
    return an_allocated_hub(tmp_path)


def standing(db: Database, number: int) -> str:
    found = marks.mark(db, an_event_id(number))
    assert found is not None
    return found.standing


def test_a_mark_fills_its_slot_and_counts_as_done(hub: Store) -> None:
    with hub.writing() as db:
        task = the_task(db, 1, 1)
        seq = feed.last_seq(db)
        assert give(db, task, "332101", number=7, comment="很好").code == Code.APPLIED
        kept = marks.mark(db, an_event_id(7))
        assert kept is not None and kept.comment == "很好" and kept.standing == "counted"
        slot = slots.of_performance(db, 1, 1)[1]
        assert (slot.state, slot.mark_id) == ("filled", an_event_id(7))
        assert the_task(db, 1, 1).state == "done"
        assert loads.of_sitting(db, 1)[task.load_key].done == 1
        changes = feed.after(db, task.district_id, seq, 10)
        assert [(c.kind, c.ref) for c in changes] == [("task", task.id)]


def test_resending_a_mark_changes_nothing(hub: Store) -> None:
    with hub.writing() as db:
        task = the_task(db, 1, 1)
        give(db, task)
        seq = feed.last_seq(db)
        assert give(db, task).code == Code.APPLIED
        assert feed.last_seq(db) == seq
        assert loads.of_sitting(db, 1)[task.load_key].done == 1


def test_a_later_rounds_mark_locks_the_earlier_tasks(hub: Store) -> None:
    with hub.writing() as db:
        give_both(db, 1, "332101", "312101")
        assert not the_task(db, 1, 1).locked
        give(db, the_task(db, 1, 3), "-0----")
        assert [the_task(db, 1, n).locked for n in (1, 2, 3)] == [True, True, False]
        give(db, the_task(db, 1, 4), "-2----")
        assert the_task(db, 1, 3).locked


def test_a_second_mark_for_a_task_is_surplus(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 1, 1), number=1)
        answer = give(db, the_task(db, 1, 1), "000000", number=2)
        assert answer.code == Code.SURPLUS and "不计入结果" in answer.reason
        assert (standing(db, 1), standing(db, 2)) == ("counted", "surplus")
        assert give(db, the_task(db, 1, 1), "000000", number=2).code == Code.SURPLUS
        assert verify(db) == []


def test_a_task_taken_back_still_counts_while_nobody_else_has_marked(hub: Store) -> None:
    with hub.writing() as db:
        first = the_task(db, 1, 1)
        take_back(db, first, NINE)
        second = the_task(db, 1, 1)
        assert give(db, first).code == Code.APPLIED
        assert the_task(db, 1, 1).id == first.id
        other = tasks.task(db, second.id)
        assert other is not None and other.state == "withdrawn"
        assert verify(db) == []
        assert give(db, second).code == Code.SURPLUS
        assert verify(db) == []


def test_a_task_taken_back_is_surplus_once_the_other_has_marked(hub: Store) -> None:
    with hub.writing() as db:
        first = the_task(db, 1, 1)
        take_back(db, first, NINE)
        give(db, the_task(db, 1, 1))
        assert give(db, first).code == Code.SURPLUS
        assert verify(db) == []


def test_a_waiting_slot_is_filled_by_the_holder_it_was_taken_from(tmp_path: Path) -> None:
    hub = an_allocated_hub(tmp_path, districts=3, markers=1)
    with hub.writing() as db:
        first = the_task(db, 1, 1)
        take_back(db, first, NINE)
        assert live_task(db, 1, 1) is None
        assert give(db, first).code == Code.APPLIED
        assert verify(db) == []


def test_nobody_marks_a_performance_twice(hub: Store) -> None:
    with hub.writing() as db:
        first, second = the_task(db, 1, 1), the_task(db, 1, 2)
        give(db, first)
        db.conn.execute(
            "UPDATE task SET account_id = ? WHERE id = ?", (first.account_id, second.id)
        )
        answer = give(db, the_task(db, 1, 2))
        assert answer.code == Code.QUARANTINED
        assert set(marks.counted(db, 1, 1)) == {1}


@pytest.mark.parametrize(
    "changes",
    [
        {"levels": "33233-"},
        {"levels": "332334"},
        {"levels": "33233"},
        {"levels": "------"},
        {"levels": "333333", "exception": "no_picture"},
        {"levels": "------", "exception": "bored"},
        {"task_id": 10**9},
        {"task_id": 2**70},
        {"spent_ms": -1},
        {"heard_percent": 101},
        {"given_at": "yesterday"},
        {"account_id": 9999},
        {"revises": "f" * 32},
    ],
)
def test_what_is_not_a_valid_mark_is_quarantined(hub: Store, changes: dict[str, object]) -> None:
    with hub.writing() as db:
        answer = give(db, the_task(db, 1, 1), **changes)  # type: ignore[arg-type]
        assert answer.code == Code.QUARANTINED and answer.reason
        assert marks.counted(db, 1, 1) == {}
        assert verify(db) == []


def test_an_account_is_marked_for_on_its_own_districts_nodes_only(hub: Store) -> None:
    with hub.writing() as db:
        task = the_task(db, 1, 1)
        db.conn.execute("UPDATE account SET district_id = 1 WHERE id = ?", (task.account_id,))
        assert give(db, task).code == Code.QUARANTINED


def test_an_incomplete_recording_may_be_scored_all_the_same(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 1, 1), "332101", exception="incomplete")
        give(db, the_task(db, 1, 2), "332101")
        found = outcomes.outcome(db, 1, 1)
        assert found is not None and found.state == "settled"


def test_a_revision_replaces_the_mark_and_recomputes_the_dispute(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 1, 1), "332101", number=1)
        give(db, the_task(db, 1, 2), "322100", number=2)
        third = the_task(db, 1, 3)
        answer = give(db, the_task(db, 1, 1), "322101", number=3, revises=an_event_id(1))
        assert answer.code == Code.APPLIED
        assert (standing(db, 1), standing(db, 3)) == ("replaced", "counted")
        narrowed = the_task(db, 1, 3)
        assert narrowed.id == third.id and narrowed.gen == third.gen + 1
        assert narrowed.criteria == to_mask([Criterion.FLUENCY])
        assert verify(db) == []


def test_a_revision_that_ends_the_dispute_withdraws_the_third_mark(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 1, 1), "332101", number=1)
        give(db, the_task(db, 1, 2), "322101", number=2)
        third = the_task(db, 1, 3)
        give(db, the_task(db, 1, 1), "322101", number=3, revises=an_event_id(1))
        assert live_task(db, 1, 3) is None
        assert slots.of_performance(db, 1, 1)[3].state == "closed"
        assert loads.of_sitting(db, 1).get(third.load_key) is None
        assert give(db, third, "-3----", number=4).code == Code.SURPLUS
        assert verify(db) == []
        give(db, the_task(db, 1, 1), "332101", number=5, revises=an_event_id(3))
        again = the_task(db, 1, 3)
        assert again.account_id != third.account_id and again.gen > third.gen
        assert verify(db) == []


def test_an_old_answer_to_a_narrowed_task_counts(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 1, 1), "332101", number=1)
        give(db, the_task(db, 1, 2), "322100", number=2)
        old = the_task(db, 1, 3)
        give(db, the_task(db, 1, 1), "322101", number=3, revises=an_event_id(1))
        assert give(db, old, "-2---1", number=4).code == Code.APPLIED
        assert verify(db) == []


def test_what_an_old_answer_to_a_widened_task_lacks_goes_to_the_leader(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 1, 1), "332101", number=1)
        give(db, the_task(db, 1, 2), "322101", number=2)
        old = the_task(db, 1, 3)
        assert old.criteria == PITCH
        give(db, the_task(db, 1, 1), "332201", number=3, revises=an_event_id(1))
        assert the_task(db, 1, 3).criteria == PITCH | LYRICS
        assert give(db, old, "-2----", number=4).code == Code.APPLIED
        assert the_task(db, 1, 4).criteria == LYRICS
        assert verify(db) == []


def test_a_leader_answers_a_widened_task_in_full(hub: Store) -> None:
    with hub.writing() as db:
        give_both(db, 1, "332101", "312001")
        give(db, the_task(db, 1, 3), "-0-0--", number=30)
        old = the_task(db, 1, 4)
        assert old.criteria == PITCH
        give(db, the_task(db, 1, 3), "-0-2--", number=31, revises=an_event_id(30))
        assert the_task(db, 1, 4).criteria == PITCH | LYRICS
        assert give(db, old, "-2----", number=40).code == Code.SURPLUS
        assert give(db, the_task(db, 1, 4), "-2-2--", number=41).code == Code.APPLIED
        assert verify(db) == []


def test_the_leader_sees_a_revision_of_an_earlier_mark(hub: Store) -> None:
    with hub.writing() as db:
        give_both(db, 1, "332101", "312101")
        give(db, the_task(db, 1, 3), "-0----", number=30)
        fourth = the_task(db, 1, 4)
        seq = feed.last_seq(db)
        changes = {"revises": an_event_id(30), "comment": "再听一遍"}
        give(db, the_task(db, 1, 3), "-0----", number=31, **changes)
        assert fourth.id in [c.ref for c in feed.after(db, fourth.district_id, seq, 10)]


def refused(db: Database, task: Task, number: int, revises: int) -> str:
    answer = give(db, task, "000000", number=number, revises=an_event_id(revises))
    assert answer.code == Code.REFUSED
    assert standing(db, number) == "refused" and standing(db, revises) == "counted"
    assert verify(db) == []
    return answer.reason


def test_a_revision_after_a_later_rounds_mark_is_refused(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 1, 1), "332101", number=1)
        give(db, the_task(db, 1, 2), "312101", number=2)
        give(db, the_task(db, 1, 3), "-0----", number=3)
        assert refused(db, the_task(db, 1, 1), 4, 1) == "已进入3评，不能修改"
        give(db, the_task(db, 1, 4), "-2----", number=5)
        assert refused(db, the_task(db, 1, 3), 6, 3) == "已进入4评，不能修改"
        assert give(db, the_task(db, 1, 3), "000000", number=6).code == Code.REFUSED


def test_a_revision_after_the_end_of_the_round_or_the_sitting_is_refused(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 1, 1), number=1)
        said = NewAnnouncement(1, Milestone.ROUND3_ENDED, "important", "完", 0, (), "系统")
        announcements.add(db, said, NINE)
        assert refused(db, the_task(db, 1, 1), 2, 1) == "1评已结束，不能修改"
        close(db, 1, ADMIN, NINE)
        assert refused(db, the_task(db, 1, 1), 3, 1) == "本场阅卷已结束，不能修改"


def test_only_the_counted_mark_can_be_revised(hub: Store) -> None:
    with hub.writing() as db:
        task = the_task(db, 1, 1)
        give(db, task, number=1)
        give(db, task, "222222", number=2)
        give(db, task, "111111", number=3, revises=an_event_id(1))
        for number, revises in ((4, 1), (5, 2)):
            answer = give(db, task, "000000", number=number, revises=an_event_id(revises))
            assert answer.code == Code.REFUSED
        answer = give(db, the_task(db, 1, 2), number=6, revises=an_event_id(3))
        assert answer.code == Code.QUARANTINED
        assert verify(db) == []


def test_a_mark_of_another_sitting_is_not_believed(hub: Store) -> None:
    with hub.writing() as db:
        other = the_task(db, 1, 1)._replace(sitting_id=9)
        assert give(db, other).code == Code.QUARANTINED


LEVELS = st.sampled_from(["332101", "322101", "312101", "322100", "032100", "233333"])
STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),  # which performance
        st.integers(0, 7),  # which of its tasks, old ones too
        st.sampled_from(["give", "give", "give", "revise", "take_back"]),
        LEVELS,
        st.sampled_from(["", "", "", "", "no_picture", "incomplete", "off_topic"]),
        st.booleans(),  # with the gen before the last
    ),
    max_size=60,
)
POLICIES = st.builds(
    Policy,
    tolerance=st.sampled_from([0, 1]),
    combine=st.sampled_from(["higher", "mean"]),
    three_distinct=st.sampled_from(["leader", "median"]),
    prefer_cached=st.booleans(),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, policy=POLICIES)
def test_whatever_comes_in_whatever_order_the_record_adds_up(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, str, str, str, bool]],
    policy: Policy,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    store = an_allocated_hub(folder, districts=3, markers=2, works=1, policy=policy)
    with store.writing() as db:
        for number, step in enumerate(steps, 1):
            take_step(db, number, *step)
        assert verify(db) == []
        every_performance_moves_on(db)
        finish_all(db)
        assert verify(db) == []
        every_performance_moves_on(db)
        sitting = sittings.current(db)
        assert sitting is not None
        waiting = slots.waiting(db, sitting.id, 100)
        kept = outcomes.of_sitting(db, sitting.id)
        open_ones = {outcome.performance_id for outcome in kept if outcome.state == "open"}
        assert open_ones <= {slot.performance_id for slot in waiting}
    store.close()


def take_step(
    db: Database,
    number: int,
    performance: int,
    index: int,
    action: str,
    levels: str,
    exception: str,
    is_old: bool,
) -> None:
    held = tasks.of_performance(db, 1, performance + 1)
    task = held[index % len(held)]
    if action == "take_back":
        take_back(db, task, NINE)
        return
    changes: dict[str, object] = {"exception": exception, "gen": max(task.gen - is_old, 0)}
    if action == "revise":
        counted = marks.counted(db, 1, performance + 1).get(task.round)
        changes["revises"] = counted.event_id if counted else "f" * 32
    if exception and exception != "incomplete":
        levels = "------"
    give(db, task, levels, number=number, **changes)


def every_performance_moves_on(db: Database) -> None:
    """Settled, or exactly one later slot is open, or rounds 1 and 2 are still being marked."""
    for performance in range(1, 7):
        present = slots.of_performance(db, 1, performance)
        unfilled = [n for n, s in present.items() if s.state in ("waiting", "assigned")]
        found = outcomes.outcome(db, 1, performance)
        if found is None:
            assert set(unfilled) & {1, 2} and not set(unfilled) & {3, 4}
        else:
            assert len(unfilled) == (1 if found.state == "open" else 0)


def finish_all(db: Database) -> None:
    """Everybody answers in full until there is nothing open."""
    for _ in range(4):
        for performance in range(1, 7):
            for task in tasks.of_performance(db, 1, performance):
                if task.state == "open":
                    give(db, task, "333333", number=10_000 + task.id)
