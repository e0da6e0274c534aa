"""How long to wait after an outage: growing, scattered, and cut short on request."""

import random

FIRST_S = 1.0
CAP_S = 60.0
LEAST_S = 0.2


class Backoff:
    """Full jitter, so that forty nodes do not come back in the same second."""

    def __init__(self, first_s: float = FIRST_S, cap_s: float = CAP_S) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._failures = 0

    @property
    def has_failed(self) -> bool:
        return self._failures > 0

    def reset(self) -> None:
        self._failures = 0

    def next_s(self, at_least_s: float = 0.0) -> float:
        """`at_least_s`: what the hub asked for."""
        top = min(self._cap_s, self._first_s * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return max(LEAST_S * self._first_s, at_least_s, random.uniform(0.0, top))
