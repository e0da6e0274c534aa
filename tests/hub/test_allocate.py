"""Allocation: preview, the deal from the sealed seed, and what keeps it from happening."""

import re
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from hub.store import accounts, audit, feed, loads, performances, sittings, slots, tasks
from hub.work.allocate import allocate, preview
from hub.work.sittings import close, prepare
from hub.work.unmet import _SENTENCES
from hub.work.verify import verify
from shared.kit.refusal import Refusal
from shared.rules import allocation
from shared.rules.policy import Policy
from shared.rules.rubric import Role
from tests.hub.makers import (
    ADMIN,
    ANTHEM,
    SONG,
    a_hub,
    a_person,
    an_allocated_hub,
)
from tests.makers import NINE


def test_every_performance_gets_two_markers_of_other_districts(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.reading() as db:
        for performance in performances.every(db):
            held = tasks.of_performance(db, 1, performance.id)
            assert [task.round for task in held] == [1, 2]
            districts = {task.district_id for task in held}
            assert len(districts) == 2
            assert performance.district_id not in districts
            assert all(task.state == "open" and task.criteria == 63 for task in held)


def test_loads_are_equal_to_within_one_and_counted(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=5)
    with store.reading() as db:
        kept = loads.of_sitting(db, 1)
        assert kept == loads.recounted(db, 1)
        for group in (ANTHEM, SONG):
            for number in (1, 2):
                totals = [
                    load.total
                    for key, load in kept.items()
                    if key.item_group_id == group and key.round == number
                ]
                assert max(totals) - min(totals) <= 1
        assert loads.by_round(db, 1)[1].total == 40


def test_the_preview_says_what_the_allocation_then_does(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db:
        sitting = prepare(db, "formal", ADMIN, NINE)
        seen = preview(db, sitting.id)
        assert not slots.exists(db, sitting.id)
        assert allocate(db, sitting.id, ADMIN, NINE) == seen
        tasks_by_district = Counter(placed.district_id for placed in tasks.placed(db, sitting.id))
        assert {d.district_id: d.tasks for d in seen.districts} == tasks_by_district
        assert [group.label for group in seen.groups] == ["中学音乐-国歌", "中学音乐-选唱"]
        assert seen.groups[0].loads[1].max == 1
        assert sum(d.bytes for d in seen.districts) == sum(d.videos for d in seen.districts) * 1000
        assert seen.works == 24
        assert "教师不评本区县学生的作品" in seen.exclusions


def test_allocating_opens_the_sitting_and_tells_the_nodes(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.reading() as db:
        sitting = sittings.open_sitting(db)
        assert sitting is not None
        assert sitting.seed_hash == sha256(sitting.seed.encode()).hexdigest()
        changes = feed.after(db, 1, 0, 1000)
        assert [c.kind for c in changes][:2] == ["sitting", "task"]
        own = {p.id for p in tasks.placed(db, sitting.id) if p.district_id == 1}
        assert {c.ref for c in changes if c.kind == "task"} == own
        assert [e.action for e in audit.page(db)] == [
            "allocation_record",
            "allocate",
            "prepare_sitting",
        ]
        assert sitting.seed not in str([e.detail for e in audit.page(db)])


def test_the_same_seed_deals_the_same_again(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.reading() as db:
        assert verify(db) == []


def test_a_trial_takes_a_sample_of_each_item_group(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial", policy=Policy(trial_performances=4))
    with store.reading() as db:
        assert len({slot.performance_id for slot in slots.of_sitting(db, 1)}) == 8
        assert verify(db) == []


def test_a_performance_without_a_video_is_left_out_and_counted(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db:
        one = performances.performance(db, 1)
        assert one is not None
        performances.put_many(db, [replace(one, video_id=None)])
        sitting = prepare(db, "formal", ADMIN, NINE)
        seen = allocate(db, sitting.id, ADMIN, NINE)
        assert seen.groups[0].without_video == 1
        assert seen.groups[0].works == 11
        assert tasks.of_performance(db, sitting.id, 1) == []


def test_a_disabled_marker_gets_nothing(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db:
        accounts.change_many(db, [a_person(1, Role.MARKER, 0, state="disabled")])
        sitting = prepare(db, "formal", ADMIN, NINE)
        allocate(db, sitting.id, ADMIN, NINE)
        assert tasks.open_of_account(db, 1, sitting.id) == []


def test_what_cannot_be_met_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    store = a_hub(tmp_path, districts=2)
    with store.writing() as db:
        sitting = prepare(db, "formal", ADMIN, NINE)
        assert preview(db, sitting.id).unmet[0].startswith("中学音乐-国歌：")
        with pytest.raises(Refusal) as refused:
            allocate(db, sitting.id, ADMIN, NINE)
        assert refused.value.code == "unmet"
        assert not slots.exists(db, sitting.id)


def test_unequal_districts_are_told_the_loads_with_which_they_can_be_allocated(
    tmp_path: Path,
) -> None:
    """Three districts of 2, 3 and 3 markers with as many works each: no even deal exists."""
    store = a_hub(tmp_path, districts=3, works=8)
    with store.writing() as db:
        accounts.change_many(db, [a_person(1, Role.MARKER, 0, state="disabled")])
        sitting = prepare(db, "formal", ADMIN, NINE)
        said = preview(db, sitting.id).unmet
        found = [re.search(r"第2区 (\d+)%，第3区 (\d+)%", line) for line in said]
        loads_said = next(match for match in found if match)
        for district in (2, 3):
            people = [a_person(district, Role.MARKER, index) for index in range(3)]
            capacity = int(loads_said.group(district - 1))
            accounts.change_many(db, [replace(person, capacity=capacity) for person in people])
        assert allocate(db, sitting.id, ADMIN, NINE).unmet == []
        assert verify(db) == []


def test_a_city_of_one_district_is_told_which_rules_to_change(tmp_path: Path) -> None:
    store = a_hub(tmp_path, districts=1)
    with store.writing() as db:
        sitting = prepare(db, "formal", ADMIN, NINE)
        assert "把“1评和2评”改为“同一区县”" in preview(db, sitting.id).unmet[0]


def test_every_finding_of_the_rules_has_a_sentence() -> None:
    documented = re.findall(r"^    (\w+_\w+|unpaired) ", allocation.Unmet.__doc__ or "", re.M)
    assert set(_SENTENCES) == set(documented)


def test_an_exam_without_performances_cannot_be_allocated(tmp_path: Path) -> None:
    store = a_hub(tmp_path, works=0)
    with store.writing() as db:
        sitting = prepare(db, "formal", ADMIN, NINE)
        with pytest.raises(Refusal, match="没有可以分配的作品"):
            allocate(db, sitting.id, ADMIN, NINE)


def test_a_sitting_is_allocated_once(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db, pytest.raises(Refusal) as refused:
        allocate(db, 1, ADMIN, NINE)
    assert refused.value.code == "already_allocated"


def test_two_sittings_are_never_open_at_once(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial")
    with store.writing() as db:
        formal = prepare(db, "formal", ADMIN, NINE)
        with pytest.raises(Refusal) as refused:
            allocate(db, formal.id, ADMIN, NINE)
        assert refused.value.code == "other_is_open"
        close(db, 1, ADMIN, NINE)
        allocate(db, formal.id, ADMIN, NINE)
        current = sittings.current(db)
        assert current is not None and current.id == formal.id
        with pytest.raises(Refusal):
            prepare(db, "trial", ADMIN, NINE)


def test_closing_twice_is_as_once_and_discloses_the_seed(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        close(db, 1, ADMIN, NINE)
        close(db, 1, ADMIN, NINE)
        sitting = sittings.sitting(db, 1)
        closed = audit.of_action(db, "close_sitting")
        assert sitting is not None and [e.detail["seed"] for e in closed] == [sitting.seed]
        with pytest.raises(Refusal):
            close(db, 7, ADMIN, NINE)


def test_a_city_that_marks_each_work_in_one_district_is_allocated(tmp_path: Path) -> None:
    policy = Policy(placement="together")
    store = a_hub(tmp_path, districts=10, markers=10, works=100, policy=policy)
    with store.writing() as db:
        sitting = prepare(db, "formal", ADMIN, NINE)
        allocate(db, sitting.id, ADMIN, NINE)
        assert verify(db) == []
