"""The folder of an installed node: its versions, and which of them runs."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "shengping-node.exe" if sys.platform == "win32" else "shengping-node"
VERSION = re.compile(r"\d{1,5}(\.\d{1,5}){1,3}")
KEPT = 2


class NoVersion(Exception):
    """Nothing here that could run."""


@dataclass(frozen=True, slots=True)
class Pointer:
    current: str
    """The version to run."""
    proven: str
    """The last that came up and answered; the one to fall back to. Empty: none yet."""


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def pointer_file(self) -> Path:
        return self.folder / "current.txt"

    def program(self, version: str) -> Path:
        return self.folder / "app" / version / PROGRAM

    def versions(self) -> list[str]:
        """Installed and whole, oldest first."""
        names = [p.parent.name for p in self.folder.glob(f"app/*/{PROGRAM}")]
        return sorted((n for n in names if VERSION.fullmatch(n)), key=in_order)

    def pointer(self) -> Pointer:
        """What a power cut left unreadable is worked out again from what is installed."""
        installed = self.versions()
        if not installed:
            raise NoVersion(self.folder)
        try:
            lines = self.pointer_file.read_text("utf-8").split()
        except (OSError, UnicodeError):
            lines = []
        current, proven = [*lines, "", ""][:2]
        if current not in installed:
            current = proven if proven in installed else installed[-1]
        return Pointer(current, proven if proven in installed else "")

    def point(self, current: str, proven: str) -> None:
        """In place: the service may write this file, but make none beside it."""
        with self.pointer_file.open("w", encoding="utf-8") as file:
            file.write(f"{current}\n{proven}\n")
            file.flush()
            os.fsync(file.fileno())

    def prove(self, version: str) -> None:
        """It came up: from now on it is the one to fall back to."""
        told = self.pointer()
        if told.current == version != told.proven:
            self.point(version, version)

    def fall_back(self) -> bool:
        """Point at the proven version again; False where the current one is the only one."""
        told = self.pointer()
        if told.proven in ("", told.current):
            return False
        self.point(told.proven, told.proven)
        return True

    def prune(self) -> list[str]:
        """Removes old versions; those that run, are proven, or are the newest two stay."""
        told, installed = self.pointer(), self.versions()
        kept = {told.current, told.proven}
        for version in reversed(installed):
            if len(kept - {""}) < KEPT:
                kept.add(version)
        gone = [version for version in installed if version not in kept]
        for version in gone:
            # A file of it may still be open; the next update tries again.
            shutil.rmtree(self.folder / "app" / version, ignore_errors=True)
        return gone


def in_order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
