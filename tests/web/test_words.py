"""How values are written on pages."""

from datetime import UTC, datetime

import pytest

from shared.web import words


@pytest.mark.parametrize(
    ("done", "total", "text"),
    [(0, 0, "--"), (0, 5, "0.0%"), (809, 1000, "80.9%"), (9999, 10000, "99.9%"), (7, 7, "100.0%")],
)
def test_shares(done: int, total: int, text: str) -> None:
    assert words.share(done, total) == text


def test_numbers_have_thousands_and_a_dash_for_nothing() -> None:
    assert words.number(100240) == "100,240"
    assert words.number(0) == "0"
    assert words.number(None) == "--"


def test_times_are_local() -> None:
    moment = datetime(2023, 4, 13, 5, 5, 20, tzinfo=UTC)
    assert words.clock(moment) == moment.astimezone().strftime("%H:%M:%S")
    assert words.clock("2023-04-13T05:05:20.000Z") == words.clock(moment)
    assert words.clock(None) == words.day_clock(None) == "--"


def test_phones_are_masked() -> None:
    assert words.phone("19900000001") == "199****0001"
    assert words.phone("1") == "****"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (2_000_000, "2.0 MB"), (3.2e12, "3.2 TB"), (None, "--")],
)
def test_sizes(count: float | None, text: str) -> None:
    assert words.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 秒"), (360, "6 分钟"), (7200, "2 小时"), (90_000, "1 天")]
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text
