"""What all tests share: the long campaigns run only when they are asked for."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="the long campaigns too: 200 simulated worlds, a real object store",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    left_out = pytest.mark.skip(reason="a long campaign: run with --long")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(left_out)
