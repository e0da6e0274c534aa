"""What the overview works out: phases and the next action, node states, to-dos, drawings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.pages import charts, glance, todo
from hub.pages.node_states import NodeState, look_at
from hub.pages.phases import Standing, next_action, phases
from hub.store import counts, nodes
from hub.store.counts import Arrivals, Progress
from hub.store.sittings import Sitting, SittingKind, SittingState
from shared.rules.rounds import RoundFacts
from shared.rules.rubric import Criterion
from tests.hub.makers import a_hub, an_allocated_hub, give, give_both, hear_of, the_task
from tests.makers import NINE


def a_sitting(kind: SittingKind, state: SittingState, wipe_at: str | None = None) -> Sitting:
    return Sitting(1, kind, state, "seed", "hash", "2023-04-13T01:00:00.000Z", None, wipe_at)


NOTHING = Standing(has_exam=True, trial=None, formal=None, facts=None, rounds={})
WIPED = a_sitting("trial", "wiped")
RUNNING = Standing(
    has_exam=True,
    trial=WIPED,
    formal=a_sitting("formal", "open"),
    facts=RoundFacts({1: 3, 2: 0}, {}, 0, 0, 10),
    rounds={1: Progress(10, 7), 2: Progress(10, 10)},
)
ALL_MARKED = replace(RUNNING, facts=RoundFacts({}, {}, 0, 0, 10))


def test_while_rounds_1_and_2_run_they_are_the_phase_and_say_what_is_left() -> None:
    found = {p.label: p for p in phases(RUNNING)}
    assert [p.state for p in found.values()] == ["done", "done", "now", "later", "later", "later"]
    assert found["1、2评"].text == "85.0%，剩 3"


@pytest.mark.parametrize(
    ("standing", "title", "is_open"),
    [
        (replace(NOTHING, has_exam=False), "导入考试", False),
        (NOTHING, "准备试阅", True),
        (replace(NOTHING, trial=a_sitting("trial", "prepared")), "分配试阅任务", True),
        (replace(NOTHING, trial=a_sitting("trial", "open")), "清空试阅数据", True),
        (replace(NOTHING, trial=WIPED), "准备正式阅卷", True),
        (
            replace(NOTHING, trial=WIPED, formal=a_sitting("formal", "prepared")),
            "分配1评、2评任务",
            True,
        ),
        (RUNNING, "3评全部分配", False),
        (ALL_MARKED, "结束正式阅卷", True),
        (replace(RUNNING, formal=a_sitting("formal", "closed")), "导出终评结果", True),
    ],
)
def test_there_is_always_exactly_one_next_action(
    standing: Standing, title: str, is_open: bool
) -> None:
    action = next_action(standing)
    assert (action.title, action.is_open) == (title, is_open)
    assert action.text
    assert len(phases(standing)) == 6
    assert sum(p.state == "now" for p in phases(standing)) <= 1


def test_the_next_action_says_what_unlocks_it() -> None:
    assert next_action(RUNNING).text == "还差：1评还有 3 份未评。"


def test_a_node_is_in_one_state_of_the_list(tmp_path: Path) -> None:
    store = a_hub(tmp_path, districts=4, markers=1, works=1)
    with store.writing() as db:
        nodes.invite(db, "新机房", 1, "0" * 64, "")
        hear_of(db, 2, NINE, pending=80)
        nodes.retire(db, 3)
        seen = look_at(nodes.all_nodes(db), {1}, NINE + timedelta(minutes=6))
    states = {s.node.name: s.state for s in seen}
    assert states == {
        "第1区节点": NodeState.OFFLINE,
        "第2区节点": NodeState.BACKLOG,
        "新机房": NodeState.NEVER,
        "第4区节点": NodeState.GOOD,
        "第3区节点": NodeState.RETIRED,
    }
    assert [s.state.rank for s in seen] == sorted(s.state.rank for s in seen)
    assert seen[0].silent_s == 360
    assert all("磁盘" in p for s in seen[:2] for p in s.problems)
    store.close()


def test_many_silent_nodes_are_one_thing_to_do(tmp_path: Path) -> None:
    store = a_hub(tmp_path, districts=5, markers=1, works=1)
    with store.reading() as db:
        seen = look_at(nodes.all_nodes(db), {1, 2, 3, 4, 5}, NINE + timedelta(minutes=6))
    found = todo.todos(todo.Found(seen, 2, 0, 0, 0, 0, ["第1区"]))
    assert [item.title for item in found][:3] == ["5 个节点离线", "2 份作品无人可分配", "第1区落后"]
    few = todo.todos(todo.Found(seen[:1], 0, 0, 0, 0, 0, []))
    assert few[0].title == "第1区节点离线 6 分钟"
    store.close()


def test_disagreement_is_counted_by_criterion(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "333333", "333333")
        give_both(db, 2, "333333", "232333")
        give(db, the_task(db, 2, 3), "2-2---")
        give_both(db, 3, "333333", "233333")
        found = counts.disagreement(db, 1)
    assert (found.compared, found.differing) == (3, 2)
    assert found.by_criterion[Criterion.OVERALL] == 2
    assert found.by_criterion[Criterion.EXPRESSION] == 1
    assert found.by_criterion[Criterion.PITCH] == 0
    store.close()


def test_the_figures_of_the_overview_are_those_of_the_tables(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, districts=4, works=3)
    with store.writing() as db:
        give_both(db, 1, "333333", "333333")
        give_both(db, 2, "333333", "232333")
    seen = glance.look(store, NINE + timedelta(minutes=2))
    assert seen.round(1) == Progress(24, 2)
    assert seen.round(3) == Progress(1, 0)
    assert sum(tile.progress.done for tile in seen.tiles) == 4
    assert seen.costly.today == {1: 2, 2: 2}
    assert seen.leading == (1, 2)
    store.close()


def test_marks_that_arrive_later_are_added_to_those_counted(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "333333", "333333")
    assert glance.look(store, NINE + timedelta(minutes=2)).costly.today == {1: 1, 2: 1}
    with store.writing() as db:
        give_both(db, 2, "333333", "333333")
    kept = glance.look(store, NINE + timedelta(minutes=2, seconds=5))
    assert kept.costly.today == {1: 1, 2: 1}
    counted = glance.look(store, NINE + timedelta(minutes=3, seconds=15))
    assert counted.costly.today == {1: 2, 2: 2}
    store.close()


def test_the_line_leaves_out_the_ten_minutes_that_still_run() -> None:
    arrivals = [Arrivals("2023-04-13T01:0", 1, 100), Arrivals("2023-04-13T01:0", 2, 50)]
    arrivals += [Arrivals("2023-04-13T01:2", 1, 30), Arrivals("2023-04-13T01:3", 1, 7)]
    begin = datetime(2023, 4, 13, 1, 2, tzinfo=UTC)
    chart = charts.pace(arrivals, begin, begin + timedelta(minutes=30))
    assert len(chart.line.split()) == 3
    assert chart.last_text == "30"
    assert [tick.text for tick in chart.ticks] == ["0", "50", "100", "150"]


@pytest.mark.parametrize("largest", [0, 1, 3, 7, 10, 99, 250, 3000, 99_999])
def test_the_scale_holds_every_value_in_a_few_round_steps(largest: int) -> None:
    arrivals = [Arrivals("2023-04-13T01:0", 1, largest)]
    begin = datetime(2023, 4, 13, 1, 0, tzinfo=UTC)
    chart = charts.pace(arrivals, begin, begin + timedelta(minutes=20))
    tops = [int(tick.text.replace(",", "")) for tick in chart.ticks]
    assert tops[-1] >= largest
    assert 2 <= len(tops) <= 6


def test_without_marks_there_is_no_line() -> None:
    assert charts.pace([], NINE, NINE).line == ""


def test_heartbeats_tell_silence_from_backlog_and_from_before_the_first() -> None:
    found = charts.beats({100: 0, 101: 80, 103: 0}, 104, 50)
    assert len(found) == 60
    assert [beat.tone for beat in found[-6:]] == ["none", "ok", "warn", "bad", "ok", "bad"]


def test_what_came_late_and_leaders_with_too_much_ahead_call_for_someone() -> None:
    found = todo.Found([], 0, 0, 0, 0, 0, [], undealt=3, overloaded=["第1区", "第2区"])
    assert [(item.title, item.url) for item in todo.todos(found)] == [
        ("3 份作品未分配", "/rounds/supplement"),
        ("第1区、第2区组长负担将过重", "/forecast"),
    ]
