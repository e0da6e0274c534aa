"""A real Chromium in front of a real lab."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hub.rehearsal.cast import CastPerson
from tests.lab import Lab, build_lab

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class BrowserLab:
    """The lab as seen from its PCs."""

    def __init__(self, lab: Lab, browser: Browser) -> None:
        self.lab = lab
        self.browser = browser
        self.url = lab.url
        self.markers = lab.markers
        self.leader = lab.leader
        self.lead = lab.lead

    def page(self, width: int = 1366, height: int = 768) -> Page:
        """A new PC: its own cookies and storage."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN"
        )
        return context.new_page()

    def sign_in(self, page: Page, person: CastPerson) -> None:
        """Types and clicks as a teacher does, up to the page that follows."""
        page.goto(self.url)
        page.fill("[name=phone]", person.phone)
        page.fill("[name=password]", person.password)
        page.click("button.sign-in-go")
        page.wait_for_url(f"{self.url}/**")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(
        (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))),
        None,
    )
    if path is None:
        pytest.fail("no Chromium: run python3 packaging/dev.py setup")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def real_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root: Path = tmp_path_factory.mktemp("声评 实验室")
    lab = build_lab(root)
    yield lab
    lab.node.stop()
    lab.hub.stop()


@pytest.fixture
def lab(real_lab: Lab, browser: Browser) -> Iterator[BrowserLab]:
    seen = BrowserLab(real_lab, browser)
    yield seen
    for context in browser.contexts:
        context.close()
