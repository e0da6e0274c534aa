"""Which cached files were compared with their hash lately, and are still those very files."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import anyio
import anyio.to_thread

from node.videos.cache import Cache

TRUSTED_FOR_S = 600.0
"""So long a file stays in the system's memory as it was read for the comparison."""

AT_ONCE = 2
"""Files read at a time, so that they do not fight for the disk."""

Signature = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    signature: Signature
    until: float


class Verified:
    """Nothing is shown that did not pass here: a view begins with a look at the whole file."""

    def __init__(self, cache: Cache, clock: Callable[[], float] = time.monotonic) -> None:
        self._cache = cache
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._few = anyio.CapacityLimiter(AT_ONCE)

    async def holds(self, sha256: str, bytes: int) -> bool:
        """Whether the file's content is what its name says; reads all of it where need be."""
        # In threads of their own: eighty who open their clips at once hold up no other request.
        return await anyio.to_thread.run_sync(self.look, sha256, bytes, limiter=self._few)

    def look(self, sha256: str, bytes: int) -> bool:
        """The same, in the caller's own thread."""
        if self._is_fresh(sha256):
            return True
        before = self._signature(sha256)
        if not self._cache.verify(sha256, bytes) or self._signature(sha256) != before:
            self._seen.pop(sha256, None)
            return False
        if before is not None:
            self._seen[sha256] = Seen(before, self._clock() + TRUSTED_FOR_S)
        return before is not None

    def knows(self, sha256: str, state: os.stat_result) -> bool:
        """Whether a file in that state is the one that was looked at, not long ago."""
        seen = self._seen.get(sha256)
        if seen is None or self._clock() >= seen.until:
            return False
        return seen.signature == _signature_of(state)

    def _is_fresh(self, sha256: str) -> bool:
        try:
            return self.knows(sha256, self._cache.path(sha256).stat())
        except OSError:
            return False

    def _signature(self, sha256: str) -> Signature | None:
        try:
            return _signature_of(self._cache.path(sha256).stat())
        except OSError:
            return None


def _signature_of(state: os.stat_result) -> Signature:
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns
