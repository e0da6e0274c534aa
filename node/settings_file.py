"""Writes what was chosen on a page into node.toml, and leaves everything else in it as it is."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from shared.kit.files import replace

Value = str | int | float | Path


def write(path: Path, changes: Mapping[str, Value]) -> None:
    """Whole or not at all: a power cut leaves the old file."""
    text = path.read_text("utf-8-sig") if path.exists() else ""
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(changed(text, changes))
        file.flush()
        os.fsync(file.fileno())
    replace(part, path)


def changed(text: str, changes: Mapping[str, Value]) -> str:
    """Every setting is a line of its own; a new one comes at the end."""
    for name, value in changes.items():
        line = f"{name} = {_toml(value)}"
        known = re.compile(rf"^[ \t]*{re.escape(name)}[ \t]*=.*$", re.M)
        if known.search(text):
            text = known.sub(lambda _, line=line: line, text, count=1)  # type: ignore[misc]
        else:
            text = f"{text.rstrip()}\n{line}\n".lstrip()
    return text


def _toml(value: Value) -> str:
    # What JSON escapes in a text, a basic string of TOML escapes alike.
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
