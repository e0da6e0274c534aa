"""Gathers the terms of everything inside a program, from what is installed: a text for each."""

import re
import shutil
import sys
import sysconfig
import tomllib
from collections.abc import Collection
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TERMS = re.compile(r"^(LICEN[CS]E|COPYING|NOTICE|AUTHORS|COPYRIGHT)", re.I)
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def collect(room: str, excluded: Collection[str], target: Path) -> list[str]:
    """Writes the texts into `target`; the names of the distributions."""
    target.mkdir(parents=True, exist_ok=True)
    names = inside(room, excluded)
    lines = ["This program contains:", ""]
    for name in names:
        found = metadata.distribution(name)
        _copy_terms(found, target / name)
        lines.append(f"{name} {found.version}: {terms_of(found)}")
    _python(target / "python")
    lines.append(f"Python {sys.version.split()[0]}: Python Software Foundation License")
    lines.append(
        "PyInstaller's bootloader: GPL with an exception that allows any use of its output"
    )
    (target / "INDEX.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return names


def inside(room: str, excluded: Collection[str]) -> list[str]:
    """What the product needs, and what that needs in turn, where it is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = list(project["dependencies"])
    if room == "hub":
        wanted += project["optional-dependencies"]["hub"]
    found: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        match = NAME.match(requirement)
        name = match.group().lower().replace("_", "-") if match else ""
        if not name or name in found or "extra ==" in requirement or name in excluded:
            continue
        try:
            wanted += metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            # For another system or an older Python.
            continue
        found.add(name)
    return sorted([*found, "pyinstaller"])


def terms_of(found: metadata.Distribution) -> str:
    """In one line, as its own metadata say it."""
    told = found.metadata.json
    kinds = [str(c) for c in told.get("classifier", []) if "License" in str(c)]
    named = "; ".join(kind.split("::")[-1].strip() for kind in kinds)
    said = told.get("license_expression") or named or told.get("license") or "?"
    return str(said).splitlines()[0]


def _copy_terms(found: metadata.Distribution, target: Path) -> None:
    texts = [Path(str(found.locate_file(file))) for file in found.files or []]
    for text in texts:
        if TERMS.match(text.name) and text.suffix not in (".py", ".pyc") and text.is_file():
            target.mkdir(exist_ok=True)
            shutil.copy(text, target / text.name)


def _python(target: Path) -> None:
    target.mkdir(exist_ok=True)
    places = (
        Path(sys.base_prefix) / "LICENSE.txt",
        Path(sysconfig.get_paths()["stdlib"]) / "LICENSE.txt",
        Path(sys.executable).parent / "LICENSE.txt",
    )
    for place in places:
        if place.is_file():
            shutil.copy(place, target / "LICENSE.txt")
            return
    (target / "LICENSE.txt").write_text(f"{sys.copyright}\nhttps://docs.python.org/license.html\n")
