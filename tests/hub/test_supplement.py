"""Supplement (补分配): what comes after the allocation is dealt by the same rules, and proven."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from hub.__main__ import main
from hub.store import accounts, feed, loads, performances, sittings, slots, tasks
from hub.work import milestones
from hub.work.allocate import allocate
from hub.work.sittings import close, prepare
from hub.work.supplement import preview, supplement
from hub.work.verify import verify
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.policy import Policy
from shared.rules.rounds import Milestone, missing_for
from shared.rules.rubric import Role
from tests.hub.makers import (
    ADMIN,
    ANTHEM,
    SONG,
    a_hub,
    a_performance,
    a_person,
    an_allocated_hub,
    give,
    give_both,
    hold_everywhere,
    the_task,
)
from tests.hub.pages import a_browser, sign_in, store_of
from tests.makers import NINE

WORKS = 24


@pytest.fixture
def hub(tmp_path: Path) -> Store:
    """Four districts of three markers, 24 works; each marker has 2 tasks in a group."""
    return an_allocated_hub(tmp_path)


def add_works(db: Database, count: int, first: int = 100, group: int = ANTHEM) -> None:
    performances.put_many(
        db, [a_performance(db, first + i, 1 + i % 4, group) for i in range(count)]
    )


def totals(db: Database, group: int, round: int) -> Counter[int]:
    kept = loads.of_sitting(db, 1)
    return Counter(
        {
            key.account_id: load.total
            for key, load in kept.items()
            if (key.item_group_id, key.round) == (group, round)
        }
    )


def test_late_works_get_two_markers_and_everybody_has_as_much_as_before_to_within_one(
    hub: Store,
) -> None:
    with hub.writing() as db:
        add_works(db, 7)
        seen = preview(db)
        assert [(g.label, g.works) for g in seen.groups] == [("中学音乐-国歌", 7)]
        assert not slots.of_performance(db, 1, 100), "a preview writes nothing"
        before = feed.last_seq(db)
        assert supplement(db, ADMIN, NINE) == seen
        for work in range(100, 107):
            held = tasks.of_performance(db, 1, work)
            assert [task.round for task in held] == [1, 2]
            districts = {task.district_id for task in held}
            assert len(districts) == 2 and 1 + work % 4 not in districts
        for round in (1, 2):
            counts = totals(db, ANTHEM, round)
            assert sum(counts.values()) == 12 + 7
            assert (min(counts.values()), max(counts.values())) == (
                seen.groups[0].after[round].min,
                seen.groups[0].after[round].max,
            )
            assert max(counts.values()) - min(counts.values()) <= 1
        told = [c for d in range(1, 5) for c in feed.after(db, d, before, 1000)]
        assert sum(change.kind == "task" for change in told) == 14
        assert loads.of_sitting(db, 1) == loads.recounted(db, 1)
        assert verify(db) == []


def test_it_may_happen_again_and_marking_goes_on_between(hub: Store) -> None:
    with hub.writing() as db:
        give_both(db, 1, "332101", "312101")
        add_works(db, 3)
        supplement(db, ADMIN, NINE)
        give_both(db, 100, "332101", "322101")
        give(db, the_task(db, 100, 3), "-3----")
        add_works(db, 5, first=200, group=SONG)
        assert supplement(db, ADMIN, NINE).number == 2
        give_both(db, 200, "332101", "332101")
        assert verify(db) == []
        with pytest.raises(Refusal, match="没有需要补分配"):
            supplement(db, ADMIN, NINE)


def test_a_work_whose_video_came_late_is_dealt_then(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db:
        one = performances.performance(db, 1)
        assert one is not None
        performances.put_many(db, [replace(one, video_id=None)])
        sitting = prepare(db, "formal", ADMIN, NINE)
        allocate(db, sitting.id, ADMIN, NINE)
        assert preview(db).works == 0
        performances.put_many(db, [one])
        assert supplement(db, ADMIN, NINE).works == 1
        assert len(tasks.of_performance(db, sitting.id, 1)) == 2
        assert verify(db) == []


def test_somebody_who_came_late_takes_over_from_the_district(hub: Store) -> None:
    with hub.writing() as db:
        for work in range(1, WORKS + 1):
            hold_everywhere(db, work, *{t.district_id for t in tasks.of_performance(db, 1, work)})
        accounts.add_many(db, [a_person(2, Role.MARKER, 50)])
        late = next(a for a in accounts.everyone(db) if a.phone.endswith("0050"))
        seen = preview(db)
        assert [(r.district, r.newcomers) for r in seen.reliefs] == [("第2区", 1)] * 2
        supplement(db, ADMIN, NINE)
        own = tasks.open_of_account(db, late.id, 1)
        assert len(own) == seen.moved > 0
        for group in (ANTHEM, SONG):
            both = totals(db, group, 1) + totals(db, group, 2)
            there = [
                both[a.id] for a in accounts.active(db, Role.MARKER, None) if a.district_id == 2
            ]
            assert max(there) - min(there) <= 1
        assert loads.of_sitting(db, 1) == loads.recounted(db, 1)
        assert verify(db) == []


def test_what_is_marked_stays_with_whoever_marked_it(hub: Store) -> None:
    with hub.writing() as db:
        for work in range(1, WORKS + 1):
            give_both(db, work, "332101", "332101")
        accounts.add_many(db, [a_person(2, Role.MARKER, 50)])
        assert preview(db).moved == 0


def test_late_works_and_late_people_together(hub: Store) -> None:
    with hub.writing() as db:
        accounts.add_many(db, [a_person(d, Role.MARKER, 50) for d in (1, 3)])
        add_works(db, 16)
        seen = supplement(db, ADMIN, NINE)
        assert seen.works == 16
        assert verify(db) == []


def test_the_milestones_wait_for_what_is_not_dealt(hub: Store) -> None:
    with hub.writing() as db:
        add_works(db, 2)
        facts = milestones.facts(db, 1, NINE)
        assert "有 2 份作品未补分配" in missing_for(Milestone.ROUND3_ALLOCATED, facts)
        supplement(db, ADMIN, NINE)
        assert milestones.facts(db, 1, NINE).undealt == 0


def test_what_cannot_be_met_is_said_and_nothing_is_written(hub: Store) -> None:
    with hub.writing() as db:
        for account in accounts.everyone(db):
            if account.district_id in (2, 3):
                accounts.change_many(
                    db, [a_person(account.district_id, account.role, account.id, state="disabled")]
                )
        db.conn.execute("UPDATE hand SET state = 'away' WHERE district_id IN (2, 3)")
        add_works(db, 4)
        assert preview(db).unmet
        with pytest.raises(Refusal) as refused:
            supplement(db, ADMIN, NINE)
        assert refused.value.code == "unmet"
        assert not slots.of_performance(db, 1, 100)


def test_a_trial_and_a_closed_sitting_get_nothing_more(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial", policy=Policy(trial_performances=4))
    with store.writing() as db:
        assert milestones.facts(db, 1, NINE).undealt == 0
        with pytest.raises(Refusal, match="试阅不补分配"):
            supplement(db, ADMIN, NINE)
        close(db, 1, ADMIN, NINE)
        assert sittings.open_sitting(db) is None
        with pytest.raises(Refusal, match="没有正在进行"):
            preview(db)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("UPDATE task SET position = position + 1 WHERE performance_id = 100", "第 1 次补分配"),
        ("UPDATE performance SET district_id = 3 WHERE id = 100", "第 1 次补分配"),
    ],
)
def test_a_change_of_a_supplement_is_found(hub: Store, change: str, finding: str) -> None:
    with hub.writing() as db:
        add_works(db, 3)
        supplement(db, ADMIN, NINE)
        assert verify(db) == []
        db.conn.execute(change)
        assert any(finding in line for line in verify(db)), verify(db)


def test_the_page_shows_it_first_and_then_does_it(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        add_works(db, 5)
    store.close()
    with a_browser(tmp_path) as browser:
        sign_in(browser, "city_viewer")
        assert "确认补分配" not in browser.get("/rounds/supplement").text
        assert browser.post("/rounds/supplement").status_code == 403
        sign_in(browser)
        assert "5 份作品未分配" in browser.get("/rounds").text
        assert "1 / 1 / 1；1 / 1 / 1" in browser.get("/rounds/supplement").text
        assert "已补分配" in browser.post("/rounds/supplement").text
        assert "没有需要补分配的作品或教师" in browser.get("/rounds/supplement").text
        with store_of(browser).reading() as db:
            assert len(tasks.of_performance(db, 1, 100)) == 2


def test_the_command_previews_and_confirms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = an_allocated_hub(tmp_path)
    at = ["--data", str(tmp_path), "supplement"]
    assert main(at) == 0
    assert "没有需要补分配" in capsys.readouterr().out
    with store.writing() as db:
        add_works(db, 5)
    store.close()
    assert main(at) == 0
    assert "以上是预览，没有补分配" in capsys.readouterr().out
    assert main([*at, "--confirm"]) == 0
    assert "已补分配（第 1 次）：作品 5 份" in capsys.readouterr().out
