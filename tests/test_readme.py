"""The two READMEs against the project: what they name must be there, and the other way round."""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import hub.__main__
import node.__main__
from hub.settings import HubSettings
from node.settings import NodeSettings

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")
PROGRAMS: dict[str, Callable[[Sequence[str]], object]] = {
    "shengping-hub": hub.__main__.build_parser().parse_args,
    "shengping-node": node.__main__._parser().parse_args,
}

every_readme = pytest.mark.parametrize("name", READMES)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def commands(name: str) -> list[list[str]]:
    """What stands in the blocks of code, word by word, without the comments."""
    blocks = re.findall(r"^```\n(.*?)^```$", text_of(name), re.S | re.M)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


def named_in_code(name: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text_of(name)))


def rooms() -> Iterator[str]:
    for package in ("hub", "node", "shared"):
        for path in sorted((ROOT / package).iterdir()):
            is_room = path.is_dir() and any(path.glob("[!_]*")) and path.name[0] not in "_."
            if is_room or (path.suffix == ".py" and path.name != "__init__.py"):
                yield f"{package}/{path.name}"


def dependencies() -> Iterator[str]:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    for wanted in (project["dependencies"], *extras):
        for requirement in wanted:
            name = re.match(r"[\w-]+", requirement)
            if name and name.group() != project["name"]:
                yield name.group()


def as_shown(default: Any) -> str:
    if default in (None, ""):
        return "–"
    if isinstance(default, Path):
        return f"`{default.as_posix()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_both_readmes_give_the_same_commands() -> None:
    english, chinese = (commands(name) for name in READMES)
    assert english == chinese
    assert ["python3", "packaging/dev.py", "demo"] in english
    assert ["python3", "packaging/dev.py", "test"] in english


@every_readme
def test_the_programs_understand_every_command_with_its_flags(name: str) -> None:
    inline = [shlex.split(code) for code in named_in_code(name) if code.startswith("shengping-")]
    asked = [words for words in [*commands(name), *inline] if words and words[0] in PROGRAMS]
    assert len(asked) > 10
    for program, *arguments in asked:
        if arguments:
            PROGRAMS[program](arguments)


@every_readme
def test_the_set_up_script_knows_every_command(name: str) -> None:
    script = text_of("packaging/dev.py")
    asked = set(re.findall(r"packaging/dev\.py (\w+)", text_of(name)))
    assert {"demo", "test", "lint", "setup"} <= asked
    assert all(f'"{command}": {command}' in script for command in asked)


@every_readme
@pytest.mark.parametrize("settings", [HubSettings, NodeSettings])
def test_every_setting_stands_in_its_table_with_its_default(name: str, settings: type) -> None:
    table = text_of(name).split(f"| {settings.__module__.split('.')[0]}.toml |")[1].split("\n\n")[0]
    for field in fields(settings):
        assert f"| `{field.name}` | {as_shown(field.default)} |" in table


@every_readme
def test_every_dependency_has_its_reason(name: str) -> None:
    listed = re.findall(r"^\| ([\w, -]+) \| .+ \|$", text_of(name), re.M)
    explained = {word.strip() for cell in listed for word in cell.split(",")}
    assert set(dependencies()) - explained == set()


@every_readme
def test_the_map_names_every_room(name: str) -> None:
    assert [room for room in rooms() if room not in named_in_code(name)] == []


@every_readme
def test_every_place_that_is_named_is_there(name: str) -> None:
    places = re.compile(r"(hub|node|shared|tests|packaging|benchmarks)(/[\w.-]+)+")
    named = [code for code in named_in_code(name) if places.fullmatch(code)]
    assert [place for place in named if not (ROOT / place).exists()] == []


@every_readme
def test_every_benchmark_is_listed(name: str) -> None:
    files = {f"benchmarks/{p.name}" for p in (ROOT / "benchmarks").glob("[!_]*.py")}
    assert files - named_in_code(name) == set()


@every_readme
def test_every_link_and_picture_is_there(name: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", text_of(name))
    assert [link for link in links if not (ROOT / link).exists()] == []
    for picture in ("marking", "city-overview"):
        assert f"packaging/pictures/{picture}.png" in links


def test_each_readme_leads_to_the_other_at_its_top() -> None:
    for name, other in (READMES, READMES[::-1]):
        assert f"]({other})" in "\n".join(text_of(name).splitlines()[:5])
