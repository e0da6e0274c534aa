"""账号与名册: a new password on a slip, out of work and back, a workbook with its diff."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import accounts, audit, feed, tasks
from shared.kit.passwords import check_password
from tests.hub.books import a_book, write_xlsx
from tests.hub.makers import an_allocated_hub
from tests.hub.pages import Browser, a_browser, sign_in, store_of

NEW = {
    "phone": "199 0000 0099",
    "name": "郑七七",
    "district_id": "1",
    "role": "marker",
    "scope": "middle",
}


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    an_allocated_hub(tmp_path).close()
    with a_browser(tmp_path) as found:
        sign_in(found)
        yield found


def test_a_new_password_is_on_a_slip_once_and_goes_to_the_district(browser: Browser) -> None:
    text = browser.post("/accounts/1/reset").text
    shown = re.search(r'big-code">([2-9a-z]{8})<', text)
    assert shown
    assert shown.group(1) not in browser.get("/accounts").text
    with store_of(browser).reading() as db:
        account = accounts.account(db, 1)
        assert account is not None
        assert check_password(account.password_hash, shown.group(1))
        assert account.password_version == 1
        assert feed.after(db, account.district_id, 0, 10_000)[-1].kind == "account"
        assert audit.page(db)[0].action == "password_reset"
        assert shown.group(1) not in str(audit.page(db)[0].detail)


def test_who_is_disabled_leaves_the_tasks_to_others(browser: Browser) -> None:
    with store_of(browser).reading() as db:
        held = len(tasks.open_of_account(db, 1, 1))
    assert held
    assert "已停用" in browser.post("/accounts/1/disable").text
    with store_of(browser).reading() as db:
        assert tasks.open_of_account(db, 1, 1) == []
    assert "已启用" in browser.post("/accounts/1/enable").text
    assert browser.post("/accounts/999/disable").status_code == 404


def test_one_more_person(browser: Browser) -> None:
    assert "已新增账号" in browser.post("/accounts/add", data=NEW).text
    with store_of(browser).reading() as db:
        added = accounts.everyone(db)[-1]
    assert (added.phone, added.name, added.password_hash) == ("19900000099", "郑七七", None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"phone": "12345"}, "11 位"),
        ({"phone": "19900010000"}, "已有账号"),
        ({"name": " "}, "请填写姓名"),
        ({"scope": ""}, "阅卷范围"),
        ({"district_id": "77"}, "没有这个区县"),
    ],
)
def test_a_person_who_may_not_be_added_is_refused_and_stays_typed(
    browser: Browser, change: dict[str, str], words: str
) -> None:
    answer = browser.post("/accounts/add", data=NEW | change)
    assert answer.status_code in (400, 409)
    assert words in answer.text
    assert f'value="{(NEW | change)["name"].strip()}' in answer.text


def test_a_workbook_is_looked_at_first_and_brought_in_when_confirmed(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "book.xlsx", a_book())
    with a_browser(tmp_path / "hub") as browser:
        sign_in(browser)
        seen = browser.post("/accounts/import", files={"book": ("book.xlsx", book.read_bytes())})
        assert "新增人员 12 名" in seen.text
        with store_of(browser).reading() as db:
            assert accounts.everyone(db) == []
        url = re.search(r'action="(/accounts/import/[0-9a-f]{32})"', seen.text)
        assert url
        assert "导入完成" in browser.post(url.group(1)).text
        with store_of(browser).reading() as db:
            assert len(accounts.everyone(db)) == 12
        assert not list((tmp_path / "hub" / "imports").glob("*"))
        assert browser.post(url.group(1)).status_code == 404


def test_the_diff_says_what_changes(tmp_path: Path) -> None:
    sheets = a_book()
    with a_browser(tmp_path / "hub") as browser:
        sign_in(browser)
        for name in ("王11", "王一一"):
            sheets["人员"][1][1] = name
            book = write_xlsx(tmp_path / "book.xlsx", sheets).read_bytes()
            seen = browser.post("/accounts/import", files={"book": ("book.xlsx", book)}).text
            if name == "王11":
                url = re.search(r'action="(/accounts/import/[0-9a-f]{32})"', seen)
                assert url
                browser.post(url.group(1))
        assert "姓名 王11 → 王一一" in seen


def test_a_workbook_with_problems_changes_nothing(tmp_path: Path) -> None:
    sheets = a_book()
    sheets["人员"][0][0] = "12"
    book = write_xlsx(tmp_path / "book.xlsx", sheets)
    with a_browser(tmp_path / "hub") as browser:
        sign_in(browser)
        seen = browser.post("/accounts/import", files={"book": ("b.xlsx", book.read_bytes())})
        assert "没有导入任何数据" in seen.text
        assert "人员 第" in seen.text
        assert not list((tmp_path / "hub" / "imports").glob("*"))
        broken = browser.post("/accounts/import", files={"book": ("b.xlsx", b"no book")})
        assert broken.status_code in (400, 409)
        assert browser.post("/accounts/import/../../hub").status_code in (404, 405)


def test_a_viewer_sees_everybody_and_changes_nobody(tmp_path: Path) -> None:
    an_allocated_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser, "city_viewer")
        shown = browser.get("/accounts").text
        assert "重置密码" not in shown
        for path in ("/accounts/1/reset", "/accounts/1/disable", "/accounts/1/enable"):
            assert browser.post(path).status_code == 403
        assert browser.post("/accounts/add", data=NEW).status_code == 403
        assert browser.post("/accounts/import", files={"book": ("b", b"")}).status_code == 403
