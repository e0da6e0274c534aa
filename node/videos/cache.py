"""A cache of videos: files named by their sha256, whole and verified, or not there at all."""

import os
import shutil
import threading
from collections.abc import Iterator
from hashlib import sha256 as new_sha256
from pathlib import Path

from shared.kit.files import remove, replace

READ_BYTES = 1 << 20


class WrongContent(Exception):
    """The bytes are not those that the name promises."""


class Cache:
    """Only prefetch writes here; pages read a path and open it."""

    def __init__(self, folder: Path, bytes_max: int, suffix: str = ".mp4") -> None:
        self.folder = folder
        self._suffix = suffix
        self.bytes_max = bytes_max
        self._parts = folder / "part"
        self._parts.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._bytes = sum(path.stat().st_size for path in self._files())

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}{self._suffix}"

    def has(self, sha256: str, bytes: int | None = None) -> bool:
        """Whether the file is there, and of that size; its content is `verify`'s business."""
        try:
            size = self.path(sha256).stat().st_size
        except OSError:
            return False
        return bytes is None or size == bytes

    def verify(self, sha256: str, bytes: int) -> bool:
        """Whether its content is what its name says; what the disk cannot read, is not."""
        try:
            return self.has(sha256, bytes) and hash_of(self.path(sha256)) == sha256
        except OSError:
            return False

    def part_bytes(self, sha256: str) -> int:
        """How much of an unfinished download is on the disk."""
        try:
            return self._part(sha256).stat().st_size
        except OSError:
            return 0

    def write_part(self, sha256: str, start: int, content: bytes) -> None:
        """Write at `start`; what was there beyond it is cut off.

        No file stays open between two writes, so nothing is left open when a download is broken
        off in the middle.
        """
        path = self._part(sha256)
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(start)
            file.seek(start)
            file.write(content)

    def drop_part(self, sha256: str) -> None:
        remove(self._part(sha256))

    def put(self, sha256: str, bytes: int) -> None:
        """Take the finished part in; WrongContent, and the part gone, when it is not it."""
        part = self._part(sha256)
        if self.part_bytes(sha256) != bytes or hash_of(part) != sha256:
            remove(part)
            raise WrongContent(sha256)
        with part.open("r+b") as file:
            # A name must never stand for bytes that a power cut can still take away.
            os.fsync(file.fileno())
        target = self.path(sha256)
        before = target.stat().st_size if target.exists() else 0
        target.parent.mkdir(exist_ok=True)
        replace(part, target)
        with self._lock:
            self._bytes += bytes - before

    def remove(self, sha256: str) -> None:
        path = self.path(sha256)
        size = path.stat().st_size if path.exists() else 0
        if remove(path):
            with self._lock:
                self._bytes -= size

    def clear(self) -> int:
        """Everything goes, unfinished downloads too; how many files could not be removed."""
        for path in self._parts.glob("*.part"):
            remove(path)
        for sha256 in self.names():
            self.remove(sha256)
        return len(self.names())

    def room_lacking(self, bytes: int) -> int:
        """How much has to go before so many more bytes fit."""
        if self.bytes_max == 0:
            return 0
        return max(0, self._bytes + bytes - self.bytes_max)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.folder).free

    def bytes_used(self) -> int:
        return self._bytes

    def names(self) -> set[str]:
        return {path.stem for path in self._files()}

    def drop_parts(self, wanted: set[str]) -> None:
        """Unfinished downloads that nobody wants any more."""
        for path in self._parts.glob("*.part"):
            if path.stem not in wanted:
                remove(path)

    def _part(self, sha256: str) -> Path:
        return self._parts / f"{sha256}.part"

    def _files(self) -> Iterator[Path]:
        return self.folder.glob(f"??/*{self._suffix}")


def hash_of(path: Path) -> str:
    digest = new_sha256()
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
