"""Hashing files, putting them in place of others, and away: a scanner may hold them for a moment.

Windows lets nobody replace or remove a file that a program has open, and every new file is
opened by the scanner at once; SQLite waits for it in the same way.
"""

import hashlib
import time
from pathlib import Path

from shared.kit.refusal import Refusal

TRIES = 10
WAIT_S = 0.05


def sha256_of(archive: Path) -> str:
    """Refusal where the zip that a person named cannot be read."""
    try:
        with archive.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Refusal("zip_unreadable", f"打不开 {archive}：{error.strerror}。") from error


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
