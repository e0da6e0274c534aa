"""The walls of the house: what may stand where, kept by a test instead of by memory."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("shared", "hub", "node")
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40

# SQL that touches rows; schemas and stores are the only rooms that may speak it.
SQL = re.compile(r"\b(SELECT .+ FROM|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM)\b", re.S)
SQL_ROOMS = ("hub/store/", "node/store/", "hub/schema.py", "node/schema.py")

# First Chrome that has it is newer than 109, the last one on Windows 7.
TOO_NEW_IN_JS = re.compile(
    r"\.toSorted\(|\.toReversed\(|\.toSpliced\(|Object\.groupBy|Map\.groupBy|Promise\.withResolvers"
    r"|AbortSignal\.(any|timeout)|Array\.fromAsync|crypto\.(randomUUID|subtle)|startViewTransition"
    r"|\bTemporal\.|Intl\.DurationFormat|navigator\.(clipboard|serviceWorker|locks|wakeLock)"
)
TOO_NEW_IN_CSS = re.compile(
    r"^\s*&|color-mix\(|oklch\(|light-dark\(|@scope|@starting-style|subgrid|text-wrap:\s*balance"
    r"|field-sizing|anchor\(|view-transition-name|animation-timeline|scrollbar-(width|color)",
    re.M,
)


def python_files() -> list[Path]:
    return sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def web_files(suffix: str) -> list[Path]:
    return sorted(p for package in PACKAGES for p in (ROOT / package).rglob(f"*{suffix}"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_imports_go_down_the_floors() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_module_says_first_what_lives_in_it() -> None:
    silent = [
        name_of(p) for p in python_files() if not ast.get_docstring(ast.parse(p.read_text("utf-8")))
    ]
    assert silent == []


def test_no_file_is_too_long() -> None:
    long = {
        name_of(p): n
        for p in [*python_files(), *web_files(".js")]
        if (n := len(p.read_text("utf-8").splitlines())) > FILE_LINES_MAX
    }
    assert long == {}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for thing in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(thing, ast.FunctionDef | ast.AsyncFunctionDef):
            yield thing


def test_no_function_is_too_long() -> None:
    long = [
        f"{name_of(p)}:{f.lineno} {f.name}"
        for p in python_files()
        for f in functions(p)
        if f.end_lineno is not None and f.end_lineno - f.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def strings(path: Path) -> Iterator[ast.Constant]:
    for thing in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(thing, ast.Constant) and isinstance(thing.value, str):
            yield thing


def test_sql_is_spoken_only_in_the_stores() -> None:
    outside = [
        f"{name_of(p)}:{s.lineno}"
        for p in python_files()
        if not name_of(p).startswith(SQL_ROOMS)
        for s in strings(p)
        if SQL.search(str(s.value))
    ]
    assert outside == []


def test_sql_is_never_put_together_from_pieces() -> None:
    pieced = [
        f"{name_of(p)}:{thing.lineno}"
        for p in python_files()
        for thing in ast.walk(ast.parse(p.read_text("utf-8")))
        if isinstance(thing, ast.JoinedStr)
        and SQL.search("".join(str(v.value) for v in thing.values if isinstance(v, ast.Constant)))
    ]
    assert pieced == []


@pytest.mark.parametrize("package", ["hub", "node"])
def test_every_template_has_a_page_of_its_name(package: str) -> None:
    pages = {p.stem for p in (ROOT / package / "pages").glob("*.py")}
    lost = [
        t.name
        for t in (ROOT / package / "templates").glob("*.html")
        if not any(t.stem == p or t.stem.startswith(f"{p}_") for p in pages)
    ]
    assert lost == []


def test_templates_hold_no_script_and_no_style() -> None:
    held = [
        f"{name_of(t)}: {found.group(0)}"
        for t in web_files(".html")
        if (
            found := re.search(
                r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", t.read_text("utf-8")
            )
        )
    ]
    assert held == []


def test_no_script_writes_html() -> None:
    writers = [
        name_of(s)
        for s in web_files(".js")
        if re.search(
            r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write", s.read_text("utf-8")
        )
    ]
    assert writers == []


def test_no_text_in_a_script_goes_over_several_lines() -> None:
    """shared.web.statics takes comments and indents out of scripts line by line."""
    open_at_the_end = [
        f"{name_of(s)}:{number}"
        for s in web_files(".js")
        for number, line in enumerate(s.read_text("utf-8").splitlines(), 1)
        if line.count("`") % 2
    ]
    assert open_at_the_end == []


@pytest.mark.acceptance(13)
def test_scripts_and_styles_need_nothing_newer_than_chrome_109() -> None:
    too_new = [
        f"{name_of(f)}: {found.group(0).strip()}"
        for suffix, words in ((".js", TOO_NEW_IN_JS), (".css", TOO_NEW_IN_CSS))
        for f in web_files(suffix)
        if (found := words.search(f.read_text("utf-8")))
    ]
    assert too_new == []


def test_colours_are_named_once() -> None:
    coloured = [
        name_of(c)
        for c in web_files(".css")
        if c.name != "tokens.css"
        and re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", c.read_text("utf-8"))
    ]
    assert coloured == []


def test_the_folder_packaging_hides_no_library() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_nothing_of_the_project_names_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.splitlines()
    hosts = re.compile(r"(pypi|npmjs|pythonhosted|npmmirror|debian)\.(org|com)")
    naming = [
        name
        for name in listed
        if (ROOT / name).is_file()
        and (ROOT / name).suffix in {".py", ".txt", ".toml", ".md", ".json", ".sh", ""}
        and hosts.search((ROOT / name).read_text("utf-8", errors="ignore"))
    ]
    assert naming == []
