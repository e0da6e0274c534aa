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
    is_in_memory: bool
    """All of the file, when it was looked at just now: sending it waits for no disk."""
    until: float


class Grants:
    """Used on the event loop only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._grants: dict[tuple[str, str], Grant] = {}

    def give(
        self, cookies: str, asked: str, sha256: str, path: Path, *, is_in_memory: bool = False
    ) -> None:
        """`asked`: the path of the URL."""
        if len(self._grants) >= GRANTS_MAX:
            self._grants.clear()
        until = self._clock() + GRANTED_FOR_S
        self._grants[cookies, asked] = Grant(sha256, path, is_in_memory, until)

    def grant(self, cookies: str, asked: str) -> Grant | None:
        """Where the browser with these cookies may see the video it asks for."""
        grant = self._grants.get((cookies, asked))
        if grant is None or self._clock() < grant.until:
            return grant
        del self._grants[cookies, asked]
        return None

    def forget(self, cookies: str) -> None:
        """Whoever signs out sees no more at once."""
        for key in [key for key in self._grants if key[0] == cookies]:
            del self._grants[key]
