"""The marking page before a teacher: real keys, real videos, a real node."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import BrowserLab
from tests.browser.hands import (
    SIX,
    code,
    marked,
    opened,
    press,
    submit,
    until_playing,
)
from tests.browser.room import CUT, TELL_VIOLATIONS

pytestmark = pytest.mark.browser


@pytest.fixture
def marking(lab: BrowserLab) -> Iterator[Page]:
    """The first marker sits before an open clip, and everything that went wrong is told."""
    page = opened(lab, lab.markers[0])
    yield page


@pytest.mark.on_109_too
@pytest.mark.acceptance(10)
def test_from_the_sign_in_a_clip_plays_with_sound_by_itself(lab: BrowserLab) -> None:
    page = lab.page()
    lab.sign_in(page, lab.markers[0])
    page.wait_for_url("**/mark")
    # No call into the page before it has tried to play: each would count as a gesture.
    page.wait_for_timeout(2500)
    until_playing(page)
    video = page.locator("video.front")
    assert video.evaluate("v => !v.muted && v.volume > 0 && v.videoWidth > 0")
    expect(page.get_by_test_id("overlay")).to_be_hidden()
    assert page.locator("video").count() == 2


@pytest.mark.on_109_too
@pytest.mark.acceptance(10)
def test_a_reloaded_page_asks_for_a_key_before_it_plays(lab: BrowserLab) -> None:
    page = lab.page()
    lab.sign_in(page, lab.markers[0])
    page.wait_for_url("**/mark")
    page.reload()
    # No call into the page before it has tried to play: each would count as a gesture.
    page.wait_for_timeout(2500)
    overlay = page.get_by_test_id("overlay")
    expect(overlay).to_be_visible()
    page.keyboard.press("Escape")
    expect(overlay).to_be_visible()
    page.keyboard.press("Space")
    expect(overlay).to_be_hidden()


@pytest.mark.on_109_too
@pytest.mark.acceptance(1)
def test_seven_keys_make_a_mark_and_the_next_clip_opens(marking: Page) -> None:
    first = code(marking)
    press(marking, SIX)
    marked(marking, "6 / 6")
    body = submit(marking)
    assert list(body["levels"].values()) == [3, 2, 1, 0, 3, 2]
    expect(marking.get_by_test_id("code")).not_to_have_text(first)
    expect(marking.get_by_test_id("toast")).to_contain_text(f"{first} 已提交")
    expect(marking.get_by_test_id("saved")).to_have_text("评分已保存")
    expect(marking.get_by_test_id("reported")).to_have_text("已上报")
    marked(marking, "0 / 6")


def test_a_seventh_digit_and_a_second_enter_do_nothing(marking: Page) -> None:
    press(marking, SIX)
    press(marking, "0")
    expect(marking.get_by_test_id("hint")).to_contain_text("已评完")
    assert list(submit(marking)["levels"].values()) == [3, 2, 1, 0, 3, 2]
    opened_now = code(marking)
    sent: list[Request] = []
    marking.on("request", lambda r: sent.append(r) if r.url.endswith("/api/marks") else None)
    press(marking, ["Enter", "Enter"])
    marking.wait_for_timeout(300)
    assert code(marking) == opened_now
    assert sent == []


@pytest.mark.on_109_too
def test_a_mark_can_be_taken_back_and_the_open_one_is_as_it_was(marking: Page) -> None:
    first = code(marking)
    press(marking, SIX)
    given = submit(marking)
    expect(marking.get_by_test_id("code")).not_to_have_text(first)
    second = code(marking)
    press(marking, "22")
    press(marking, "z")
    expect(marking.get_by_test_id("strip")).to_contain_text(f"正在修改 {first}")
    press(marking, "0")
    revision = submit(marking)
    assert revision["revises"] == given["event_id"]
    assert list(revision["levels"].values()) == [0, 2, 1, 0, 3, 2]
    expect(marking.get_by_test_id("code")).to_have_text(second)
    marked(marking, "2 / 6")


@pytest.mark.on_109_too
def test_a_third_mark_shows_only_the_criteria_in_dispute(lab: BrowserLab) -> None:
    person, performance = lab.lab.dispute(["pitch", "rhythm"])
    page = opened(lab, person)
    # Groups with third marks are listed first, and in a group third marks come first.
    press(page, ["t", "1"])
    expect(page.get_by_test_id("code")).to_have_text(performance)
    expect(page.get_by_test_id("round")).to_have_text("3评")
    expect(page.get_by_test_id("strip")).to_have_text("3评：只评前两次评分不一致的 2 项")
    expect(page.get_by_test_id("agreed")).to_have_text(
        "综合、表现力、歌词表达、流畅性：两次评分一致，无需再评。"
    )
    expect(page.get_by_role("radiogroup")).to_have_count(2)
    press(page, "21")
    assert submit(page)["levels"] == {"pitch": 2, "rhythm": 1}


def test_an_exception_needs_no_levels(marking: Page) -> None:
    press(marking, ["Alt+1"])
    press(marking, "3")
    expect(marking.get_by_test_id("hint")).to_contain_text("取消标记")
    body = submit(marking)
    assert (body["exception"], body["levels"]) == ("no_picture", {})


def test_an_incomplete_recording_may_have_levels_too(marking: Page) -> None:
    press(marking, ["Alt+2", "3"])
    expect(marking.get_by_test_id("submit")).to_have_attribute("aria-disabled", "true")
    press(marking, "33333")
    body = submit(marking)
    assert (body["exception"], len(body["levels"])) == ("incomplete", 6)


@pytest.mark.on_109_too
def test_the_top_bar_has_room_for_all_that_it_may_have_to_say(lab: BrowserLab) -> None:
    page = opened(lab, lab.markers[2])
    press(page, SIX)
    submit(page)
    page.evaluate(FULLEST_BAR)
    expect(page.get_by_test_id("toast")).to_contain_text("已提交撤回修改")
    assert page.evaluate(CUT) == []


FULLEST_BAR = """() => {
  document.documentElement.dataset.font = "large";
  const words = {
    "group-name": "小学音乐-自选歌曲", "trial-tag": "试阅，17:30 清空", done: "120", total: "240",
    eta: "约 14:20 完成", "reported-state": "120 份待上报", unread: "2",
  };
  for (const [id, text] of Object.entries(words)) {
    const place = document.getElementById(id);
    place.hidden = false;
    place.textContent = text;
  }
}"""


def test_the_layout_is_remembered_for_the_account(lab: BrowserLab) -> None:
    page = opened(lab, lab.markers[1])
    with page.expect_response("**/api/preferences"):
        press(page, "v")
    again = opened(lab, lab.markers[1])
    assert again.evaluate("document.body.dataset.layout") == "brief"
    with again.expect_response("**/api/preferences"):
        press(again, "v")


def test_the_picture_is_enlarged_and_set_back(marking: Page) -> None:
    press(marking, "ddd")
    transform = "document.querySelector('video.front').style.transform"
    assert "scale(1.5)" in marking.evaluate(transform)
    assert marking.evaluate("document.body.dataset.layout") == "brief"
    marking.get_by_role("button", name="菜单").click()
    marking.get_by_role("menuitem", name="原始大小").click()
    assert marking.evaluate(transform) == ""
    assert marking.evaluate("document.body.dataset.layout") == "full"


def test_the_mouse_leaves_the_space_bar_to_the_video(marking: Page) -> None:
    until_playing(marking)
    marking.get_by_role("radio").nth(1).click()
    marked(marking, "1 / 6")
    press(marking, ["Space"])
    expect(marking.get_by_role("button", name="播放", exact=True)).to_be_visible()
    marked(marking, "1 / 6")


@pytest.mark.on_109_too
@pytest.mark.acceptance(13)
@pytest.mark.acceptance(14)
@pytest.mark.acceptance(15)
def test_the_browser_has_nothing_to_complain_about(lab: BrowserLab) -> None:
    page = lab.page()
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.add_init_script(TELL_VIOLATIONS)
    lab.sign_in(page, lab.markers[0])
    page.wait_for_url("**/mark")
    expect(page.get_by_test_id("rows")).to_be_visible()
    press(page, [*SIX, "Enter", "h", "Escape", "t", "Escape", "c", "Escape", "d", "f", "l", "r"])
    words = page.inner_text("body")
    assert wrong == []
    assert not re.search(r"NaN|undefined|null|\[object", words)


@pytest.mark.on_109_too
@pytest.mark.acceptance(14)
def test_these_tests_sit_where_a_lab_sits_and_notice_what_the_policy_forbids(
    lab: BrowserLab,
) -> None:
    page = opened(lab, lab.markers[0])
    assert page.evaluate("[isSecureContext, typeof crypto.subtle]") == [False, "undefined"]
    version = page.evaluate("navigator.userAgent.match(/Chrome\\/(\\d+)/)[1]")
    assert version == lab.browser.version.split(".")[0]
    page.evaluate(TELL_VIOLATIONS)
    with page.expect_console_message(lambda m: "against the policy: img-src" in m.text):
        page.evaluate("new Image().src = 'http://127.0.0.1:9/x.png'")
