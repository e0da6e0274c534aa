"""Killed, cut off or put back in time: every mark comes to the city, and comes once."""

import re
import shutil
import time

import httpx
import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import BrowserLab
from tests.browser.hands import (
    LINK,
    SIX,
    body_of,
    code,
    cut_off,
    intercept,
    leave_ask,
    opened,
    press,
    reconnect,
    row_of,
    submit,
    until_playing,
)

pytestmark = pytest.mark.browser

KEPT = "Object.keys(localStorage).filter((name) => name.startsWith('shengping.kept.')).length"
PATIENCE_MS = 90_000
SENT_ALONG = ("cookie", "content-type")


def is_saved(page: Page) -> None:
    expect(page.get_by_test_id("saved")).to_have_text("评分已保存", timeout=PATIENCE_MS)


def is_reported(page: Page) -> None:
    """The city has all, so this PC keeps none of it any longer."""
    expect(page.get_by_test_id("reported")).to_have_text("已上报", timeout=PATIENCE_MS)
    assert page.evaluate(KEPT) == 0


@pytest.mark.on_109_too
def test_without_the_node_marking_goes_on_and_nothing_is_lost(lab: BrowserLab) -> None:
    page = opened(lab, lab.markers[1])
    expect(page.get_by_test_id("ready")).to_have_text("已备好 下 2 份")
    cut_off(page)
    press(page, SIX)
    leave_ask(page)
    expect(page.get_by_test_id("saved")).to_have_text("1 份待上传")
    expect(page.get_by_test_id("reported")).to_be_hidden()
    bar = page.get_by_test_id("bar")
    expect(bar).to_contain_text(re.compile(r"与机房服务器的连接已断开 00:0\d"))
    expect(bar).to_contain_text("可以继续评阅本机已备好的 2 份")
    expect(page.get_by_test_id("reconnect")).to_be_enabled()
    until_playing(page)
    page.unroute(LINK)
    reconnect(page)
    is_saved(page)
    expect(bar).to_be_hidden()
    is_reported(page)


def test_marks_wait_on_this_pc_over_a_reload(lab: BrowserLab) -> None:
    page = opened(lab, lab.markers[1])
    page.on("dialog", lambda dialog: dialog.accept())
    intercept(page, "**/api/marks", lambda route: route.abort())
    first = code(page)
    press(page, SIX)
    leave_ask(page)
    expect(page.get_by_test_id("saved")).to_have_text("1 份待上传")
    page.reload()
    expect(page.get_by_test_id("saved")).to_have_text("1 份待上传")
    expect(page.get_by_test_id("code")).not_to_have_text(first)
    with page.expect_response("**/api/marks", timeout=20_000) as answered:
        page.unroute("**/api/marks")
    assert answered.value.json()["saved"] is True
    is_saved(page)
    press(page, "h")
    expect(row_of(page, first)).to_have_count(1)
    page.get_by_label("只看有标记的").check()
    expect(page.get_by_text("没有符合条件的评分")).to_be_visible()


def test_nobody_leaves_while_a_mark_waits(lab: BrowserLab) -> None:
    page = opened(lab, lab.markers[2])
    page.on("dialog", lambda dialog: dialog.accept())
    cut_off(page)
    press(page, SIX)
    leave_ask(page)
    expect(page.get_by_test_id("saved")).to_have_text("1 份待上传")
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("menuitem", name="退出").click()
    expect(page.get_by_test_id("toast")).to_contain_text("还有 1 份待上传")
    page.locator("#person-button").click()
    page.get_by_test_id("dialog").get_by_role("button", name="退出").click()
    expect(page.get_by_test_id("dialog")).to_be_hidden()
    expect(page.get_by_test_id("toast")).to_contain_text("还有 1 份待上传")
    page.unroute(LINK)
    is_saved(page)


@pytest.mark.on_109_too
@pytest.mark.acceptance(8)
@pytest.mark.parametrize("away_s", [5, pytest.param(60, marks=pytest.mark.long)])
def test_a_node_killed_in_the_middle_loses_nothing_and_delivers_once(
    lab: BrowserLab, away_s: int
) -> None:
    page = opened(lab, lab.markers[2])
    expect(page.get_by_test_id("ready")).to_have_text("已备好 下 2 份")
    given: list[int] = []
    page.on("requestfinished", lambda r: note_task(r, given))
    page.on("requestfailed", lambda r: note_task(r, given))

    def answered_into_the_void(route: Route) -> None:
        headers = {n: v for n, v in route.request.all_headers().items() if n in SENT_ALONG}
        body = route.request.post_data
        httpx.post(f"{lab.lab.url}/api/marks", headers=headers, content=body).raise_for_status()
        route.abort()

    intercept(page, "**/api/marks", answered_into_the_void, times=1)
    press(page, SIX)
    with page.expect_event("requestfailed", lambda r: r.url.endswith("/api/marks")):
        leave_ask(page)
    lab.lab.kill_node()
    killed_at = time.monotonic()
    try:
        press(page, SIX)
        leave_ask(page)
        expect(page.get_by_test_id("saved")).to_have_text("2 份待上传")
        expect(page.get_by_test_id("bar")).to_contain_text("与机房服务器的连接已断开")
        until_playing(page)
        page.wait_for_timeout(max(0, 1000 * away_s - 1000 * (time.monotonic() - killed_at)))
    finally:
        lab.lab.start_node()
    is_saved(page)
    expect(page.get_by_test_id("bar")).to_be_hidden()
    is_reported(page)
    assert len(set(given)) == 2
    assert [lab.lab.standings_at_the_city(task) for task in set(given)] == [["counted"]] * 2


def note_task(request: Request, given: list[int]) -> None:
    if request.url.endswith("/api/marks"):
        given.append(body_of(request)["task_id"])


def test_while_the_city_is_away_marks_are_saved_and_reported_later(lab: BrowserLab) -> None:
    page = opened(lab, lab.markers[1])
    first = code(page)
    lab.lab.stop_hub()
    try:
        press(page, SIX)
        submit(page)
        is_saved(page)
        expect(page.get_by_test_id("reported")).to_have_text("1 份待上报")
        expect(page.get_by_test_id("bar")).to_be_hidden()
        press(page, "h")
        expect(row_of(page, first)).to_contain_text("待上报")
        press(page, ["Escape"])
    finally:
        lab.lab.start_hub()
    is_reported(page)
    press(page, "h")
    expect(row_of(page, first)).to_contain_text("已上报")


def test_what_a_node_put_back_in_time_forgot_this_pc_gives_it_again(lab: BrowserLab) -> None:
    page = opened(lab, lab.markers[1])
    database = lab.lab.node.data / "node.db"
    earlier = database.with_suffix(".earlier")
    lab.lab.stop_node()
    shutil.copy(database, earlier)
    lab.lab.start_node()
    lab.lab.stop_hub()
    try:
        press(page, SIX)
        given = submit(page)
        is_saved(page)
        lab.lab.kill_node()
        for rest in database.parent.glob("node.db-*"):
            rest.unlink()
        earlier.replace(database)
        # The page asks by itself too: whichever comes first, this or the reload, gives it again.
        with page.expect_request("**/api/marks", timeout=PATIENCE_MS) as again:
            lab.lab.start_node()
            page.reload()
        del given["given_at"]
        assert body_of(again.value) == given | {"is_again": True}
        expect(page.get_by_test_id("reported")).to_have_text("1 份待上报")
    finally:
        lab.lab.start_hub()
    is_reported(page)
    assert lab.lab.standings_at_the_city(given["task_id"]) == ["counted"]
