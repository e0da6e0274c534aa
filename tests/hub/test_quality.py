"""What the quality pages say is what the marks say; every outlier leads to its clips."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from hub.jobs import measure
from hub.store import quality
from hub.work.assess_quality import assess, half_day
from hub.work.quality_kept import KEPT_LEAST, quality_of, watched_count
from shared.kit.clock import now, stamp
from shared.kit.store import Store
from shared.rules.quality import Measure
from shared.rules.rubric import Criterion
from tests.hub.finished import tables
from tests.hub.makers import an_allocated_hub, give, give_both, the_task
from tests.hub.pages import a_browser, sign_in, store_of
from tests.makers import NINE


def a_marked_hub(folder: Path) -> Store:
    """24 performances of each of two item groups; every third has pitch in dispute."""
    store = an_allocated_hub(folder, districts=4, markers=1, works=6)
    with store.writing() as db:
        for performance in range(1, 49):
            give_both(db, performance, "333333", "323333" if performance % 3 == 0 else "333333")
        for performance in range(3, 49, 6):
            give(db, the_task(db, performance, 3), "-2----")
    return store


def truth(db: Database, sql: str) -> float:
    return float(db.conn.execute(sql).fetchone()[0])


def test_agreement_is_what_sql_counts(tmp_path: Path) -> None:
    store = a_marked_hub(tmp_path)
    with store.reading() as db:
        found = assess(db, 1, NINE)
        same = truth(
            db,
            """
            SELECT avg(substr(m.levels, 2, 1) = substr(n.levels, 2, 1)) FROM mark m
            JOIN mark n ON n.performance_id = m.performance_id AND n.round = 2
            WHERE m.round = 1
            """,
        )
    assert found.by_criterion[Criterion.PITCH].exact.value == pytest.approx(same)
    assert found.by_criterion[Criterion.PITCH].exact.value == pytest.approx(2 / 3)
    assert found.by_criterion[Criterion.OVERALL].exact.value == 1
    assert found.city.exact.value == pytest.approx(1 - 1 / 18)
    assert found.city.exact.n == 48
    assert {id: a.exact.n for id, a in found.by_group.items()} == {1: 24, 2: 24}
    assert sum(a.exact.n for a in found.by_district.values()) == 96
    assert found.levels[Criterion.PITCH][1].value == pytest.approx(16 / 96)
    store.close()


def test_each_marker_is_measured_against_the_other_one(tmp_path: Path) -> None:
    store = a_marked_hub(tmp_path)
    with store.reading() as db:
        found = assess(db, 1, NINE)
        rows = db.conn.execute(
            """
            SELECT m.account_id, count(*),
                   avg((substr(m.levels, 2, 1) - substr(n.levels, 2, 1)) / 6.0)
            FROM mark m JOIN mark n ON n.performance_id = m.performance_id AND n.round = 3 - m.round
            WHERE m.round < 3 AND n.round < 3 GROUP BY m.account_id
            """
        ).fetchall()
        first = db.conn.execute(
            "SELECT account_id, count(*) FROM mark WHERE revises IS NULL GROUP BY account_id"
        ).fetchall()
    by_id = {m.account_id: m for m in found.markers}
    for account_id, count, lean in rows:
        assert by_id[account_id].agreement.severity.n == count
        assert by_id[account_id].agreement.severity.value == pytest.approx(lean)
    assert {id: len(m.habits.spent_ms) for id, m in by_id.items()} == dict(map(tuple, first))
    assert sum(m.disputes.decided for m in found.markers) == 16
    assert sum(m.disputes.lost for m in found.markers) == 8
    store.close()


def test_drift_is_severity_by_half_day(tmp_path: Path) -> None:
    assert half_day("2023-04-13T01").endswith(("上午", "下午"))
    store = an_allocated_hub(tmp_path, districts=4, markers=1, works=6)
    with store.writing() as db:
        for performance in range(1, 49):
            at = NINE + timedelta(days=performance % 2)
            for number, levels in ((1, "333333"), (2, "323333")):
                task = the_task(db, performance, number)
                give(db, task, levels, given_at=stamp(at))
        found = assess(db, 1, NINE)
    for marker in found.markers:
        assert len(marker.drift) == 2
        assert sum(half.severity.n for half in marker.drift) == marker.agreement.severity.n
    store.close()


def test_a_mark_with_an_exception_is_compared_only_if_the_policy_says_so(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 1), "333333", exception="incomplete")
        give(db, the_task(db, 1, 2), "333333")
        give(db, the_task(db, 2, 1), "------", exception="no_picture")
        give(db, the_task(db, 2, 2), "333333")
        assert len(list(quality.pairs(db, 1, incomplete_counts=True))) == 1
        assert list(quality.pairs(db, 1, incomplete_counts=False)) == []
    store.close()


def test_all_marks_are_read_once_for_everyone_who_looks(tmp_path: Path) -> None:
    store = a_marked_hub(tmp_path)
    with store.reading() as db:
        assert watched_count(store, 1) == 0
        first = quality_of(store, db, 1, NINE)
        assert quality_of(store, db, 1, NINE + KEPT_LEAST / 2) is first
        assert quality_of(store, db, 1, NINE + timedelta(hours=1)) is not first
        assert watched_count(store, 1) == sum(bool(m.alerts) for m in first.markers)
        assert watched_count(store, 2) == 0
    store.close()


def test_the_timetable_measures_while_a_sitting_is_open(tmp_path: Path) -> None:
    store = a_marked_hub(tmp_path)
    measure(store)
    with store.reading() as db:
        assert len(quality_of(store, db, 1, now()).markers) == 4
    store.close()


def test_the_page_shows_figures_with_definitions_and_leads_to_the_clips(tmp_path: Path) -> None:
    a_marked_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser, "city_viewer")
        shown = browser.get("/quality").text
        assert "94.4%" in shown
        assert all(measure.definition in shown for measure in Measure)
        assert 'href="/quality/markers/1"' in shown
        marker = browser.get("/quality/markers/1").text
        assert 'href="/quality/clips/' in marker
        assert "每一份评分" in marker
        clip = browser.get("/quality/clips/3").text
        assert "终评：已定" in clip
        assert "S00003" not in clip
        part = browser.get("/quality", headers={"X-Part": "1"}).text
        assert "<html" not in part
        assert browser.get("/quality/clips/3/video").status_code == 404
        assert browser.get("/quality/clips/999").status_code == 404
        assert browser.get("/quality/markers/999").status_code == 404


def test_below_the_least_count_the_page_says_nothing(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "333333", "000000")
    store.close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        shown = browser.get("/quality").text
        assert "n = 1" in shown
        assert "没有需要关注的教师" in shown
        assert "nan" not in shown.lower()


def test_without_marks_there_is_an_empty_page(tmp_path: Path) -> None:
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        assert "还没有评分" in browser.get("/quality").text
        assert browser.get("/quality/markers/1").status_code == 404


def test_of_very_many_markers_those_are_listed_who_deserve_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.pages.quality.MARKERS_MAX", 1)
    a_marked_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        with store_of(browser).reading() as db:
            found = assess(db, 1, now())
        shown = browser.get("/quality").text
        teachers = next(table for table in tables(shown) if table[0][0] == "姓名")[1:]
        watched = [marker.name for marker in found.markers if marker.alerts]
        assert [row[0] for row in teachers] == watched[:1]
        assert 'class="quiet"' in shown or len(watched) == len(found.markers)
        of_one = tables(browser.get("/quality?district=2").text)
        teachers = next(table for table in of_one if table[0][0] == "姓名")[1:]
        assert {row[1] for row in teachers} == {"第2区"}
        assert len(teachers) == sum(marker.district_id == 2 for marker in found.markers)
