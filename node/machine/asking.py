"""Asks a program of the system, with a limit of time and without a window."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from node.launcher.child import outside

SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    """As the program ended; -1: it is not there, or did not end in time."""
    text: str

    @property
    def is_good(self) -> bool:
        return self.code == 0


def ask(*command: str, given: str = "", seconds_max: float = SECONDS_MAX) -> Said:
    try:
        ran = subprocess.run(
            command,
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds_max,
            env=outside(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Said(-1, str(error))
    # Windows' own programs speak the console's code page; what is looked for in it is ASCII.
    encoding = "mbcs" if sys.platform == "win32" else "utf-8"
    return Said(ran.returncode, ran.stdout.decode(encoding, errors="replace"))


def first_failure(commands: Sequence[Sequence[str]]) -> tuple[Sequence[str], Said] | None:
    """Runs them in order up to the first that fails; None when all went well."""
    for command in commands:
        said = ask(*command)
        if not said.is_good:
            return command, said
    return None
