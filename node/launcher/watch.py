"""Runs the current version and watches it: restarts what fell or went deaf, and falls back from
a new version that does not come up.
"""

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from node.launcher.child import HOME, LAUNCHED, Child
from node.launcher.home import Home


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds."""

    start: float = 120.0
    """For a new version: a scanner reads every file at the first start, and data may be moved."""
    probe: float = 10.0
    """Between two questions whether it is well."""
    answer: float = 5.0
    look: float = 1.0
    """Between two looks at the child and at current.txt."""
    again: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
    """Before the next start, after so many falls in a row."""


LEAN = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000"}
"""Linux' C library keeps a heap for each of many threads, and in it what was large and is free:
80 sign-ins' worth. Elsewhere it is not heard of.
"""
DEAF_AFTER = 3
"""Unanswered questions in a row."""


class End(Enum):
    ENDED = "ended"
    """By itself."""
    NEVER_UP = "never_up"
    DEAF = "deaf"
    REPLACED = "replaced"
    """current.txt names another version."""


class Watch:
    def __init__(
        self,
        home: Home,
        arguments: Sequence[str],
        say: Callable[[str], None],
        patience: Patience | None = None,
        came_up: Callable[[str], None] = lambda address: None,
    ) -> None:
        self._home, self._arguments, self._say = home, arguments, say
        self._patience = patience or Patience()
        self._came_up = came_up
        self._child: Child | None = None

    def run(self) -> int:
        """Until the program ends in order, or refuses to start; its exit code."""
        falls = 0
        while True:
            version = self._home.pointer().current
            end, code, was_up = self._run_once(version)
            falls = 0 if was_up else falls + 1
            if end is End.REPLACED:
                falls = 0
                self._say(f"改用版本 {self._home.pointer().current}。")
                continue
            if end is End.ENDED and code == 0:
                return 0
            if not was_up and self._fall_back(version):
                falls = 0
                continue
            if end is End.ENDED and not was_up and code in (1, 2):
                # It has said why itself: the port is taken, a setting is wrong.
                return code
            self._say(f"程序意外结束（{end.value}，{code}），稍后重新启动。")
            time.sleep(self._patience.again[min(falls, len(self._patience.again) - 1)])

    def _fall_back(self, version: str) -> bool:
        if not self._home.fall_back():
            return False
        self._say(f"版本 {version} 没有正常启动，退回版本 {self._home.pointer().current}。")
        return True

    def _run_once(self, version: str) -> tuple[End, int, bool]:
        """How it ended, its exit code, and whether it had ever answered."""
        with tempfile.TemporaryDirectory(prefix="shengping-", ignore_cleanup_errors=True) as folder:
            note = Path(folder) / "address"
            extra = {LAUNCHED: str(note), HOME: str(self._home.folder), **LEAN}
            child = Child(self._home.program(version), self._arguments, extra)
            was_up = False
            try:
                was_up = self._wait_until_up(child, note, version)
                end = self._watch(child, note, version) if was_up else End.NEVER_UP
                if child.exit_code is not None:
                    end = End.ENDED
            finally:
                code = child.stop()
            return end, code, was_up

    def _wait_until_up(self, child: Child, note: Path, version: str) -> bool:
        deadline = time.monotonic() + self._patience.start
        while child.exit_code is None and time.monotonic() < deadline:
            answering = version_at(note, self._patience.answer)
            if answering == version:
                self._home.prove(version)
                self._came_up(note.read_text("utf-8"))
                return True
            if answering is not None:
                # Not what its folder says that it is.
                return False
            time.sleep(self._patience.look / 4)
        return False

    def _watch(self, child: Child, note: Path, version: str) -> End:
        unanswered, probed_at = 0, time.monotonic()
        while child.exit_code is None:
            time.sleep(self._patience.look)
            if self._home.pointer().current != version:
                return End.REPLACED
            if time.monotonic() - probed_at < self._patience.probe:
                continue
            well = version_at(note, self._patience.answer) == version
            unanswered, probed_at = 0 if well else unanswered + 1, time.monotonic()
            if unanswered >= DEAF_AFTER:
                return End.DEAF
        return End.ENDED


def version_at(note: Path, timeout_s: float) -> str | None:
    """The version that answers at the noted address and is well; None: none does."""
    try:
        host, port = note.read_text("utf-8").rsplit(":", 1)
        asked = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=timeout_s)
        try:
            asked.request("GET", "/health")
            told = json.loads(asked.getresponse().read(100_000))
        finally:
            asked.close()
    except (OSError, ValueError, http.client.HTTPException):
        return None
    is_well = isinstance(told, dict) and told.get("ok") is True
    return str(told.get("version")) if is_well else None
