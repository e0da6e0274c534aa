"""The disks on which data may be kept, with their room and their speed."""

import os
import shutil
import string
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from node.machine.here import here

FOLDER = "声评数据"
PLACES_MAX = 6
PROBE_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    free_bytes: int
    write_mb_s: float | None
    """None: it cannot be written to."""
    is_system: bool
    """The disk of the operating system, which a 还原卡 guards where there is one."""


def places(home: Path) -> list[Place]:
    """Where the data are now, first; then the other fixed disks."""
    now_on = _device(home)
    found = [_place(home)]
    for root in _roots():
        if _device(root) != now_on and len(found) < PLACES_MAX:
            found.append(_place(root / FOLDER))
    return found


def write_speed(folder: Path) -> float | None:
    """MB/s to the disk itself, not to the system's memory."""
    probe = folder / "speed-probe.part"
    try:
        began = time.monotonic()
        with probe.open("wb") as file:
            file.write(os.urandom(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
        return PROBE_BYTES / 1e6 / max(time.monotonic() - began, 0.001)
    except OSError:
        return None
    finally:
        probe.unlink(missing_ok=True)


def _place(folder: Path) -> Place:
    stands = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(stands).free
    return Place(folder, free, write_speed(stands), _is_system(stands.resolve()))


def _roots() -> Iterator[Path]:
    if sys.platform == "win32":
        drives = (Path(f"{letter}:\\") for letter in string.ascii_uppercase)
        yield from (d for d in drives if d.exists() and here.disk_kind(d) == "fixed")
        return
    try:
        mounts = Path("/proc/mounts").read_text("utf-8").splitlines()
    except OSError:
        return
    for mount in mounts:
        device, root, *_ = mount.split()
        # The system's own, and files that containers mount, are no places for data.
        if device.startswith("/dev/") and Path(root).is_dir() and not root.startswith("/boot"):
            yield Path(root)


def _device(folder: Path) -> int:
    return next(p for p in (folder, *folder.parents) if p.exists()).stat().st_dev


def _is_system(folder: Path) -> bool:
    if sys.platform == "win32":
        drive = os.environ.get("SYSTEMDRIVE", "C:")
        return folder.drive.upper() == drive.upper()
    return folder.stat().st_dev == Path("/").stat().st_dev
