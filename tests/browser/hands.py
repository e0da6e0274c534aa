"""What a teacher does at the marking page, by keyboard, and what is to be seen then."""

import json
import re
import time
from collections.abc import Callable, Iterable
from http.client import NO_CONTENT
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Request, Route, expect

from hub.rehearsal.cast import CastPerson
from tests.browser.conftest import BrowserLab

SIX = "321032"
LINK = re.compile(r"/(api|videos)/")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
}"""
ASK_GUARD_MS = 450
"""A second Enter this soon after the question is taken for the first one's echo."""


def opened(lab: BrowserLab, person: CastPerson, width: int = 1366, height: int = 768) -> Page:
    page = lab.page(width, height)
    lab.sign_in(page, person)
    page.wait_for_url("**/mark")
    expect(page.get_by_test_id("rows")).to_be_visible()
    return page


def press(page: Page, keys: Iterable[str]) -> None:
    for key in keys:
        page.keyboard.press(key)


def code(page: Page) -> str:
    return page.get_by_test_id("code").inner_text()


def submit(page: Page) -> dict[str, Any]:
    """确定 by keyboard, and yes to having heard little; what the node was sent."""
    with page.expect_request("**/api/marks") as sent:
        page.keyboard.press("Enter")
        if page.get_by_test_id("ask").is_visible():
            page.wait_for_timeout(ASK_GUARD_MS)
            page.keyboard.press("Enter")
    answered = sent.value.response()
    assert answered is not None and answered.status == 200, answered and answered.text()
    return body_of(sent.value)


def body_of(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.post_data or "{}")
    return body


def marked(page: Page, words: str) -> None:
    expect(page.get_by_test_id("marked")).to_have_text(f"已评 {words}")


def until_playing(page: Page) -> None:
    """Not wait_for_function: the page's policy lets nobody evaluate strings, not even that."""
    deadline = time.monotonic() + 10
    while not page.evaluate("document.querySelector('video.front').currentTime > 0.2"):
        assert time.monotonic() < deadline, "the clip does not play"
        page.wait_for_timeout(100)


def row_of(page: Page, performance: str) -> Locator:
    return page.get_by_test_id("history-row").filter(has_text=performance)


def intercept(
    page: Page,
    pattern: str | re.Pattern[str],
    handle: Callable[[Route], None],
    times: int | None = None,
) -> None:
    """Routes, and returns when the page obeys: a key pressed at once would overtake it."""
    page.route(pattern, handle, times=times)
    page.route("**/obeys", lambda route: route.fulfill(status=NO_CONTENT))
    deadline = time.monotonic() + 10
    while page.evaluate("fetch('/obeys').then((answer) => answer.status)") != NO_CONTENT:
        assert time.monotonic() < deadline, "the page's requests are not intercepted"
    page.unroute("**/obeys")


def cut_off(page: Page) -> None:
    """From the node, until its LINK is routed no longer."""
    intercept(page, LINK, lambda route: route.abort())


def reconnect(page: Page) -> None:
    """Presses 立即重连 if it is still there: the page comes back by itself too."""
    page.evaluate("document.querySelector('[data-testid=reconnect]')?.click()")


def leave_ask(page: Page) -> None:
    page.keyboard.press("Enter")
    if page.get_by_test_id("ask").is_visible():
        page.wait_for_timeout(ASK_GUARD_MS)
        page.keyboard.press("Enter")


def faults_of(page: Page) -> list[str]:
    """What axe finds. Nothing else leaves the page: all that it looked at would take as long."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    faults: list[str] = page.evaluate(AXE_RUN, RULES)
    return faults
