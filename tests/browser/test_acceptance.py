"""Rows of the marking page's acceptance table (tests/test_acceptance.py), in a room of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.conftest import HOST
from tests.browser.hands import SIX, body_of, code, faults_of, intercept, marked, press, row_of
from tests.browser.room import (
    CUT,
    MUST_NOT_PLAY,
    Room,
    a_room,
    foreign_words,
    until_open,
    walk,
)
from tests.makers import WANG

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SIZES = (
    (1366, 600, 1.0),
    (1366, 768, 1.0),
    (1920, 1080, 1.0),
    (1093, 614, 1.25),
    (1536, 864, 1.25),
)
"""In CSS pixels; the last two are PCs of 1366x768 and 1920x1080 on which people zoom to 125 %."""
MARKS = 20
COUNT_SEEKS = """() => {
  window.seeks = 0;
  for (const video of document.querySelectorAll("video"))
    video.addEventListener("seeking", () => (window.seeks += 1));
}"""


@pytest.fixture(scope="module")
def room(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with a_room(tmp_path_factory.mktemp("room"), browser) as room:
        yield room


@dataclass(slots=True)
class Seen:
    """What is wrong, by the name of the state."""

    axe: dict[str, list[str]] = field(default_factory=dict)
    cut: dict[str, list[str]] = field(default_factory=dict)
    foreign: dict[str, list[str]] = field(default_factory=dict)
    secure: dict[str, list[str]] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def look(self, state: str, page: Page) -> None:
        self.states.append(state)
        note(self.cut, state, page.evaluate(CUT))
        note(self.foreign, state, foreign_words(page))
        note(self.axe, state, faults_of(page))
        note(self.secure, state, ["secure"] if page.evaluate("isSecureContext") else [])


def note(kind: dict[str, list[str]], state: str, found: list[str]) -> None:
    if found:
        kind[state] = found


@pytest.fixture(scope="module")
def seen(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Every state of the page, looked at once for all questions."""
    seen = Seen()
    with a_room(tmp_path_factory.mktemp("states"), browser) as room:
        walk(room, seen.look)
        seen.wrong = room.wrong
    return seen


@pytest.mark.on_109_too
@pytest.mark.acceptance(4)
@pytest.mark.acceptance(5)
def test_axe_finds_nothing_in_any_state(seen: Seen) -> None:
    assert len(seen.states) == len(set(seen.states)) >= 30
    assert seen.axe == {}


@pytest.mark.on_109_too
def test_every_state_is_seen_over_plain_http_at_an_origin_of_no_trust(seen: Seen) -> None:
    assert seen.secure == {}


@pytest.mark.on_109_too
@pytest.mark.acceptance(13)
@pytest.mark.acceptance(14)
def test_in_no_state_a_script_breaks_or_the_policy_is_violated(seen: Seen) -> None:
    assert seen.wrong == []


@pytest.mark.on_109_too
@pytest.mark.acceptance(15)
def test_every_word_of_every_state_is_chinese(seen: Seen) -> None:
    assert seen.foreign == {}


@pytest.mark.on_109_too
@pytest.mark.acceptance(3)
def test_in_no_state_anything_is_cut_off(seen: Seen) -> None:
    assert seen.cut == {}


@pytest.mark.on_109_too
@pytest.mark.acceptance(3)
def test_at_no_usual_size_anything_scrolls_or_is_cut_off(room: Room) -> None:
    page = room.page()
    wrong: dict[str, list[str]] = {}
    display = page.context.new_cdp_session(page)
    for keys in ("", "v"):
        press(page, keys)
        layout = page.evaluate("document.body.dataset.layout")
        for width, height, zoom in SIZES:
            metrics = {"width": width, "height": height, "deviceScaleFactor": zoom, "mobile": False}
            display.send("Emulation.setDeviceMetricsOverride", metrics)
            page.wait_for_timeout(120)
            before = page.get_by_test_id("submit").bounding_box()
            note(wrong, f"{layout} {width}x{height}", page.evaluate(CUT))
            press(page, ["Alt+2", "c"])
            note(wrong, f"{layout} {width}x{height}, writing", page.evaluate(CUT))
            press(page, ["Escape", "Alt+2", "?"])
            note(wrong, f"{layout} {width}x{height}, the keys", page.evaluate(CUT))
            press(page, ["Escape"])
            page.locator("#menu-button").click()
            note(wrong, f"{layout} {width}x{height}, the menu", page.evaluate(CUT))
            press(page, ["Escape"])
            assert page.get_by_test_id("submit").bounding_box() == before
    # Closed any sooner, the page would leave the account with the brief layout.
    with page.expect_response("**/api/preferences"):
        press(page, "v")
    page.context.close()
    assert wrong == {}


