"""The management pages in a real Chromium: axe, no sideways scroll, tables that sort and filter."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

import shared.web
from tests.browser.desks import HUB_PAGES, NODE_PAGES, SIZES, Desk, a_city_desk, a_lead_desk
from tests.browser.hands import faults_of
from tests.makers import CHEN, a_phone

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_city_desk(tmp_path_factory.mktemp("city")) as desk:
        yield desk


@pytest.fixture(scope="module")
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_lead_desk(tmp_path_factory.mktemp("lead")) as desk:
        yield desk


@pytest.fixture(scope="module")
def city_page(city: Desk, browser: Browser) -> Page:
    return city.sign_in(browser)


@pytest.fixture(scope="module")
def lead_page(lead: Desk, browser: Browser) -> Page:
    return lead.sign_in(browser)


def width_over(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.mark.parametrize("path", HUB_PAGES)
def test_axe_finds_nothing_on_the_city_pages(city: Desk, city_page: Page, path: str) -> None:
    city_page.goto(city.url + path)
    assert city_page.url == city.url + path
    assert faults_of(city_page) == []


@pytest.mark.parametrize("path", NODE_PAGES)
def test_axe_finds_nothing_on_the_district_pages(lead: Desk, lead_page: Page, path: str) -> None:
    lead_page.goto(lead.url + path)
    assert lead_page.url == lead.url + path
    assert faults_of(lead_page) == []


def test_a_marker_reads_the_feedback_and_axe_finds_nothing(lead: Desk, browser: Browser) -> None:
    page = lead.sign_in_marker(browser)
    assert "第二乐句偏低" in page.locator("tbody").inner_text()
    assert faults_of(page) == []
    assert width_over(page) == 0
    page.goto(f"{lead.url}/mark")
    expect(page.get_by_test_id("loading")).to_be_hidden()
    page.locator("#menu-button").click()
    page.get_by_role("menuitem", name="标准卷反馈").click()
    page.wait_for_url("**/feedback")
    page.context.close()


def test_what_the_marking_page_leads_to_is_dark_where_it_is_dark(
    lead: Desk, browser: Browser
) -> None:
    page = lead.sign_in_marker(browser)
    for key, value in (("theme", "dark"), ("font", "large")):
        page.request.post(f"{lead.url}/api/preferences", data={"key": key, "value": value})
    for path in ("/feedback", "/password", "/check"):
        page.goto(lead.url + path)
        assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "17.92px"
        assert (path, faults_of(page), width_over(page)) == (path, [], 0)
    page.context.close()


def test_a_marker_moves_to_this_pc_after_a_yes_and_axe_finds_nothing(
    lead: Desk, browser: Browser
) -> None:
    words = {"phone": a_phone(CHEN), "password": a_phone(CHEN)[-4:]}
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as other:
        other.post(lead.url, data=words)
        page = browser.new_context(locale="zh-CN").new_page()
        page.goto(lead.url)
        for field, word in words.items():
            page.fill(f"[name={field}]", word)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading")).to_contain_text("已在 电脑 127.0.0.2 登录")
        assert faults_of(page) == []
        assert width_over(page) == 0
        assert other.get(f"{lead.url}/api/progress").status_code == 200
        page.keyboard.press("Enter")
        page.wait_for_url("**/mark")
        assert other.get(f"{lead.url}/api/progress").json()["code"] == "taken_over"
    expect(page.get_by_test_id("loading")).to_be_hidden()
    page.locator("#menu-button").click()
    page.get_by_role("menuitem", name="设备自检").click()
    page.wait_for_url("**/check")
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_no_page_scrolls_sideways(
    city: Desk, city_page: Page, lead: Desk, lead_page: Page, size: tuple[int, int]
) -> None:
    wide = []
    for desk, page in ((city, city_page), (lead, lead_page)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for path in desk.pages:
            page.goto(desk.url + path)
            if width_over(page) > 0:
                wide.append((path, width_over(page)))
    assert wide == []


def first_column(page: Page) -> list[str]:
    script = "rows => rows.filter(r => !r.hidden).map(r => r.cells[0].innerText.trim())"
    return [str(word) for word in page.locator("tbody tr").evaluate_all(script)]


def test_a_table_sorts_by_its_heads_and_keeps_it_over_a_refresh(
    city: Desk, city_page: Page
) -> None:
    city_page.goto(city.url + "/districts")
    names = first_column(city_page)
    head = city_page.get_by_role("button", name="区县", exact=True)
    head.click()
    assert first_column(city_page) == sorted(names)
    head.click()
    assert first_column(city_page) == sorted(names, reverse=True)
    assert city_page.locator("th[aria-sort=descending]").count() == 1
    city_page.wait_for_event("response", lambda answer: answer.url.endswith("/districts"))
    city_page.wait_for_timeout(300)
    assert first_column(city_page) == sorted(names, reverse=True)


def test_a_name_is_found_by_pinyin_initials(lead: Desk, lead_page: Page) -> None:
    lead_page.goto(lead.url + "/progress/markers")
    lead_page.keyboard.press("/")
    lead_page.keyboard.type("cee")
    shown = lead_page.locator("#people li:visible").all_inner_texts()
    assert [text.split()[0][:3] for text in shown] == ["陈二二"]
    lead_page.keyboard.press("Escape")
    lead_page.goto(lead.url + "/accounts")
    lead_page.locator("input[type=search]").fill("zss")
    assert lead_page.locator("tbody tr:visible").count() == 1
    lead_page.locator("input[type=search]").fill("zzzz")
    assert "没有符合的行" in lead_page.locator(".table-rows").inner_text()


STATIC = Path(shared.web.__path__[0]) / "static"
SURNAMES = "艾白蔡邓鄂冯郭何姬柯刘马倪欧潘钱任孙唐王谢叶赵曾单仇"


def test_the_browser_knows_the_initials_of_surnames(lead_page: Page) -> None:
    # As written: the pages get it joined with others, and give out nothing of it.
    module = (STATIC / "js" / "initials.js").read_text("utf-8")
    lead_page.goto("about:blank")
    found = lead_page.evaluate(
        "async ([text, names]) => {"
        " const { initials } = await import('data:text/javascript,' + encodeURIComponent(text));"
        " return Array.from(names, initials).join(''); }",
        [module, SURNAMES],
    )
    assert found == "abcdefghjklmnopqrstwxyzzsq"


def test_what_is_shown_is_taken_away_as_csv(city: Desk, city_page: Page) -> None:
    city_page.goto(city.url + "/accounts")
    city_page.locator("input[type=search]").fill("第1区")
    with city_page.expect_download() as download:
        city_page.get_by_role("button", name="导出 CSV").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    assert download.value.suggested_filename.endswith(".csv")
    lines = text.splitlines()
    assert lines[0].startswith("区县,姓名,账号")
    assert len(lines) == 4
    assert all(line.startswith("第1区") for line in lines[1:])


def test_g_and_a_digit_lead_to_a_page(city: Desk, city_page: Page) -> None:
    city_page.goto(city.url + "/")
    city_page.keyboard.press("g")
    city_page.keyboard.press("3")
    city_page.wait_for_url("**/groups")
    city_page.keyboard.press("2")
    city_page.wait_for_timeout(200)
    assert city_page.url.endswith("/groups")


def test_the_arrows_go_from_row_to_row(city: Desk, city_page: Page) -> None:
    city_page.goto(city.url + "/districts")
    city_page.locator("tbody a").first.focus()
    city_page.keyboard.press("ArrowDown")
    city_page.keyboard.press("Enter")
    city_page.wait_for_url("**/districts/2")


def test_an_announcement_is_seen_as_its_readers_will_see_it(city: Desk, city_page: Page) -> None:
    city_page.goto(city.url + "/announcements")
    preview = city_page.get_by_test_id("preview")
    city_page.get_by_role("button", name="午休").click()
    expect(preview).to_contain_text(city_page.input_value("#announcement"))
    city_page.get_by_label("强制").check()
    expect(preview).to_contain_text("在两份作品之间弹出")
    city_page.fill("#announcement", "下午两点继续")
    expect(preview).to_contain_text("下午两点继续")
