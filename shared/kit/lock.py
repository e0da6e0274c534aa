"""A lock file held open: one program at a time writes to a data folder."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.kit.refusal import Refusal

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(handle: int) -> None:
        # flock, not lockf: it also holds against a second opening in this same process.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock; refuses at once while another program holds it.

    The system lets go of it when the program ends, however it ends, so a lock that is left
    behind cannot exist. The file itself stays: deleting it would let two programs lock two files.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            _try_lock(handle)
        except OSError as error:
            raise Refusal(
                "data_in_use",
                f"数据目录 {path.parent} 正在被另一个程序使用（服务可能已经在运行）。"
                "请在它的网页上操作，或先停止它再试。",
            ) from error
        yield
    finally:
        os.close(handle)