def sent_by(page: Page) -> list[dict[str, object]]:
    bodies: list[dict[str, object]] = []

    def take(request: Request) -> None:
        if request.url.endswith("/api/marks"):
            bodies.append(body_of(request))

    page.on("request", take)
    return bodies


def until_sent(page: Page, bodies: list[dict[str, object]], count: int) -> None:
    """What the browser does, these tests are told a moment later."""
    expect(page.get_by_test_id("saved")).to_have_text("评分已保存")
    for _ in range(100):
        if len(bodies) >= count:
            return
        page.wait_for_timeout(50)


@pytest.mark.on_109_too
@pytest.mark.acceptance(1)
def test_a_mark_takes_seven_keys_or_seven_clicks(room: Room) -> None:
    room.set_policy(heard_percent_min=0)
    page = room.page()
    bodies = sent_by(page)
    first = code(page)
    keys = [*SIX, "Enter"]
    press(page, keys)
    expect(page.get_by_test_id("code")).not_to_have_text(first)
    second = code(page)
    clicks = [page.get_by_role("radiogroup").nth(n).get_by_role("radio").nth(1) for n in range(6)]
    for place in [*clicks, page.get_by_test_id("submit")]:
        place.click()
    expect(page.get_by_test_id("code")).not_to_have_text(second)
    until_sent(page, bodies, 2)
    assert (len(keys), len(clicks) + 1) == (7, 7)
    assert [list(body["levels"].values()) for body in bodies] == [  # type: ignore[attr-defined]
        [3, 2, 1, 0, 3, 2],
        [2] * 6,
    ]
    page.context.close()


HELD_URLS = """
  window.heldUrls = 0;
  const [make, drop] = [URL.createObjectURL, URL.revokeObjectURL];
  URL.createObjectURL = (thing) => (window.heldUrls += 1, make.call(URL, thing));
  URL.revokeObjectURL = (url) => (window.heldUrls -= 1, drop.call(URL, url));
"""


@pytest.mark.on_109_too
@pytest.mark.acceptance(2)
@pytest.mark.acceptance(9)
def test_twenty_marks_by_keyboard_alone_leave_the_page_as_light_as_it_was(room: Room) -> None:
    room.set_policy(heard_percent_min=0)
    page = room.page()
    page.add_init_script(HELD_URLS)
    page.reload()
    until_open(page)
    bodies = sent_by(page)
    codes = []
    for number in range(MARKS):
        codes.append(code(page))
        pad = [f"Numpad{level}" for level in SIX] + ["NumpadEnter"]
        press(page, pad if number % 2 else [*SIX, "Enter"])
        expect(page.get_by_test_id("code")).not_to_have_text(codes[-1])
    expect(page.get_by_test_id("saved")).to_have_text("评分已保存")
    until_sent(page, bodies, MARKS)
    assert [len(body["levels"]) for body in bodies] == [6] * MARKS  # type: ignore[arg-type]

    open_now = code(page)
    press(page, "2z")
    expect(page.get_by_test_id("strip")).to_contain_text(f"正在修改 {codes[-1]}")
    press(page, ["0", "Enter"])
    expect(page.get_by_test_id("code")).to_have_text(open_now)
    marked(page, "1 / 6")
    press(page, "h")
    expect(row_of(page, codes[-1])).to_contain_text("021032")
    press(page, ["ArrowDown", "ArrowDown", "Enter"])
    expect(page.get_by_test_id("strip")).to_contain_text(f"正在修改 {codes[-2]}")
    press(page, "c")
    page.keyboard.type("d3f 声音 zh")
    press(page, ["Escape"])
    assert page.evaluate("document.body.dataset.layout") == "full"
    press(page, ["Enter"])
    until_sent(page, bodies, MARKS + 2)
    assert [body["comment"] for body in bodies[MARKS:]] == ["", "d3f 声音 zh"]
    assert bodies[-1]["levels"] == bodies[MARKS - 2]["levels"]

    assert page.locator("video").count() == 2
    # The open clip, the one before, which may be taken back, and the next two.
    assert page.evaluate("window.heldUrls") <= 4
    page.context.close()


@pytest.mark.on_109_too
@pytest.mark.acceptance(6)
def test_the_next_clip_plays_from_this_pc_while_the_node_is_slow(room: Room) -> None:
    room.set_policy(heard_percent_min=0)
    page = room.page()
    expect(page.get_by_test_id("ready")).to_have_text("已备好 下 2 份")
    # Slower than slow: from here on not a byte of a clip comes.
    intercept(page, "**/videos/**", lambda route: None)
    page.evaluate(COUNT_SEEKS)
    for _ in range(2):
        before = code(page)
        press(page, [*SIX, "Enter"])
        expect(page.get_by_test_id("code")).not_to_have_text(before)
        expect(page.locator("video.front")).to_have_js_property("paused", False)
        assert page.locator("video.front").evaluate("v => v.src").startswith("blob:")
        expect(page.get_by_test_id("cover")).to_be_hidden()
    # A seek, even to the start, would have the frame decoded again that lies ready.
    assert page.evaluate("window.seeks") == 0
    page.unroute("**/videos/**")
    page.context.close()


