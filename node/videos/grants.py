"""Who may see which video for the next few seconds, since it was just looked up."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

GRANTED_FOR_S = 10.0
"""A player asks for a clip in many slices; what changes meanwhile holds from then on."""
GRANTS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Grant:
    sha256: str
    path: Path
    until: float


class Grants:
    """Used on the event loop only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._grants: dict[tuple[str, int], Grant] = {}

    def give(self, cookies: str, task_id: int, sha256: str, path: Path) -> None:
        if len(self._grants) >= GRANTS_MAX:
            self._grants.clear()
        until = self._clock() + GRANTED_FOR_S
        self._grants[cookies, task_id] = Grant(sha256, path, until)

    def grant(self, cookies: str, task_id: int) -> Grant | None:
        """Where the browser with these cookies may see the task's video."""
        grant = self._grants.get((cookies, task_id))
        if grant is None or self._clock() < grant.until:
            return grant
        del self._grants[cookies, task_id]
        return None

    def forget(self, cookies: str) -> None:
        """Whoever signs out sees no more at once."""
        for key in [key for key in self._grants if key[0] == cookies]:
            del self._grants[key]
