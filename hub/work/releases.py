"""The list of packed programs that the city has looked at and lets its nodes run."""

import hashlib
from pathlib import Path

from shared.kit.refusal import Refusal
from shared.wire.releases import Release

NAME = "releases.txt"
KEPT = 50


def publish(data: Path, archive: Path) -> Release:
    """Adds the zip's hash to the list, and says it; again, nothing changes."""
    try:
        with archive.open("rb") as file:
            release = Release(archive.name, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise Refusal("zip_unreadable", f"打不开 {archive}：{error.strerror}。") from error
    known = [one for one in published(data) if one.sha256 != release.sha256]
    lines = [f"{one.sha256} *{one.name}\n" for one in [*known, release][-KEPT:]]
    data.mkdir(parents=True, exist_ok=True)
    part = data / f"{NAME}.part"
    part.write_text("".join(lines), "utf-8")
    part.replace(data / NAME)
    return release


def published(data: Path) -> list[Release]:
    """Oldest first; in the form of sha256sum, so that anybody can check."""
    try:
        lines = (data / NAME).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [Release(name, digest) for digest, _, name in (one.partition(" *") for one in lines)]