MADE_ANEW = """() => {
  window.madeAnew = 0;
  const count = (changes) => changes.forEach((c) => (window.madeAnew += c.addedNodes.length));
  new MutationObserver(count).observe(document.getElementById("rows"),
    { childList: true, subtree: true });
}"""


@pytest.mark.on_109_too
@pytest.mark.acceptance(7)
def test_a_key_draws_nothing_anew_in_the_rows(room: Room) -> None:
    page = room.page()
    page.evaluate(MADE_ANEW)
    press(page, [*SIX, "ArrowUp", "Backspace"])
    marked(page, "5 / 6")
    press(page, "2")
    marked(page, "6 / 6")
    assert page.evaluate("window.madeAnew") == 0
    page.context.close()


WHAT_COMES_FIRST = """() => {
  window.order = [];
  const ask = window.fetch;
  window.fetch = (...asked) => (window.order.push(asked[0]), ask(...asked));
  const channel = new MessageChannel();
  channel.port1.onmessage = () => window.order.push("picture");
  addEventListener("keydown", () =>
    requestAnimationFrame(() => channel.port2.postMessage(0)), true);
}"""


@pytest.mark.on_109_too
@pytest.mark.acceptance(6)
def test_the_next_clip_is_on_the_screen_before_the_node_is_asked_for_anything(room: Room) -> None:
    room.set_policy(heard_percent_min=0)
    page = room.page()
    expect(page.get_by_test_id("ready")).to_have_text("已备好 下 2 份")
    press(page, SIX)
    page.evaluate(WHAT_COMES_FIRST)
    page.evaluate(MADE_ANEW)
    bodies, before = sent_by(page), code(page)
    press(page, ["Enter"])
    expect(page.get_by_test_id("code")).not_to_have_text(before)
    until_sent(page, bodies, 1)
    assert page.evaluate("window.order").index("picture") == 0
    assert "/api/marks" in page.evaluate("window.order")
    # Its rows are those of the clip before.
    assert page.evaluate("window.madeAnew") == 0
    page.context.close()


GIVE = "document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'Enter', bubbles: true}))"


@pytest.mark.on_109_too
@pytest.mark.acceptance(8)
def test_a_mark_given_in_the_moment_the_tab_is_closed_is_kept_once(room: Room) -> None:
    room.set_policy(heard_percent_min=0)
    page = room.page()
    given = code(page)
    press(page, SIX)
    intercept(page, "**/api/marks", lambda route: route.abort())
    # What waits for the picture is still waiting when the page goes.
    page.evaluate("window.setTimeout = window.requestAnimationFrame = () => 0")
    page.evaluate(GIVE)
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(f"http://{HOST}:{room.served.port}/mark")
    until_open(page)
    expect(page.get_by_test_id("code")).not_to_have_text(given)
    expect(page.get_by_test_id("saved")).to_have_text("评分已保存")
    press(page, "h")
    expect(row_of(page, given)).to_have_count(1)
    context.close()


@pytest.mark.on_109_too
@pytest.mark.acceptance(8)
def test_what_was_typed_for_a_task_that_changed_is_there_again_and_can_be_given(room: Room) -> None:
    room.set_policy(heard_percent_min=0)
    page = room.page()
    bodies, first = sent_by(page), code(page)
    changed = {"code": "task_changed", "text": "任务已变化"}

    def refuse_the_first(route: Route) -> None:
        route.continue_() if len(bodies) > 1 else route.fulfill(status=409, json=changed)

    intercept(page, "**/api/marks", refuse_the_first)
    with page.expect_response("**/api/tasks?*"):
        press(page, [*SIX, "Enter"])
    expect(page.get_by_test_id("bar")).to_contain_text("任务已变化")
    press(page, [*SIX, "Enter"])
    expect(page.get_by_test_id("code")).to_have_text(first)
    marked(page, "6 / 6")
    press(page, ["Enter"])
    until_sent(page, bodies, 3)
    refused, _, again = bodies
    assert (again["task_id"], again["levels"]) == (refused["task_id"], refused["levels"])
    assert int(again["spent_ms"]) > int(refused["spent_ms"])  # type: ignore[call-overload]
    page.context.close()


@pytest.mark.on_109_too
@pytest.mark.acceptance(8)
def test_a_page_that_is_out_of_sight_hands_in_its_mark_all_the_same(room: Room) -> None:
    room.set_policy(heard_percent_min=0)
    page = room.page(script="window.requestAnimationFrame = () => 0")
    bodies = sent_by(page)
    press(page, [*SIX, "Enter"])
    until_sent(page, bodies, 1)
    assert len(bodies) == 1
    page.context.close()


