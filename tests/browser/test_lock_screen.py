"""锁屏: a page that was left shows nothing and does nothing until its person is back."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BrowserLab
from tests.browser.hands import (
    LINK,
    SIX,
    code,
    cut_off,
    faults_of,
    leave_ask,
    marked,
    opened,
    press,
)

pytestmark = pytest.mark.browser

TWENTY_ONE_MINUTES_PASS = """() => {
  const now = Date.now;
  Date.now = () => now() + 21 * 60_000;
}"""


def lock(page: Page) -> None:
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("menuitem", name="锁屏").click()
    expect(page.get_by_test_id("lock")).to_be_visible()


def unlock(page: Page, password: str) -> None:
    page.get_by_label("输入密码继续阅卷").fill(password)
    page.keyboard.press("Enter")


@pytest.mark.on_109_too
def test_a_locked_page_hides_all_and_goes_on_where_it_was(lab: BrowserLab) -> None:
    person = lab.markers[0]
    page = opened(lab, person)
    before = code(page)
    press(page, "32")
    lock(page)
    expect(page.get_by_test_id("rows")).to_be_hidden()
    assert page.evaluate("document.querySelector('video.front').paused")
    assert faults_of(page) == []
    press(page, ["Escape", "Escape", "Escape", "1"])
    expect(page.get_by_test_id("lock")).to_be_visible()
    unlock(page, "not it")
    expect(page.get_by_test_id("lock")).to_contain_text("密码不对")
    with page.expect_response("**/api/unlock"):
        unlock(page, person.password)
    expect(page.get_by_test_id("lock")).to_be_hidden()
    expect(page.get_by_test_id("code")).to_have_text(before)
    marked(page, "2 / 6")


def test_a_page_left_for_twenty_minutes_locks_itself_and_no_reload_opens_it(
    lab: BrowserLab,
) -> None:
    person = lab.markers[0]
    page = opened(lab, person)
    before = code(page)
    with page.expect_response("**/api/lock", timeout=10_000):
        page.evaluate(TWENTY_ONE_MINUTES_PASS)
    page.reload()
    expect(page.get_by_test_id("lock")).to_be_visible()
    expect(page.get_by_test_id("rows")).to_be_hidden()
    unlock(page, person.password)
    expect(page.get_by_test_id("code")).to_have_text(before)


def test_a_mark_on_its_way_arrives_though_the_page_is_locked(lab: BrowserLab) -> None:
    person = lab.markers[0]
    page = opened(lab, person)
    expect(page.get_by_test_id("ready")).to_have_text("已备好 下 2 份")
    cut_off(page)
    press(page, SIX)
    leave_ask(page)
    lock(page)
    page.get_by_role("button", name="退出，换人登录").click()
    expect(page.get_by_test_id("lock")).to_contain_text("还有 1 份待上传")
    unlock(page, person.password)
    expect(page.get_by_test_id("lock")).to_contain_text("连不上机房服务器")
    with page.expect_response("**/api/lock", timeout=20_000):
        page.unroute(LINK)
    unlock(page, person.password)
    expect(page.get_by_test_id("lock")).to_be_hidden()
    expect(page.get_by_test_id("saved")).to_have_text("评分已保存")
