"""Real Chromiums, of today and of Windows 7, in front of a real lab."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from hub.rehearsal.cast import CastPerson
from tests.lab import Lab, build_lab

# A lab's PCs open plain http at an address of the LAN, where browsers withhold much that they
# give to 127.0.0.1; a name of its own is treated likewise, and leads to the same processes.
HOST = "lab.test"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
]
CURRENT, OLD = "current", "109"
OLD_CHROMIUM = Path(__file__).parents[2] / ".venv" / "browsers" / "chromium-109.0.6" / "chromium"
"""Put there by packaging/dev.py setup."""


class BrowserLab:
    """The lab as seen from its PCs."""

    def __init__(self, lab: Lab, browser: Browser) -> None:
        self.lab = lab
        self.browser = browser
        self.url = f"http://{HOST}:{urlsplit(lab.url).port}"
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "browser" in metafunc.fixturenames:
        is_for_both = metafunc.definition.get_closest_marker("on_109_too") is not None
        names = [CURRENT, OLD] if is_for_both else [CURRENT]
        metafunc.parametrize("browser", names, indirect=True, scope="package")


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright, request: pytest.FixtureRequest) -> Iterator[Browser]:
    path = old_chromium() if request.param == OLD else current_chromium()
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


def current_chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((p for n in names if (p := shutil.which(n))), None)
    if path is None:
        pytest.fail("no Chromium: run python3 packaging/dev.py setup")
    return path


def old_chromium() -> str:
    if not OLD_CHROMIUM.exists():
        missing = "no Chromium 109: run python3 packaging/dev.py setup"
        # On a developer's machine it may not be to be had; where it counts, nothing is passed over.
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return str(OLD_CHROMIUM)


@pytest.fixture(scope="package")
def real_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root: Path = tmp_path_factory.mktemp("声评 实验室")
    # Enough work for every test, on each of the two browsers.
    lab = build_lab(root, works=40)
    yield lab
    lab.node.stop()
    lab.hub.stop()


@pytest.fixture
def lab(real_lab: Lab, browser: Browser) -> Iterator[BrowserLab]:
    seen = BrowserLab(real_lab, browser)
    yield seen
    for context in browser.contexts:
        context.close()
