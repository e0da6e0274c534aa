"""Settling: what the marks of a performance decide, and which later rounds they ask for."""

from fractions import Fraction
from pathlib import Path

from sqlite_utils import Database

from hub.store import accounts, feed, loads, outcomes, slots, tasks
from hub.store.outcomes import Outcome
from hub.store.slots import Slot
from hub.work.hand_out import hand_out_waiting, take_back, take_back_all
from hub.work.settle import settle
from hub.work.sittings import close
from hub.work.verify import verify
from shared.kit.store import Store
from shared.rules.agreement import Decision, Rule
from shared.rules.policy import Policy
from shared.rules.rubric import CRITERIA, Criterion, MarkException, Role, to_mask
from tests.hub.makers import (
    ADMIN,
    a_person,
    an_allocated_hub,
    give,
    give_both,
    hold_everywhere,
    live_task,
    the_task,
)
from tests.makers import NINE


def the_outcome(db: Database, performance: int = 1) -> Outcome:
    found = outcomes.outcome(db, 1, performance)
    assert found is not None
    return found


def the_slot(db: Database, round: int, performance: int = 1) -> Slot:
    return slots.of_performance(db, 1, performance)[round]


def test_two_marks_that_agree_settle_the_performance(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "332101", "332101")
        found = the_outcome(db)
        assert found.state == "settled" and found.settled_at is not None
        assert [found.decided[c].level for c in CRITERIA] == [3, 3, 2, 1, 0, 1]
        assert {(d.rounds, d.rule) for d in found.decided.values()} == {((1, 2), Rule.AGREED)}
        assert set(slots.of_performance(db, 1, 1)) == {1, 2}
        assert verify(db) == []


def test_one_mark_settles_nothing(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 2))
        assert outcomes.outcome(db, 1, 1) is None
        assert verify(db) == []


def test_only_the_criteria_in_dispute_go_to_another_marker(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "332101", "322100")
        third = the_task(db, 1, 3)
        assert third.criteria == to_mask([Criterion.PITCH, Criterion.FLUENCY])
        earlier = {the_task(db, 1, number).account_id for number in (1, 2)}
        assert third.account_id not in earlier and third.district_id != 1
        assert the_outcome(db).state == "open" and len(the_outcome(db).decided) == 4
        assert [c.ref for c in feed.after(db, third.district_id, 0, 1000)][-1] == third.id
        assert verify(db) == []


def test_a_third_mark_that_equals_one_of_two_is_final(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "332101", "322101")
        give(db, the_task(db, 1, 3), "-2----")
        pitch = the_outcome(db).decided[Criterion.PITCH]
        assert pitch == Decision(Fraction(2), (2, 3), Rule.CLOSEST)
        assert the_outcome(db).state == "settled"
        assert live_task(db, 1, 4) is None


def test_three_levels_go_to_a_leader_whose_level_is_final(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "332101", "312101")
        give(db, the_task(db, 1, 3), "-0----")
        fourth = the_task(db, 1, 4)
        account = accounts.account(db, fourth.account_id)
        assert account is not None and account.role is Role.LEADER
        give(db, fourth, "-2----")
        pitch = the_outcome(db).decided[Criterion.PITCH]
        assert pitch == Decision(Fraction(2), (4,), Rule.LEADER)
        assert verify(db) == []


def test_a_mean_is_kept_as_an_exact_fraction(tmp_path: Path) -> None:
    policy = Policy(tolerance=1, combine="mean")
    store = an_allocated_hub(tmp_path, policy=policy)
    with store.writing() as db:
        give_both(db, 1, "333333", "233333")
        assert the_outcome(db).decided[Criterion.OVERALL].level == Fraction(5, 2)
        row = db.conn.execute("SELECT levels, rounds, rules FROM outcome").fetchone()
        assert row["levels"] == '["5/2", "3", "3", "3", "3", "3"]'
        assert row["rounds"].startswith("[[1, 2], ")
        assert row["rules"].startswith('["agreed", ')


