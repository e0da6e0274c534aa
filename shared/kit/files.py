"""Putting files in place of others, and away: where a scanner may hold them for a moment.

Windows lets nobody replace or remove a file that a program has open, and every new file is
opened by the scanner at once; SQLite waits for it in the same way.
"""

import time
from pathlib import Path

TRIES = 10
WAIT_S = 0.05


def replace(part: Path, target: Path) -> None:
    """PermissionError where it is still held after half a second."""
    for left in reversed(range(TRIES)):
        try:
            part.replace(target)
        except PermissionError:
            if left == 0:
                raise
            time.sleep(WAIT_S)
        else:
            return


def remove(path: Path) -> bool:
    """Whether it is gone."""
    for _ in range(TRIES):
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            time.sleep(WAIT_S)
        else:
            return True
    return False
