"""标准卷: the experts' levels are taken in line by line, all or none, and sent out at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import audit, references
from tests.hub.finished import tables
from tests.hub.makers import an_allocated_hub
from tests.hub.pages import Browser, a_browser, sign_in, store_of

ADD, RETIRE = "/quality/references/add", "/quality/references/retire"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    an_allocated_hub(tmp_path).close()
    with a_browser(tmp_path) as found:
        sign_in(found)
        yield found


def test_a_line_is_a_code_six_levels_and_a_note(browser: Browser) -> None:
    lines = "ZX-000001 323332 第二乐句偏低\n\nzx-000002，3,2,3,3,3,2\n"
    assert "已保存" in browser.post(ADD, data={"lines": lines}).text
    rows = tables(browser.get("/quality/references").text)[0][1:]
    assert [row[:3] for row in rows] == [
        ["ZX-000001", "中学音乐-国歌", "323332"],
        ["ZX-000002", "中学音乐-国歌", "323332"],
    ]
    assert rows[0][7] == "第二乐句偏低"
    with store_of(browser).reading() as db:
        assert db.table("probe").count > 0, "sent out at once"
        assert audit.page(db)[0].action == "references_marked"


def test_a_code_that_is_there_already_is_corrected(browser: Browser) -> None:
    browser.post(ADD, data={"lines": "ZX-000001 323332"})
    browser.post(ADD, data={"lines": "ZX-000001 111111 重新商定"})
    with store_of(browser).reading() as db:
        (found,) = references.everything(db)
        expected = {row["expected"] for row in db.table("probe").rows}
    assert expected == {"111111"}, "also of those that went out already"
    assert (found.levels, found.note) == ("111111", "重新商定")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ZX-FFFFFF 333333", "没有编号为 ZX-FFFFFF 的作品"),
        ("ZX-000002 33333", "第 2 行：应为"),
        ("ZX-000002 333343", "第 2 行：应为"),
        ("ZX-000001 333333", "ZX-000001 重复"),
        ("ZX-000002 333333 " + "长" * 301, "最多 300 个字"),
    ],
)
def test_one_wrong_line_and_none_is_taken_in(browser: Browser, line: str, said: str) -> None:
    answer = browser.post(ADD, data={"lines": f"ZX-000001 323332\n{line}"})
    assert answer.status_code == 400
    assert said in answer.text
    assert line in answer.text, "what was typed is still there"
    with store_of(browser).reading() as db:
        assert references.everything(db) == []


def test_a_retired_one_goes_to_nobody_else(browser: Browser) -> None:
    browser.post(ADD, data={"lines": "ZX-000001 323332"})
    assert "已停用" in browser.post(RETIRE, data={"performance": "1"}).text
    assert browser.post(RETIRE, data={"performance": "1"}).status_code == 409
    with store_of(browser).reading() as db:
        (found,) = references.everything(db)
        assert not found.is_active


def test_a_viewer_changes_nothing(browser: Browser) -> None:
    sign_in(browser, "city_viewer")
    assert browser.post(ADD, data={"lines": "ZX-000001 323332"}).status_code == 403
    assert "添加或更正" not in browser.get("/quality/references").text
