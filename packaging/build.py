"""Builds the node or the hub as a program that needs no Python: a folder, and a zip of it.

    python packaging/build.py node [--into FOLDER] [--try]
    python packaging/build.py hub

On a machine with nothing but Python 3.11 it first makes .venv with the pinned versions.
One folder and no self-extracting file: scanners take the latter for malware. The folder holds

    shengping-node(.exe)    the launcher, small, seldom changed (the node only)
    launcher/               what the launcher runs on
    app/VERSION/            the program itself, one folder a version
    current.txt             which version runs
    licenses/               the terms of everything that is inside
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

import dev  # noqa: E402 - it lies beside this file, and packaging is no package
import licences  # noqa: E402
import smoke  # noqa: E402

from shared import __version__  # noqa: E402

PINS = HERE / "requirements-build.txt"
EXE = ".exe" if sys.platform == "win32" else ""
NEVER = (
    # Wanted by libraries for what we never do: installing, testing, making up examples, drawing.
    *("pip", "setuptools", "pkg_resources", "tkinter", "pytest", "faker", "polyfactory"),
    *(
        "PIL",
        "rich",
        "pygments",
        "markdown_it",
        "IPython",
        "matplotlib",
        "pandas",
        "hypothesis",
        "playwright",
        "ortools",
    ),
)
NOT_IN_NODE = (
    *("av", "numpy", "obstore", "xlsxwriter", "python_calamine", "pyotp", "uvloop", "hub"),
)
"""The media libraries are GPL and 100 MB."""
NOT_IN_LAUNCHER = ("sqlite3", "asyncio", "litestar", "ssl", "_hashlib", "_decimal", "bz2", "lzma")
"""It asks the program how it is over plain http, and does little else."""


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    room: str
    title: str
    excluded: tuple[str, ...]

    @property
    def file(self) -> str:
        return f"{self.name}{EXE}"


PRODUCTS = {
    "node": Product("shengping-node", "node", "声评 区县节点", (*NEVER, *NOT_IN_NODE)),
    "hub": Product("shengping-hub", "hub", "声评 市级中心", (*NEVER, "node")),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Builds a program, and a zip of it.")
    parser.add_argument("product", choices=sorted(PRODUCTS))
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="default: dist")
    parser.add_argument("--try", dest="try_it", action="store_true", help="start it, and end it")
    asked = parser.parse_args(arguments)
    if asked.try_it and asked.product != "node":
        parser.error("--try is for the node")
    if importlib.util.find_spec("PyInstaller") is None:
        dev.install(PINS)
        return dev.run(dev.PYTHON, Path(__file__), *arguments)
    began = time.monotonic()
    made = build(PRODUCTS[asked.product], asked.into.resolve(), __version__)
    archive = pack(made, __version__)
    print(f"program  {made}")
    print(f"zip      {archive}  {archive.stat().st_size / 1e6:.1f} MB")
    print(f"sha256   {hashlib.sha256(archive.read_bytes()).hexdigest()}")
    print(f"built in {time.monotonic() - began:.0f} s")
    return smoke.main([str(made)]) if asked.try_it else 0


def build(product: Product, into: Path, version: str) -> Path:
    """The folder to be zipped; what an earlier build left there is gone."""
    target = into / product.name
    shutil.rmtree(target, ignore_errors=True)
    scratch = into / "scratch" / product.name
    program = _freeze(product, scratch, version)
    if product.room == "node":
        place = target / "app" / version
        shutil.move(_launcher(product, scratch, version), target)
        place.parent.mkdir()
        (target / "current.txt").write_text(f"{version}\n", "utf-8")
    else:
        place = target
    shutil.move(program, place)
    licences.collect(product.room, product.excluded, target / "licenses")
    shutil.copy(HERE / f"readme-{product.room}.txt", target / "使用说明.txt")
    return target


def pack(folder: Path, version: str) -> Path:
    """NAME-VERSION-SYSTEM-MACHINE.zip beside the folder, and its hash for sha256sum -c."""
    # Only now are the requirements sure to be there; so it is with the icon.
    from shared.wire.releases import platform_name

    system = platform_name(sys.platform, platform.machine())
    archive = folder.with_name(f"{folder.name}-{version}-{system}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        for path in sorted(folder.rglob("*")):
            made.write(path, path.relative_to(folder.parent))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name(f"{archive.name}.sha256").write_text(f"{digest} *{archive.name}\n", "utf-8")
    return archive


def _freeze(product: Product, scratch: Path, version: str) -> Path:
    rooms = ("shared", product.room)
    data = [
        f"--add-data={folder}{os.pathsep}{folder.relative_to(ROOT).as_posix()}"
        for room in rooms
        for folder in (ROOT / room / n for n in ("templates", "static", "sql", "web/templates"))
        if folder.is_dir()
    ]
    static = ROOT / "shared" / "web" / "static"
    data.append(f"--add-data={static}{os.pathsep}shared/web/static")
    excluded = [f"--exclude-module={name}" for name in product.excluded]
    entry = ROOT / product.room / "__main__.py"
    return _pyinstaller(product, scratch / "program", entry, version, *data, *excluded)


def _launcher(product: Product, scratch: Path, version: str) -> Path:
    entry = ROOT / "node" / "launcher" / "__main__.py"
    excluded = [f"--exclude-module={name}" for name in (*NEVER, *NOT_IN_LAUNCHER)]
    contents = "--contents-directory=launcher"
    return _pyinstaller(product, scratch / "launcher", entry, version, contents, *excluded)


def _pyinstaller(product: Product, scratch: Path, entry: Path, version: str, *flags: str) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level=WARN"),
        *("--onedir", "--console", "--noupx", f"--name={product.name}"),
        *(f"--paths={ROOT}", f"--distpath={scratch}", f"--workpath={scratch / 'work'}"),
        *(f"--specpath={scratch}", *flags),
    ]
    if sys.platform == "win32":
        resource = scratch / "version.txt"
        resource.write_text(version_resource(product, version), "utf-8")
        command.append(f"--version-file={resource}")
        command.append(f"--icon={_icon(scratch / 'icon.ico')}")
    # Pipes: a program under wine has no console to inherit.
    ran = subprocess.run(
        [*command, str(entry)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if ran.returncode != 0:
        sys.exit(ran.stdout.decode(errors="replace"))
    return scratch / product.name


def _icon(path: Path) -> Path:
    import icon

    return icon.write(path)


def version_resource(product: Product, version: str) -> str:
    """What Windows shows under 属性 → 详细信息, and scanners like to see."""
    numbers = [int(part) for part in version.split(".")] + [0, 0, 0, 0]
    four = tuple(numbers[:4])
    texts = {
        "CompanyName": "Shengping",
        "FileDescription": product.title,
        "FileVersion": version,
        "InternalName": product.name,
        "OriginalFilename": product.file,
        "ProductName": "声评 Shengping",
        "ProductVersion": version,
    }
    strings = ", ".join(f"StringStruct({key!r}, {text!r})" for key, text in texts.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={four}, prodvers={four}, mask=0x3F, flags=0,"
        " OS=0x40004, fileType=1, subtype=0, date=(0, 0)), kids=[StringFileInfo(["
        f"StringTable('080404B0', [{strings}])]), VarFileInfo([VarStruct('Translation',"
        " [0x804, 1200])])])\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