def test_a_confirmed_exception_is_an_outcome_without_levels(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        for number in (1, 2):
            give(db, the_task(db, 1, number), "------", exception="no_picture")
        assert live_task(db, 1, 3) is None
        give(db, the_task(db, 1, 4), "------", exception="no_picture")
        found = the_outcome(db)
        assert (found.state, found.decided) == ("exception", {})
        assert found.exception is MarkException.NO_PICTURE
        assert found.exception_rounds == (4,)
        assert verify(db) == []


def test_an_exception_against_levels_asks_for_a_third_mark_of_everything(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 1), "------", exception="off_topic")
        give(db, the_task(db, 1, 2))
        assert the_task(db, 1, 3).criteria == 63


def test_settling_twice_changes_nothing(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "332101", "322100")
        before = state_of(db)
        settle(db, 1, 1, NINE.replace(hour=9))
        assert state_of(db) == before


def state_of(db: Database) -> list[object]:
    return [
        outcomes.outcome(db, 1, 1),
        slots.of_performance(db, 1, 1),
        tasks.of_performance(db, 1, 1),
        loads.of_sitting(db, 1),
        feed.last_seq(db),
    ]


def test_the_third_mark_goes_where_the_video_is(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, districts=8)
    with store.writing() as db:
        for performance in range(1, 7):
            hold_everywhere(db, performance, 7)
            give_both(db, performance, "332101", "322100")
            assert the_task(db, performance, 3).district_id == 7


def test_the_third_mark_goes_to_whoever_has_least_to_do(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        accounts.add_many(db, [a_person(4, Role.MARKER)])
        newcomer = max(a.id for a in accounts.everyone(db))
        give_both(db, 1, "332101", "322100")
        assert the_task(db, 1, 3).account_id == newcomer


def test_what_nobody_may_mark_waits_in_sight_until_somebody_comes(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, districts=3, markers=1)
    with store.writing() as db:
        give_both(db, 1, "332101", "322100")
        assert live_task(db, 1, 3) is None
        assert [s.performance_id for s in slots.waiting(db, 1, 10)] == [1]
        assert verify(db) == []
        assert hand_out_waiting(db, NINE) == 0
        accounts.add_many(db, [a_person(2, Role.MARKER)])
        assert hand_out_waiting(db, NINE) == 1
        assert the_slot(db, 3).state == "assigned"
        assert hand_out_waiting(db, NINE) == 0
        assert verify(db) == []


def test_a_leader_who_marked_the_performance_is_passed_over(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, districts=4, leaders=1)
    with store.writing() as db:
        give_both(db, 1, "332101", "312101")
        third = the_task(db, 1, 3)
        leader = next(
            a for a in accounts.active(db, Role.LEADER, None) if a.district_id == third.district_id
        )
        db.conn.execute("UPDATE task SET account_id = ? WHERE id = ?", (leader.id, third.id))
        loads.count(db, third.load_key, total=-1, done=0)
        loads.count(db, the_task(db, 1, 3).load_key, total=1, done=0)
        give(db, the_task(db, 1, 3), "-0----")
        assert the_task(db, 1, 4).account_id != leader.id
        # Nothing but what this test did behind the hub's back.
        assert [finding[:9] for finding in verify(db)] == ["场次 1：3评任务"]


def test_nothing_is_handed_out_when_the_sitting_is_over(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 1))
        close(db, 1, ADMIN, NINE)
        give(db, the_task(db, 1, 2), "222222")
        assert the_slot(db, 3).state == "waiting"
        assert hand_out_waiting(db, NINE) == 0
        assert verify(db) == []


def test_a_task_taken_back_goes_to_another_of_another_district(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        first, second = the_task(db, 1, 1), the_task(db, 1, 2)
        assert take_back(db, first, NINE)
        again = the_task(db, 1, 1)
        assert again.account_id not in (first.account_id, second.account_id)
        assert again.district_id not in (1, second.district_id)
        assert again.gen == first.gen + 1
        assert not take_back(db, first, NINE)
        assert verify(db) == []


def test_somebody_who_left_is_rid_of_all_open_tasks(tmp_path: Path) -> None:
    store: Store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        gone = the_task(db, 1, 1).account_id
        give(db, the_task(db, 1, 1))
        held = len(tasks.open_of_account(db, gone, 1))
        assert take_back_all(db, gone, ADMIN, NINE) == held > 0
        assert tasks.open_of_account(db, gone, 1) == []
        assert take_back_all(db, gone, ADMIN, NINE) == 0
        assert the_task(db, 1, 1).account_id == gone
        assert verify(db) == []