@pytest.mark.on_109_too
@pytest.mark.acceptance(11)
def test_a_reload_restores_levels_comment_flag_and_position(room: Room) -> None:
    page = room.page()
    expect(page.get_by_test_id("ready")).to_have_text("已备好 下 2 份")
    before = code(page)
    press(page, ["3", "2", "Alt+2", "c"])
    page.keyboard.type("第二段听不清")
    press(page, ["Escape", "r", "Space"])
    page.evaluate("document.querySelector('video.front').currentTime = 1.2")
    page.add_init_script(MUST_NOT_PLAY)
    page.reload()
    expect(page.get_by_test_id("code")).to_have_text(before)
    marked(page, "2 / 6")
    chosen = page.locator(".cell[aria-checked=true]")
    assert [cell.get_attribute("data-level") for cell in chosen.all()] == ["3", "2"]
    expect(page.locator("#comment-name")).to_have_text("评语：第二段听不清")
    expect(page.locator("#flags [data-value=incomplete]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("video.front")).to_have_js_property("currentTime", 1.2)
    press(page, ["Alt+2"])
    page.context.close()


@pytest.mark.on_109_too
@pytest.mark.acceptance(12)
def test_fifteen_requests_are_enough_until_the_first_clip_plays(room: Room) -> None:
    page = room.page()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url.split("/", 3)[3]))
    page.reload()
    expect(page.get_by_test_id("rows")).to_be_visible()
    expect(page.locator("video.front")).to_have_js_property("readyState", 4)
    page.context.close()
    assert len([url for url in asked if not url.startswith("blob")]) <= 15, asked


@pytest.mark.on_109_too
def test_lyrics_and_a_model_singing_stand_beside_the_clip(room: Room) -> None:
    page = room.page()
    expect(page.get_by_test_id("lyrics")).to_have_text("第一句歌词\n第二句歌词")
    page.get_by_test_id("model").click()
    expect(page.get_by_test_id("model")).to_have_text("停止范唱")
    expect(page.locator("video.front")).to_have_js_property("paused", True)
    press(page, ["Space"])
    expect(page.get_by_test_id("model")).to_have_text("播放范唱")
    press(page, "g")
    expect(page.get_by_test_id("reference")).to_be_hidden()
    press(page, "g")
    expect(page.get_by_test_id("reference")).to_be_visible()
    page.context.close()


def test_off_topic_asks_for_a_reason_where_the_city_wants_one(room: Room) -> None:
    room.set_policy(off_topic_needs_comment=True)
    page = room.page()
    room.set_policy()
    bodies, before = sent_by(page), code(page)
    hint = page.get_by_test_id("hint")
    press(page, ["Alt+3"])
    expect(hint).to_have_text("标记为题文不符，请按 C 写评语，或选常用评语")
    press(page, ["r", "Enter"])
    expect(page.get_by_test_id("code")).to_have_text(before)
    press(page, "c")
    page.keyboard.type("唱的是另一首歌")
    press(page, ["Escape", "Enter"])
    expect(page.get_by_test_id("code")).not_to_have_text(before)
    until_sent(page, bodies, 1)
    assert [body["comment"] for body in bodies] == ["唱的是另一首歌"]
    page.context.close()


@pytest.mark.on_109_too
def test_a_reason_takes_one_key_or_one_click_and_no_typing(room: Room) -> None:
    room.set_policy(off_topic_needs_comment=True)
    page = room.page()
    room.set_policy()
    bodies, before = sent_by(page), code(page)
    press(page, ["Alt+3", "c"])
    first, _, third = page.get_by_test_id("phrases").get_by_role("button").all()[:3]
    expect(first).to_contain_text("唱的不是指定歌曲")
    press(page, ["Alt+1", "Alt+1"])
    expect(page.get_by_test_id("comment")).to_be_focused()
    third.click()
    page.keyboard.type("。")
    press(page, ["Escape", "Enter"])
    expect(page.get_by_test_id("code")).not_to_have_text(before)
    until_sent(page, bodies, 1)
    assert [body["comment"] for body in bodies] == ["唱的不是指定歌曲；歌词不是本题的。"]
    page.context.close()


def test_what_the_city_says_is_receipted_when_it_was_read(room: Room) -> None:
    room.announce(9, "important", "3评的评阅任务已经全部分配到评阅专家账号。")
    page = room.page()
    with page.expect_response("**/api/receipts"):
        page.get_by_test_id("got-it").click()
    page.context.close()
    with room.store.reading() as db:
        rows = db.conn.execute("SELECT account_id FROM receipt WHERE announcement_id = 9")
        assert [row["account_id"] for row in rows] == [WANG]
