"""Slowing down guesses at passwords: who tried wrong too often waits, but is never locked out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

TRIES_WINDOW = timedelta(hours=1)
"""Wrong tries older than this are forgotten."""
FREE_TRIES_PER_ACCOUNT = 5
FREE_TRIES_PER_ADDRESS = 20
WAIT_S_FIRST = 15
WAIT_S_MAX = 900


def tries_wait_s(tries: int, free: int = FREE_TRIES_PER_ACCOUNT) -> int:
    """Seconds to wait after so many wrong tries: grows, but never locks anyone out for good."""
    if tries < free:
        return 0
    return min(WAIT_S_FIRST << min(tries - free, 10), WAIT_S_MAX)


def wait_left_s(
    tries: Sequence[datetime], moment: datetime, free: int = FREE_TRIES_PER_ACCOUNT
) -> int:
    """Seconds still to wait before the next try, from the moments of the wrong ones."""
    recent = [t for t in tries if moment - t < TRIES_WINDOW]
    if not recent:
        return 0
    end = max(recent) + timedelta(seconds=tries_wait_s(len(recent), free))
    return max(0, int((end - moment).total_seconds() + 0.999))
