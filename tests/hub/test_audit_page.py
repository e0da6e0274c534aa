"""审计日志: whatever the hub writes down is read there in words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from hub.pages.audit import ACTIONS, WORDS
from hub.store import audit
from tests.hub.finished import tables
from tests.hub.makers import an_allocated_hub
from tests.hub.pages import ADMIN, a_browser, sign_in, store_of
from tests.makers import NINE

HUB = Path(__file__).resolve().parents[2] / "hub"


def appended() -> Iterator[tuple[ast.expr, set[str]]]:
    """The action and the keys of the detail of each audit.append in the hub."""
    for path in HUB.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
        for function in functions.values():
            yield from _of(function, functions)


def _of(
    function: ast.FunctionDef, others: dict[str, ast.FunctionDef]
) -> Iterator[tuple[ast.expr, set[str]]]:
    nodes = list(ast.walk(function))
    named = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.append":
            detail = node.args[3]
            if isinstance(detail, ast.Name):
                detail = named.get(detail.id, detail)
            if isinstance(detail, ast.Call) and (made := others.get(ast.unparse(detail.func))):
                detail = next(
                    n.value for n in ast.walk(made) if isinstance(n, ast.Return) and n.value
                )
            keys = detail.keys if isinstance(detail, ast.Dict) else []
            yield (
                node.args[2],
                {k.value for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)},
            )


def test_every_action_and_every_detail_has_a_word() -> None:
    found = list(appended())
    actions = {action.value for action, _ in found if isinstance(action, ast.Constant)}
    assert len(actions) > 40
    assert actions - ACTIONS.keys() == set()
    assert set().union(*(keys for _, keys in found)) - WORDS.keys() == set()


def test_it_is_searched_by_action_and_person_over_all_pages(tmp_path: Path) -> None:
    an_allocated_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        with store_of(browser).writing() as db:
            for number in range(70):
                audit.append(db, "钱七七", "announce", {"announcement": number}, NINE)
        rows = tables(browser.get("/audit?action=sign_in").text)[0][1:]
        assert [row[2:4] for row in rows] == [[ADMIN, "登录"]]
        page = browser.get("/audit?action=announce&who=钱七七").text
        assert len(tables(page)[0][1:]) == 50
        (older,) = re.findall(r'href="(/audit\?before=[^"]*)"', page)
        rest = tables(browser.get(older.replace("&amp;", "&")).text)[0][1:]
        assert [row[2] for row in rest] == ["钱七七"] * 20
        assert "没有这样的记录" in browser.get("/audit?who=nobody").text
