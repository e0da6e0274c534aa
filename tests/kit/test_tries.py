"""How guessing is slowed down."""

from datetime import UTC, datetime, timedelta

from shared.kit import tries

NOON = datetime(2023, 4, 13, 4, 0, tzinfo=UTC)


def test_waiting_grows_and_ends() -> None:
    waits = [tries.tries_wait_s(n) for n in range(20)]
    assert waits[:6] == [0, 0, 0, 0, 0, 15]
    assert waits == sorted(waits)
    assert waits[-1] == tries.WAIT_S_MAX


def test_the_wait_counts_from_the_last_wrong_try_and_forgets_old_ones() -> None:
    wrong = [NOON - timedelta(seconds=s) for s in (50, 40, 30, 20, 10)]
    assert tries.wait_left_s(wrong, NOON) == 5
    assert tries.wait_left_s(wrong, NOON + timedelta(seconds=5)) == 0
    assert tries.wait_left_s(wrong, NOON + timedelta(hours=2)) == 0
    assert tries.wait_left_s(wrong, NOON, tries.FREE_TRIES_PER_ADDRESS) == 0
    assert tries.wait_left_s([], NOON) == 0
