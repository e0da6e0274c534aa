"""Who may see which video for the next few seconds, since it was just looked up."""

import time
from collections.abc import Callable
from dataclasses import dataclass

GRANTED_FOR_S = 3.0
"""A player asks for a clip in many slices; what changes meanwhile holds from then on."""
GRANTS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Grant:
    sha256: str
    until: float


class Grants:
    """Used on the event loop only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._grants: dict[tuple[str, int], Grant] = {}

    def give(self, cookies: str, task_id: int, sha256: str) -> None:
        if len(self._grants) >= GRANTS_MAX:
            self._grants.clear()
        self._grants[cookies, task_id] = Grant(sha256, self._clock() + GRANTED_FOR_S)

    def sha256(self, cookies: str, task_id: int) -> str | None:
        """The video's, where the browser with these cookies may see it."""
        grant = self._grants.get((cookies, task_id))
        if grant is None:
            return None
        if self._clock() < grant.until:
            return grant.sha256
        del self._grants[cookies, task_id]
        return None
