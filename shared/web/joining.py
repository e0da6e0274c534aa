"""Joins an entry module and all that it imports into one: one request for a page of many modules.

Every module becomes a function of its own that gives out what it exports, in the order in which a
browser would run them. Lines stay lines, so the source map beside the joined module shows every
module in a debugger as it was written. What cannot be joined is refused when the program starts.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath

IMPORT = re.compile(r'^import (?:\* as (\w+)|\{ ([\w, ]+) \}) from "(\.[^"]+)";$')
EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)")
OTHER = re.compile(r"^(import|export)\b")


@dataclass(slots=True)
class _Module:
    written: str
    lines: list[str]
    """As they are sent."""
    imports: list[str]
    exports: list[str]


@dataclass(frozen=True, slots=True)
class Joined:
    script: str
    map: str
    """A source map, version 3, with the modules in it."""


def imports(name: str, text: str) -> list[str]:
    """Names of the modules that a module asks for."""
    return _parse(name, text, text).imports


def join_modules(
    entry: str, written: Mapping[str, str], lean: Callable[[str], str] = str
) -> Joined:
    """`written` holds the texts of modules by name, such as js/marking.js; `lean` keeps lines."""
    modules: dict[str, _Module] = {}
    _take(entry, written, lean, modules, ())
    places = {name: place for place, name in enumerate(modules)}
    lines: list[str] = []
    sections = []
    for name, module in modules.items():
        lines.append(f"const m{places[name]} = (() => {{")
        sections.append(_section(name, module, len(lines)))
        lines += [_linked(name, line, places) for line in module.lines]
        lines.append(f"return {{ {', '.join(module.exports)} }}; }})();")
    lines.append(f"//# sourceMappingURL={basename(entry)}.map")
    return Joined("\n".join(lines) + "\n", json.dumps({"version": 3, "sections": sections}))


def _take(
    name: str,
    written: Mapping[str, str],
    lean: Callable[[str], str],
    modules: dict[str, _Module],
    within: tuple[str, ...],
) -> None:
    """Each module after all that it imports."""
    if name in within:
        raise ValueError(f"scripts import each other in a ring: {[*within, name]}")
    if name in modules:
        return
    module = _parse(name, written[name], lean(written[name]))
    for needed in module.imports:
        _take(needed, written, lean, modules, (*within, name))
    modules[name] = module


def _parse(name: str, written: str, sent: str) -> _Module:
    module = _Module(written, sent.rstrip("\n").split("\n"), [], [])
    for number, line in enumerate(module.lines, 1):
        if found := IMPORT.match(line):
            module.imports.append(_address(name, found[3]))
        elif found := EXPORT.match(line):
            module.exports.append(found[2])
        elif OTHER.match(line):
            raise ValueError(f"{name}:{number}: not a form that can be joined: {line}")
    return module


def _address(importer: str, relative: str) -> str:
    return normpath(join(dirname(importer), relative))


def _linked(name: str, line: str, places: Mapping[str, int]) -> str:
    if found := IMPORT.match(line):
        names = found[1] or "{ " + found[2].replace(" as ", ": ") + " }"
        return f"const {names} = m{places[_address(name, found[3])]};"
    return line.removeprefix("export ") if EXPORT.match(line) else line


def _section(name: str, module: _Module, first_line: int) -> dict[str, object]:
    """Line for line: each one's first column is the first column of the same line as written."""
    of_module = {
        "version": 3,
        "sources": [basename(name)],
        "sourcesContent": [module.written],
        "names": [],
        "mappings": ";".join(["AAAA", *["AACA"] * (len(module.lines) - 1)]),
    }
    return {"offset": {"line": first_line, "column": 0}, "map": of_module}
