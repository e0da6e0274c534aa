"""The packed programs that the city has looked at and lets its nodes fetch and run."""

import shutil
from pathlib import Path

import msgspec

from shared.kit.files import replace, sha256_of
from shared.kit.refusal import Refusal
from shared.wire.releases import Release

LIST = "releases.txt"
FOLDER = "releases"
KEPT = 50


def publish(data: Path, archive: Path) -> Release:
    """Keeps a copy and adds its hash to the list, and says it; again, nothing changes."""
    release = Release(archive.name, sha256_of(archive))
    if not release.version:
        raise Refusal(
            "not_a_release",
            f"{archive.name} 不是节点程序包的名字。请用构建得到的原名，"
            "例如 shengping-node-0.2.0-windows-x86_64.zip。",
        )
    copy = path_of(data, release)
    copy.parent.mkdir(parents=True, exist_ok=True)
    part = copy.with_suffix(".part")
    shutil.copyfile(archive, part)
    replace(part, copy)
    known = [one for one in _listed(data) if one.sha256 != release.sha256]
    part = data / f"{LIST}.part"
    lines = [f"{one.sha256} *{one.name}\n" for one in [*known, release][-KEPT:]]
    part.write_text("".join(lines), "utf-8")
    replace(part, data / LIST)
    return _sized(data, release)


def published(data: Path) -> list[Release]:
    """Oldest first; in the form of sha256sum, so that anybody can check."""
    return [_sized(data, one) for one in _listed(data)]


def path_of(data: Path, release: Release) -> Path:
    return data / FOLDER / f"{release.sha256}.zip"


def _listed(data: Path) -> list[Release]:
    try:
        lines = (data / LIST).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [Release(name, digest) for digest, _, name in (one.partition(" *") for one in lines)]


def _sized(data: Path, release: Release) -> Release:
    """With the size of the copy; a list from before there were copies has none."""
    path = path_of(data, release)
    size = path.stat().st_size if path.is_file() else 0
    return msgspec.structs.replace(release, bytes=size)
