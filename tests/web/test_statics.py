"""Static files as they are sent: compressed where the browser takes it, lean, and complete."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared.web import statics

SCRIPT = """// @ts-check
// What lives here.
/** @typedef {number} Level
 * more of it */
import { a } from "./a.js";
const b = a; // stays: it is not alone on its line

/** A promise. */
export function give(level) {
  /** @type {any} */ (level).x = "/* no comment */";
  return "// no comment either";
}
"""
SENT = """



import { a } from "./a.js";
const b = a; // stays: it is not alone on its line


export function give(level) {
/** @type {any} */ (level).x = "/* no comment */";
return "// no comment either";
}
"""
STYLE = "/* Colours. */\na {\n  color: red;\n}\n" + "b { color: blue; }\n" * 60


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    own, shared = tmp_path / "own" / "static", tmp_path / "shared" / "static"
    for folder in (own, shared):
        folder.mkdir(parents=True)
    (own / "b.js").write_text(SCRIPT, encoding="utf-8")
    (own / "a.js").write_text("export const a = 1;\n", encoding="utf-8")
    (own / "both.css").write_text(STYLE, encoding="utf-8")
    (shared / "both.css").write_text("the other one", encoding="utf-8")
    (shared / "secret.txt").write_text("not below static", encoding="utf-8")
    (tmp_path / "own" / "outside.js").write_text("outside", encoding="utf-8")
    app = Litestar(
        [statics.router("/static/1", tmp_path / "own", tmp_path / "shared")],
        openapi_config=None,
    )
    with TestClient(app) as client:
        yield client


def test_a_browser_gets_them_compressed_and_the_first_folder_counts(
    client: TestClient[Litestar],
) -> None:
    answer = client.get("/static/1/both.css")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    assert int(answer.headers["content-length"]) < len(STYLE) / 5
    assert answer.text == "\na {\ncolor: red;\n}\n" + "b { color: blue; }\n" * 60


def test_who_cannot_unpack_gets_them_plain(client: TestClient[Litestar]) -> None:
    answer = client.get("/static/1/both.css", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.text.endswith("b { color: blue; }\n")
    assert client.head("/static/1/both.css").status_code == 200


def test_what_is_not_there_is_not_found(client: TestClient[Litestar]) -> None:
    for name in ("none.js", "../outside.js", "..%2Foutside.js", ""):
        assert client.get(f"/static/1/{name}").status_code == 404


def test_a_script_comes_with_what_it_imports_and_a_map_back_to_what_was_written(
    client: TestClient[Litestar],
) -> None:
    answer = client.get("/static/1/b.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    lines = answer.text.split("\n")
    assert lines[1] == "const a = 1;"
    assert "const { a } = m0;" in answer.text
    assert lines[-2] == "//# sourceMappingURL=b.js.map"
    first, second = client.get("/static/1/b.js.map").json()["sections"]
    assert (first["map"]["sources"], second["map"]["sourcesContent"]) == (["a.js"], [SCRIPT])
    place = second["offset"]["line"] + SCRIPT.split("\n").index("export function give(level) {")
    assert lines[place] == "function give(level) {"
    assert client.get("/static/1/a.js").status_code == 404, "nobody needs it by itself"


def test_comments_and_indents_go_and_every_line_keeps_its_number() -> None:
    assert statics.lean(SCRIPT) == SENT
    assert SENT.count("\n") == SCRIPT.count("\n")
