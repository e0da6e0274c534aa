"""The marking page's acceptance table: sixteen rows, and the tests that check each of them.

A test says with @pytest.mark.acceptance(row) which row it checks; run one row's, or all of them:

    python -m tests.test_acceptance            lists the rows with their tests
    python -m pytest -m acceptance             runs them

What is a question of time is measured by a benchmark, beside a reference of the same run; the test
of such a row checks by what means the page comes to be fast.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
BENCHMARKS = TESTS.parent / "benchmarks"


@dataclass(frozen=True, slots=True)
class Row:
    words: str
    benchmark: str = ""
    """Measures what no test may assert."""
    is_browsers: bool = True
    """To be seen in the current Chromium and in 109, over plain HTTP from an origin of no trust;
    only the load of eighty markers is made without browsers."""


ROWS = {
    1: Row("a mark takes 7 keys or 7 clicks"),
    2: Row("20 marks by keyboard: number pad, taking back, history, a comment with d3f in it"),
    3: Row("at no usual size, nor at 125 %, anything scrolls or is cut off"),
    4: Row("axe finds nothing in any state"),
    5: Row("text has a contrast of 4.5, what can be used of 3"),
    6: Row("the next clip is there though the node answers late", "marking_page"),
    7: Row("a key is seen at once on an old PC", "marking_page"),
    8: Row("the node is killed: marks wait, the page says so, each arrives once"),
    9: Row("after hundreds of clips the page is as light as before", "marking_page"),
    10: Row("sound after the sign-in, a key asked for after a reload, not Esc"),
    11: Row("a reload restores levels, comment, flag and position"),
    12: Row("at most 40 KB and 15 requests"),
    13: Row("nothing newer than Chrome 109, and no complaint of the browser"),
    14: Row("nothing against the content security policy"),
    15: Row("every word is Chinese; no NaN, undefined, null, nor code of HTTP"),
    16: Row("80 markers at once on one node", "markers", is_browsers=False),
}


@dataclass(frozen=True, slots=True)
class Check:
    row: int
    test: str
    is_on_109_too: bool


def checks() -> Iterator[Check]:
    for path in sorted(TESTS.rglob("test_*.py")):
        for thing in ast.parse(path.read_text("utf-8")).body:
            if isinstance(thing, ast.FunctionDef):
                marks = [ast.unparse(mark) for mark in thing.decorator_list]
                name = f"{path.relative_to(TESTS.parent).as_posix()}::{thing.name}"
                for mark in marks:
                    if mark.startswith("pytest.mark.acceptance("):
                        row = int(mark.removeprefix("pytest.mark.acceptance(").rstrip(")"))
                        yield Check(row, name, "pytest.mark.on_109_too" in marks)


def test_every_row_of_the_table_has_a_check_and_every_check_a_row() -> None:
    assert {check.row for check in checks()} == set(ROWS) == set(range(1, 17))


def test_what_browsers_do_is_seen_in_both_of_them() -> None:
    in_browsers = [check for check in checks() if check.test.startswith("tests/browser/")]
    assert [check.test for check in in_browsers if not check.is_on_109_too] == []
    seen = {check.row for check in in_browsers}
    assert [n for n, row in ROWS.items() if row.is_browsers and n not in seen] == []


def test_what_is_a_question_of_time_has_a_benchmark() -> None:
    named = {row.benchmark for row in ROWS.values() if row.benchmark}
    assert [name for name in named if not (BENCHMARKS / f"{name}.py").is_file()] == []


if __name__ == "__main__":
    found = list(checks())
    for number, row in ROWS.items():
        measured = f"  (measured by benchmarks/{row.benchmark}.py)" if row.benchmark else ""
        print(f"{number:2} {row.words}{measured}")
        for check in found:
            if check.row == number:
                print(f"     {check.test}{' [and 109]' if check.is_on_109_too else ''}")
