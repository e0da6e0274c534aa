"""Announcements for a set time, and who has read one, district by district."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.jobs import announce as announce_job
from hub.store import announcements, planned
from hub.work.plan_announcement import publish_due
from shared.kit.clock import now, stamp
from tests.hub.makers import an_allocated_hub
from tests.hub.pages import ADMIN, Browser, a_browser, sign_in, store_of


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    an_allocated_hub(tmp_path).close()
    with a_browser(tmp_path) as found:
        sign_in(found)
        yield found


def in_an_hour() -> str:
    return (now() + timedelta(hours=1)).astimezone().strftime("%Y-%m-%dT%H:%M")


def test_it_is_published_when_its_time_has_come_and_once(browser: Browser) -> None:
    form = {"text": "13:30 继续", "publish_at": in_an_hour(), "roles": ["marker"]}
    shown = browser.post("/announcements", data=form).text
    assert "等待发布" in shown
    assert "13:30 继续" in shown
    with store_of(browser).writing() as db:
        assert publish_due(db, now()) == 0
        assert publish_due(db, now() + timedelta(hours=2)) == 1
        assert publish_due(db, now() + timedelta(hours=2)) == 0
        said = announcements.recent(db)[0]
    assert (said.text, said.author, said.kind) == ("13:30 继续", ADMIN, "manual")
    assert "等待发布" not in browser.get("/announcements").text
    announce_job(store_of(browser))


def test_several_districts_are_told_at_once_and_nobody_else(browser: Browser) -> None:
    form = {"text": "请核对名册", "districts": ["1", "3"], "roles": ["leader"]}
    assert browser.post("/announcements", data=form).text.count("请核对名册") == 2
    browser.post("/announcements", data={"text": "明天的安排", "districts": "2"})
    browser.post("/announcements", data={"text": "开始"})
    wrong = browser.post("/announcements", data={"text": "谁？", "districts": ["1", "99"]})
    assert (wrong.status_code, "谁？" in wrong.text) == (404, True)
    with store_of(browser).reading() as db:
        said = announcements.recent(db)
    assert [(one.text, one.district_id) for one in said if one.kind == "manual"] == [
        ("开始", 0),
        ("明天的安排", 2),
        ("请核对名册", 3),
        ("请核对名册", 1),
    ]


def test_it_is_called_off_before_its_time(browser: Browser) -> None:
    browser.post("/announcements", data={"text": "午休", "publish_at": in_an_hour()})
    assert "已取消" in browser.post("/announcements/1/cancel").text
    assert browser.post("/announcements/1/cancel").status_code == 409
    with store_of(browser).writing() as db:
        assert publish_due(db, now() + timedelta(hours=2)) == 0
        assert planned.waiting(db) == []


@pytest.mark.parametrize(
    "change", [{"publish_at": "2020-01-01T12:00"}, {"publish_at": "noon"}, {"text": " "}]
)
def test_what_cannot_be_planned_stays_typed(browser: Browser, change: dict[str, str]) -> None:
    form = {"text": "请注意", "publish_at": in_an_hour()} | change
    answer = browser.post("/announcements", data=form)
    assert answer.status_code == 400
    assert form["publish_at"] in answer.text


def test_who_has_not_read_it_is_named_by_district(browser: Browser) -> None:
    browser.post("/announcements", data={"text": "请清点人数", "roles": ["leader"]})
    with store_of(browser).writing() as db:
        announcements.put_receipt(db, 1, 4, stamp(now()))
    shown = browser.get("/announcements/1").text
    assert "请清点人数" in shown
    assert "100.0%" in shown
    assert shown.count("0.0%") - shown.count("100.0%") == 3
    assert browser.get("/announcements/99").status_code == 404
