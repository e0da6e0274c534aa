"""The running version as a child that never outlives the launcher.

Its standard input is a pipe from here: when that closes, on purpose or because the launcher is
gone, the child ends in order. On Windows a Job object ends it even when it hangs.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from node.launcher.job import tie, untie

STOP_S_MAX = 15.0
LAUNCHED = "SHENGPING_LAUNCHED"
"""Set in the child's environment: where it notes the address that it listens on."""
HOME = "SHENGPING_HOME"
"""Set in the child's environment: the folder of the launcher."""


def outside() -> dict[str, str]:
    """The environment for other programs: without the libraries that ours brings along."""
    environment = dict(os.environ)
    before = environment.pop("LD_LIBRARY_PATH_ORIG", "")
    if getattr(sys, "frozen", False):
        environment.pop("LD_LIBRARY_PATH", None)
        if before:
            environment["LD_LIBRARY_PATH"] = before
    return environment


class Child:
    def __init__(self, program: Path, arguments: Sequence[str], extra: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [str(program), *arguments], stdin=subprocess.PIPE, env={**outside(), **extra}
        )
        self._job = tie(self.process)

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll()

    def stop(self) -> int:
        """In order if it can, else at once; how it ended."""
        if self.process.stdin is not None:
            # Where it ended first, there is nothing left to close.
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            return self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            untie(self._job)
