"""The check of a PC in a real Chromium: a known-bad one is caught, a good one passes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from node.app import create_app
from node.pages import check
from node.settings import NodeSettings
from tests.browser.desks import Desk, a_lead_desk, served
from tests.browser.hands import faults_of
from tests.makers import CHEN, NAMES, a_phone, a_sitting_card, an_account_card, an_exam_card
from tests.node.standin_hub import StandInHub

pytestmark = pytest.mark.browser
VIDEO_DONE = "[data-line=video]:not(.is-open)"
SLOW_BYTES_PER_S = 5_000_000 // 8


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_lead_desk(tmp_path_factory.mktemp("site"), daily_check="must") as desk:
        yield desk


def a_pc(browser: Browser, width: int, height: int) -> Page:
    """Its beeps are always two."""
    page = browser.new_context(
        viewport={"width": width, "height": height},
        screen={"width": width, "height": height},
        locale="zh-CN",
    ).new_page()
    page.add_init_script("Math.random = () => 0")
    return page


def red_lines(page: Page) -> list[str]:
    return page.locator(".line.is-bad h2").all_inner_texts()


def test_a_muted_narrow_pc_on_a_5_mbit_line_is_caught(
    desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "SPEED_BYTES", 1_500_000)
    check._noise.cache_clear()
    page = a_pc(browser, 1024, 768)
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    limits = {"latency": 0, "downloadThroughput": SLOW_BYTES_PER_S, "uploadThroughput": -1}
    wire.send("Network.emulateNetworkConditions", limits | {"offline": False})
    page.goto(desk.url + "/check")
    page.wait_for_selector(VIDEO_DONE, timeout=60_000)
    page.click("[data-play=left]")
    page.click("[data-heard='0']")
    page.click("[data-play=right]")
    page.click("[data-heard='0']")
    expect(page.locator("[data-line=sound]")).to_have_class("line is-bad")
    assert page.inner_text("[data-title]") == "这台电脑还不能阅卷"
    assert red_lines(page) == ["画面", "声音", "到服务器速度"]
    assert all(page.locator(".is-bad .line-remedy").all_inner_texts())
    assert faults_of(page) == []
    page.context.close()
    check._noise.cache_clear()


def test_the_first_teacher_of_the_day_passes_with_two_ears_and_seven_keys(
    desk: Desk, browser: Browser
) -> None:
    page = a_pc(browser, 1366, 768)
    page.goto(desk.url)
    page.fill("[name=phone]", a_phone(CHEN))
    page.fill("[name=password]", a_phone(CHEN)[-4:])
    page.keyboard.press("Enter")
    page.wait_for_url("**/check")
    expect(page.get_by_test_id("onward")).to_be_hidden()
    sound = page.locator("[data-line=sound] [data-text]")
    expect(sound).to_have_text("请戴上耳机，听一听左耳和右耳")
    page.click("[data-play=left]")
    page.keyboard.press("2")
    page.click("[data-play=right]")
    page.keyboard.press("Numpad2")
    for key in ("3", "2", "Numpad1", "0", "NumpadEnter", "d", "f"):
        page.keyboard.press(key)
    for name in ("browser", "screen", "sound", "keys"):
        expect(page.locator(f"[data-line={name}]")).to_have_class("line is-ok", timeout=60_000)
    page.wait_for_selector(VIDEO_DONE, timeout=60_000)
    # How fast and smooth is this machine's own affair; that both were measured is not.
    assert page.locator(".line.is-open").count() == 0
    page.get_by_test_id("onward").click()
    page.wait_for_url("**/mark")
    page.context.close()


CLICKS_MAX = 25


@pytest.fixture
def new_node(tmp_path: Path) -> Iterator[str]:
    """As it is after its installation; the city knows its code and its people."""
    people = [an_account_card(account) for account in NAMES]
    hub = StandInHub(feed=[an_exam_card(), a_sitting_card(), *people])
    with served(create_app(NodeSettings(data=tmp_path), hub.http)) as url:
        yield url


def test_the_set_up_takes_few_clicks_and_goes_on_where_it_was_left(
    new_node: str, browser: Browser
) -> None:
    page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN").new_page()
    page.goto(new_node)
    page.keyboard.type("http://hub.test#RIGHT")
    clicks = 0
    for step in ("检查网络", "存放位置", "下载带宽", "地址与端口", "核对名册", "完成"):
        page.click(".setup-acts .is-primary")
        clicks += 1
        expect(page.locator("[aria-current=step]")).to_contain_text(step, timeout=60_000)
        assert faults_of(page) == [], step
        page.goto(f"{new_node}/setup")
        expect(page.locator("[aria-current=step]")).to_contain_text(step)
    page.goto(f"{new_node}/poster")
    assert "hub" not in page.inner_text(".poster-address")
    assert page.locator(".poster img").evaluate("image => image.naturalWidth") > 100
    assert faults_of(page) == []
    page.goto(f"{new_node}/setup")
    page.click(".setup-acts .is-primary")
    expect(page.locator("[name=phone]")).to_be_visible()
    assert clicks + 1 <= CLICKS_MAX
    page.context.close()
