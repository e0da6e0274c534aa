"""What the node does for the launcher that started it, if one did: says where it listens, and
ends when the launcher lets go of the pipe.
"""

import os
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from node.launcher.child import HOME, LAUNCHED
from shared.kit.lan import LOCAL


def home() -> Path | None:
    """The folder of the launcher; None: started without one."""
    told = os.environ.get(HOME)
    return Path(told) if told else None


def data_folder(otherwise: Path) -> Path:
    """Where an installed node keeps its data, from whatever folder it is asked."""
    place = home()
    if place is None:
        return otherwise
    try:
        return Path((place / "data.txt").read_text("utf-8").strip())
    except OSError:
        return place / "data"


def note_address(host: str, port: int) -> None:
    told = os.environ.get(LAUNCHED)
    if told:
        Path(told).write_text(f"{LOCAL.get(host, host)}:{port}", "utf-8")


_ends: list[Callable[[], None]] = []


def end_with_launcher(end: Callable[[], None]) -> None:
    """Call `end` when the launcher is gone or wants it; the last one told is called."""
    if os.environ.get(LAUNCHED) and sys.stdin is not None:
        _ends[:] = [end]
        _listen()


@cache
def _listen() -> None:
    """One thread for the life of the program, though the service may start again within it."""
    threading.Thread(target=_wait_for_the_end, daemon=True, name="launcher").start()


def _wait_for_the_end() -> None:
    while True:
        try:
            if not os.read(0, 100):
                break
        except OSError:
            break
    for end in _ends:
        end()
