"""The check of a PC in a real Chromium: a known-bad one is caught, a good one passes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from node.pages import check
from tests.browser.desks import Desk, a_lead_desk
from tests.browser.test_management import faults_of

pytestmark = pytest.mark.browser
VIDEO_DONE = "[data-line=video]:not(.is-open)"
SLOW_BYTES_PER_S = 5_000_000 // 8


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_lead_desk(tmp_path_factory.mktemp("site")) as desk:
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


def test_a_good_pc_passes_with_two_ears_and_seven_keys(desk: Desk, browser: Browser) -> None:
    page = a_pc(browser, 1366, 768)
    page.goto(desk.url + "/check")
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
    page.context.close()
