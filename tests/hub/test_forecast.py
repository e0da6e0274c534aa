"""预测与试算: what is foreseen for rounds 3 and 4, and what another policy would change."""

from pathlib import Path

import pytest

from hub.__main__ import main
from hub.pages import glance
from hub.store import exam, foresight, handings
from hub.work.foresee import foresee
from hub.work.look_back import foretold
from hub.work.sittings import prepare
from hub.work.try_policy import try_policy
from hub.work.verify import verify
from hub.work.wipe_trial import wipe_trial
from shared.kit.store import Store
from shared.rules.forecast import Seen
from shared.rules.policy import Policy, policy_hash
from shared.rules.rubric import Criterion
from tests.hub.makers import (
    ADMIN,
    ANTHEM,
    EXAM_NAME,
    an_allocated_hub,
    give,
    give_both,
    hold_everywhere,
    the_task,
)
from tests.hub.pages import a_browser, sign_in
from tests.makers import NINE


@pytest.fixture
def hub(tmp_path: Path) -> Store:
    """Of 12 performances of an item group 8 are compared, 4 need a third mark, 1 a leader."""
    store = an_allocated_hub(tmp_path, districts=4, markers=3, works=3)
    with store.writing() as db:
        for performance in range(1, 9):
            hold_everywhere(db, performance, 1, 2, 3)
            give_both(db, performance, "332101", "332101" if performance > 4 else "312101")
        give(db, the_task(db, 1, 3), "-0----")
    return store


def test_what_comes_is_foreseen_by_group_and_district_with_its_hours(hub: Store) -> None:
    with hub.reading() as db:
        found = foresee(db, 1)
    assert found is not None
    anthem = next(g for g in found.groups if g.group_id == ANTHEM)
    assert anthem.seen == Seen(12, 8, 4, 1, 1)
    assert anthem.ahead.third.low >= 4 and 5 < anthem.ahead.third.expected < 7
    assert anthem.third_hours.expected == pytest.approx(anthem.ahead.third.expected / 60)
    assert sum(d.third.expected for d in found.districts) == pytest.approx(found.third.expected)
    assert all(d.leaders == 1 and d.leader_hours for d in found.districts)


def test_nothing_is_foreseen_from_nothing(tmp_path: Path) -> None:
    with an_allocated_hub(tmp_path).reading() as db:
        assert foresee(db, 1) is None and foretold(db, 1) == []


def test_a_wiped_trial_leaves_the_first_forecast(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, "trial")
    with store.writing() as db:
        for performance in range(1, 7):
            give_both(db, performance, "332101", "312101")
        wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        assert foresight.of_trial(db)[ANTHEM].third == 6
        from hub.work.allocate import allocate

        allocate(db, prepare(db, "formal", ADMIN, NINE).id, ADMIN, NINE)
        found = foresee(db, 2)
        assert found is not None and found.third.expected > 6


def test_a_look_back_sets_what_was_said_beside_what_came(hub: Store) -> None:
    with hub.reading() as db:
        found = foretold(db, 1)
    assert [(one.round, one.came) for one in found[:2]] == [(3, 4), (4, 1)]


def test_tasks_that_cost_no_download_are_counted(hub: Store) -> None:
    with hub.reading() as db:
        saved = handings.downloads(db, 1)
    assert (saved.tasks, saved.near) == (5, 5)


def test_another_policy_is_tried_and_nothing_changes(hub: Store) -> None:
    with hub.reading() as db:
        effect = try_policy(db, 1, Policy(tolerance=2), 1000)
        assert (effect.compared, effect.one_in, effect.changed) == (8, 1, 0)
        assert (effect.now.third, effect.now.leader, effect.now.settled) == (4, 1, 4)
        assert (effect.then.third, effect.then.leader, effect.then.settled) == (0, 0, 8)
        assert exam.policy(db) == Policy()
        same = try_policy(db, 1, Policy(), 1000)
        assert same.now == same.then and same.changed == 0


def test_levels_that_would_change_are_named(hub: Store) -> None:
    with hub.writing() as db:
        give(db, the_task(db, 2, 3), "-1----")
        effect = try_policy(db, 1, Policy(tolerance=2), 1000)
        assert effect.changed == 1 and effect.changed_levels == {Criterion.PITCH: 1}


def test_of_many_performances_only_some_are_tried(hub: Store) -> None:
    with hub.reading() as db:
        effect = try_policy(db, 1, Policy(), 4)
    assert (effect.one_in, effect.compared) == (2, 4)


def test_the_page_shows_forecast_and_trial(hub: Store, tmp_path: Path) -> None:
    hub.close()
    with a_browser(tmp_path) as browser:
        sign_in(browser, "city_viewer")
        text = browser.get("/forecast").text
        assert "中学音乐-国歌" in text and "不用再下载" in text and "回看" in text
        assert policy_hash(Policy()) in text and "需要3评" not in text
        tried = browser.get("/forecast?tolerance=1&combine=mean&three_distinct=median").text
        assert "需要3评" in tried and "相差不超过 1 级算一致，取平均" in tried
        assert "预计" in browser.get("/").text


def test_the_page_is_there_before_anything_is(tmp_path: Path) -> None:
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        assert "还没有可以预测的数据" in browser.get("/forecast").text
        assert "无从试算" in browser.get("/forecast?tolerance=1").text


def test_the_overview_counts_it_with_the_rest(hub: Store) -> None:
    seen = glance.look(hub, NINE)
    assert seen.costly.ahead is not None


def test_the_command_tries_a_policy(
    hub: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.close()
    assert main(["--data", str(tmp_path), "try-policy", "--tolerance", "2"]) == 0
    assert "需要3评：4 → 0" in capsys.readouterr().out


def test_rules_changed_behind_the_back_are_found(hub: Store) -> None:
    with hub.writing() as db:
        assert verify(db) == []
        db.conn.execute("UPDATE exam SET policies = replace(policies, '\"higher\"', '\"lower\"')")
        assert "场次 1 的规则与分配时公布的不符" in verify(db)
