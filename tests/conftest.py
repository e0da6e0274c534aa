"""What all tests share: their order, and that the long campaigns run only when asked for."""

from pathlib import Path

import pytest

BROWSER_TESTS = Path(__file__).parent / "browser"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="the long campaigns too",
    )


# First: what names the groups of a parallel run to its workers reads the markers given here.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The browser tests are one long chain in front of one lab: begun first, they end with the rest.
    items.sort(key=lambda item: not is_in_browser(item))
    left_out = pytest.mark.skip(reason="a long campaign: run with --long")
    for item in items:
        # In parallel runs a file stays on one worker, with what its tests share.
        name = "browser" if is_in_browser(item) else str(item.path)
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(name))
        if item.get_closest_marker("long") and not config.getoption("--long"):
            item.add_marker(left_out)


def is_in_browser(item: pytest.Item) -> bool:
    return item.path.is_relative_to(BROWSER_TESTS)
