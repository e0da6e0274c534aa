"""What all tests share: their order, and that the long campaigns run only when asked for."""

from pathlib import Path

import pytest

BROWSER_TESTS = Path(__file__).parent / "browser"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="the long campaigns too: 200 simulated worlds",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Playwright's event loop runs in the main thread from the first browser test to the last:
    # no other test could call asyncio.run after it.
    items.sort(key=lambda item: item.path.is_relative_to(BROWSER_TESTS))
    if config.getoption("--long"):
        return
    left_out = pytest.mark.skip(reason="a long campaign: run with --long")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(left_out)
