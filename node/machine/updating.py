"""A new version from its zip, beside the one that runs; the launcher then changes over to it."""

import shutil
import time
import zipfile
from pathlib import Path, PurePosixPath

from node.launcher.home import PROGRAM, VERSION, Home, in_order
from shared.kit.refusal import Refusal

BYTES_MAX = 1_000_000_000
FILES_MAX = 20_000
TRIES, WAIT_S = 40, 0.25
"""A scanner may hold a new file for some seconds."""


def add_version(home: Home, archive: Path) -> str:
    """Unpacks the zip's version into app/; its number. What is there stays as it is."""
    try:
        with zipfile.ZipFile(archive) as packed:
            version, files = _contents(packed)
            if version in home.versions():
                return version
            part = home.folder / "app" / f"{version}.part"
            shutil.rmtree(part, ignore_errors=True)
            for name, info in files.items():
                _unpack(packed, info, part / name)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise Refusal("zip_damaged", f"{archive} 不是完整的压缩包，请重新下载。") from error
    _rename(part, home.folder / "app" / version)
    return version


def change_over(home: Home, version: str) -> None:
    """The launcher, if one runs, sees it within a second; else the next start does."""
    told = home.pointer()
    if told.current != version:
        # What never came up is nothing to fall back to.
        home.point(version, told.proven)


def refuse_older(home: Home, version: str) -> None:
    current = home.pointer().current
    if in_order(version) < in_order(current):
        raise Refusal(
            "older_version",
            f"压缩包里是 {version}，比正在使用的 {current} 旧；"
            "旧程序打不开新程序的数据，不能降级。",
        )


def _contents(packed: zipfile.ZipFile) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """The version, and its files by their path below app/VERSION/."""
    files: dict[str, zipfile.ZipInfo] = {}
    versions = set()
    if (
        len(packed.infolist()) > FILES_MAX
        or sum(i.file_size for i in packed.infolist()) > BYTES_MAX
    ):
        raise Refusal("zip_too_large", "压缩包太大，不是节点的程序包。")
    for info in packed.infolist():
        _, app, version, *rest = [*PurePosixPath(info.filename).parts, "", "", ""]
        path = "/".join(part for part in rest if part)
        if app != "app" or info.is_dir() or not path:
            continue
        if ".." in rest or ":" in path or not VERSION.fullmatch(version):
            raise Refusal("zip_strange", f"压缩包里有不该有的路径：{info.filename}。")
        versions.add(version)
        files[path] = info
    if len(versions) != 1 or PROGRAM not in files:
        raise Refusal("zip_strange", f"压缩包里没有本系统的节点程序（{PROGRAM}）。")
    return versions.pop(), files


def _unpack(packed: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(info) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    if info.external_attr >> 16 & 0o111:
        target.chmod(0o755)


def _rename(part: Path, target: Path) -> None:
    for left in reversed(range(TRIES)):
        try:
            part.rename(target)
        except PermissionError as error:
            if left == 0:
                raise Refusal(
                    "locked",
                    f"{part} 被别的程序占用（多半是杀毒软件在扫描），请加入信任区后再试。",
                ) from error
            time.sleep(WAIT_S)
        else:
            return
