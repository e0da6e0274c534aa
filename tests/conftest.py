"""What all tests share: their order, and that the long campaigns run only when asked for."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER_TESTS = "tests/browser/"
WORLDS = "tests/simulation/test_simulation.py"
"""Its tests share nothing."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="the long campaigns too",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The browser tests are one long chain in front of one lab: begun first, they end with the rest.
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER_TESTS))
    if config.getoption("--long"):
        return
    left_out = pytest.mark.skip(reason="a long campaign: run with --long")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(left_out)


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Which tests stay on one worker: a file's, with what they share, and all the browser's."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(BROWSER_TESTS):
            return BROWSER_TESTS
        if nodeid.startswith(WORLDS):
            return nodeid
        return nodeid.split("::", 1)[0]


@pytest.fixture(autouse=True)
def _no_log_of_another_test() -> Iterator[None]:
    yield
    # A program that ran inside this process has begun a log, on a console that is gone by now.
    root = logging.getLogger()
    for handler in [h for h in root.handlers if getattr(h, "is_ours", False)]:
        root.removeHandler(handler)
        handler.close()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Together(config, log)
