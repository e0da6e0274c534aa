"""A node with a few markers whose state a test sets by itself, and every state of their page."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

import node.schema
from node.store import announcements, exam, preferences, tasks, videos
from shared.kit.clock import now
from shared.kit.store import Store
from shared.rules.rubric import Criterion, to_mask
from shared.wire.messages import EarlierMark, TaskCard, VideoCard
from tests.browser.conftest import HOST
from tests.browser.hands import SIX, intercept, leave_ask, press, reconnect
from tests.hub.clips import a_video
from tests.makers import (
    ANTHEM,
    CHEN,
    LI,
    WANG,
    a_group_card,
    a_sitting_card,
    a_task_card,
    a_video_card,
    an_announcement_card,
    an_exam_card,
)
from tests.node.serving import Served, a_served_node, sign_in

CLIP_S = 2.0
OPEN_TASKS = 40
TWO_OPEN = to_mask({Criterion.PITCH, Criterion.RHYTHM})
EARLIER = [
    EarlierMark(round=1, levels="332333"),
    EarlierMark(round=2, levels="312323", comment="第二段声音很小"),
    EarlierMark(round=3, levels="-0--1-"),
]


@dataclass(frozen=True, slots=True)
class Room:
    """Every clip is the same short real one; the city is away."""

    served: Served
    store: Store
    browser: Browser
    video: VideoCard
    wrong: list[str] = field(default_factory=list)
    """What broke in a page, or was against the policy."""

    def page(self, account_id: int = WANG, script: str = "") -> Page:
        """A new PC, signed in, before an open clip that plays or the waiting page."""
        context = self.browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        context.add_init_script(TELL_VIOLATIONS + script)
        name, _, value = self.served.cookies[account_id].partition("=")
        url = f"http://{HOST}:{self.served.port}"
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda message: self.note(message))
        page.goto(f"{url}/mark")
        until_open(page)
        return page

    def note(self, message: ConsoleMessage) -> None:
        if "against the policy" in message.text:
            self.wrong.append(message.text)

    def announce(self, number: int, strength: str, text: str) -> None:
        card = an_announcement_card(number, strength=strength, text=text)
        with self.store.writing() as db:
            announcements.put(db, card)

    def set_policy(self, **policies: str | int | bool) -> None:
        with self.store.writing() as db:
            exam.put_exam(db, an_exam_card(first_sign_in="keep", **policies))

    def set_sitting(self, state: str) -> None:
        with self.store.writing() as db:
            exam.put_sitting(db, a_sitting_card(state=state))

    def prefer(self, account_id: int, **wishes: str) -> None:
        with self.store.writing() as db:
            for key, value in wishes.items():
                preferences.put(db, account_id, key, value)

    def add(self, card: TaskCard) -> None:
        with self.store.writing() as db:
            videos.want(db, card.video)
            tasks.put(db, card, now())


def works(folder: Path, tasks: int, clip_s: float) -> list[tuple[TaskCard, bytes]]:
    content = a_video(folder / "clip.mp4", clip_s).read_bytes()
    video = msgspec.structs.replace(a_video_card(content), duration_ms=int(clip_s * 1000))
    cards = [a_task_card(n, video=video, group_id=ANTHEM) for n in range(1, tasks + 1)]
    cards += [a_task_card(n, video=video) for n in (5001, 5002)]
    cards.append(a_task_card(6001, video=video, account_id=CHEN, round=3, criteria=TWO_OPEN))
    cards.append(
        a_task_card(7001, video=video, account_id=LI, round=4, criteria=TWO_OPEN, earlier=EARLIER)
    )
    return [(card, content) for card in cards]


@contextmanager
def a_room(
    folder: Path, browser: Browser, tasks: int = OPEN_TASKS, clip_s: float = CLIP_S
) -> Iterator[Room]:
    (folder / "clips").mkdir(parents=True)
    made = works(folder / "clips", tasks, clip_s)
    with a_served_node(folder / "node", made, (WANG, CHEN, LI)) as served:
        store = Store(folder / "node" / "node.db", node.schema.migrations)
        _attach(store, made[0][0].video)
        yield Room(served, store, browser, made[0][0].video)
        store.close()


def _attach(store: Store, video: VideoCard) -> None:
    with store.writing() as db:
        card = a_group_card(ANTHEM)
        card.lyrics, card.model = "第一句歌词\n第二句歌词", video
        exam.put_group(db, card)


def until_open(page: Page) -> None:
    """Whether a page that nobody touched may play is up to the browser: a key settles it."""
    expect(page.get_by_test_id("loading")).to_be_hidden()
    expect(page.locator("[data-testid=rows]:visible, [data-testid=waiting]:visible")).to_have_count(
        1
    )
    page.wait_for_timeout(150)
    if page.get_by_test_id("overlay").is_visible():
        press(page, ["r"])


TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => {
  console.error("against the policy:", event.violatedDirective, event.blockedURI);
});"""
COUNT_TONES = """
  window.tones = 0;
  const tone = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    window.tones += 1;
    return tone.call(this);
  };
"""
HOLD_HISTORY = """() => {
  const ask = window.fetch;
  const gate = new Promise((open) => { window.letGo = open; });
  window.fetch = async (path, how) => {
    if (path.startsWith("/api/history")) await gate;
    return ask(path, how);
  };
}"""
MUST_NOT_PLAY = """HTMLMediaElement.prototype.play = () =>
  Promise.reject(new DOMException("no gesture", "NotAllowedError"));"""


# --- every state ------------------------------------------------------------------------------

State = Callable[[Page, Room], None]
Looked = Callable[[str, Page], None]


def walk(room: Room, look: Looked) -> None:
    """Shows every state of the marking page once, each named as it is looked at."""
    _marking(room, look)
    _dialogs(room, look)
    _later_rounds(room, look)
    _troubles(room, look)
    _waiting(room, look)
    _from_the_city(room, look)


def _marking(room: Room, look: Looked) -> None:
    page = room.page(script=MUST_NOT_PLAY)
    expect(page.get_by_test_id("overlay")).to_be_visible()
    look("a key is asked for before the first clip plays", page)
    page.context.close()
    page = room.page()
    expect(page.get_by_test_id("ready")).to_have_text("已备好 下 2 份")
    look("an open clip", page)
    press(page, "32")
    look("half marked", page)
    press(page, "1032")
    look("all marked", page)
    press(page, ["c"])
    look("the comment", page)
    press(page, ["Escape", "Alt+2"])
    look("flagged", page)
    press(page, ["Alt+2", "v"])
    look("the brief layout", page)
    press(page, "g")
    look("the brief layout with lyrics", page)
    press(page, "gvdddd")
    look("enlarged", page)
    press(page, "ffff")
    press(page, ["r", "l"])
    look("the start of a loop", page)
    leave_ask(page)
    expect(page.get_by_test_id("toast")).to_contain_text("已提交")
    look("given", page)
    press(page, "z")
    look("an earlier mark is changed", page)
    press(page, ["Escape"])
    expect(page.get_by_test_id("strip")).to_be_hidden()
    # What is played without sound is not heard.
    page.locator("#volume").evaluate(
        "bar => { bar.value = 0; bar.dispatchEvent(new Event('input')); }"
    )
    press(page, SIX)
    leave_ask(page)
    press(page, [*SIX, "Enter"])
    expect(page.get_by_test_id("ask")).to_be_visible()
    look("asked whether it was heard", page)
    page.context.close()


def _dialogs(room: Room, look: Looked) -> None:
    page = room.page()
    page.evaluate(HOLD_HISTORY)
    press(page, "h")
    expect(page.get_by_test_id("dialog")).to_contain_text("正在查找")
    look("the history is on its way", page)
    page.evaluate("letGo()")
    expect(page.get_by_test_id("dialog")).not_to_contain_text("正在查找")
    press(page, ["Escape"])
    for key, name in {
        "h": "the history",
        "t": "the groups",
        "n": "the announcements",
        "?": "the keys",
    }.items():
        press(page, key)
        expect(page.get_by_test_id("dialog")).to_be_visible()
        page.wait_for_timeout(150)
        look(name, page)
        press(page, ["Escape"])
    page.get_by_role("button", name="菜单").click()
    look("the menu", page)
    press(page, ["Escape"])
    page.locator("#person-button").click()
    look("one's own settings", page)
    page.get_by_label("深色").check()
    page.get_by_label("大", exact=True).check()
    look("one's own settings, dark and large", page)
    press(page, ["Escape"])
    look("an open clip, dark and large", page)
    press(page, "v3")
    look("the brief layout, dark and large", page)
    press(page, "vh")
    page.wait_for_timeout(150)
    look("the history, dark and large", page)
    press(page, ["Escape"])
    page.locator("#person-button").click()
    page.get_by_label("小", exact=True).check()
    press(page, ["Escape"])
    look("an open clip, dark and small", page)
    page.context.close()
    room.prefer(WANG, theme="light", font="standard", layout="full")


def _later_rounds(room: Room, look: Looked) -> None:
    page = room.page(CHEN)
    expect(page.get_by_test_id("strip")).to_contain_text("3评：只评前两次评分不一致的 2 项")
    look("a third mark", page)
    page.context.close()
    page = room.page(LI)
    expect(page.get_by_test_id("strip")).to_contain_text("4评：请评定前几次没有定下来的 2 项")
    expect(page.get_by_test_id("earlier")).to_be_hidden()
    look("a leader's mark", page)
    press(page, "21")
    look("a leader's mark, first impression given", page)
    page.get_by_test_id("earlier").click()
    look("the earlier marks", page)
    page.context.close()


def _troubles(room: Room, look: Looked) -> None:
    page = room.page()
    tell = "document.querySelector('video.front').dispatchEvent(new Event('error'))"
    page.evaluate(tell)
    expect(page.get_by_test_id("report_next")).to_be_visible()
    look("a clip that cannot be played", page)
    page.get_by_test_id("retry").click()
    expect(page.get_by_test_id("cover")).to_be_hidden()
    intercept(page, "**/api/**", lambda route: route.abort())
    press(page, SIX)
    leave_ask(page)
    expect(page.get_by_test_id("bar")).to_contain_text("与机房服务器的连接已断开")
    look("the node is away", page)
    page.unroute("**/api/**")
    reconnect(page)
    expect(page.get_by_test_id("bar")).to_be_hidden()
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("menuitem", name="锁屏").click()
    look("locked", page)
    page.context.close()
    with room.store.writing() as db:
        # As the right password does.
        db.conn.execute("UPDATE session SET locked_at = NULL")


def _from_the_city(room: Room, look: Looked) -> None:
    room.announce(1, "normal", "下午 13:30 继续阅卷。")
    page = room.page()
    expect(page.get_by_test_id("bar")).to_contain_text("13:30 继续阅卷")
    look("an announcement", page)
    page.get_by_test_id("got-it").click()
    expect(page.get_by_test_id("bar")).to_be_hidden()
    room.announce(2, "important", "3评的评阅任务已经全部分配到评阅专家账号。")
    page.reload()
    expect(page.get_by_test_id("bar")).to_contain_text("3评的评阅任务")
    look("an important announcement", page)
    page.get_by_test_id("got-it").click()
    room.announce(3, "blocking", "请停止阅卷，等待通知。")
    page.reload()
    expect(page.get_by_test_id("blocking-got-it")).to_be_visible()
    look("a blocking announcement", page)
    page.get_by_test_id("blocking-got-it").click()
    sign_in(room.store, WANG)
    press(page, "h")
    expect(page.get_by_test_id("dialog")).to_contain_text("这个账号已在这台电脑的另一个窗口登录")
    expect(page.get_by_test_id("sign-in-again")).to_be_focused()
    look("taken over by another PC", page)
    page.context.close()


def _waiting(room: Room, look: Looked) -> None:
    page = room.page(LI, script=COUNT_TONES)
    press(page, ["2", "1", "Enter"])
    leave_ask(page)
    waiting = page.get_by_test_id("waiting")
    expect(waiting).to_contain_text("4评任务在 3评之后分配")
    expect(waiting).to_contain_text("全市4评还没有结束，请先不要离开阅卷现场")
    look("all is done", page)
    page.get_by_role("button", name="菜单").click()
    expect(page.get_by_role("menuitem", name="标记为无图像")).to_be_disabled()
    expect(page.get_by_role("menuitem", name="切换阅卷方式")).to_be_focused()
    expect(page.get_by_role("menuitem", name="标准卷反馈")).to_be_hidden()
    look("a leader's menu without a clip", page)
    press(page, ["Escape"])
    assert (page.title(), page.evaluate("window.tones")) == ("评分", 0)
    room.add(
        a_task_card(
            7002, video=room.video, account_id=LI, round=4, criteria=TWO_OPEN, earlier=EARLIER
        )
    )
    # Within five seconds, and by itself.
    expect(page.get_by_test_id("go")).to_have_text("评 4评")
    assert (page.title(), page.evaluate("window.tones")) == ("(1) 4评 有新任务", 2)
    look("new work has come", page)
    press(page, ["Enter"])
    expect(page.get_by_test_id("code")).to_have_text("ZX-001B5A")
    page.context.close()
    room.add(a_task_card(6001, account_id=CHEN, round=3, gen=2, state="withdrawn"))
    page = room.page(CHEN)
    expect(page.get_by_test_id("waiting")).to_contain_text("还没有分到评阅任务")
    expect(page.get_by_test_id("waiting")).to_contain_text("全市3评还没有结束")
    look("nothing was dealt", page)
    page.context.close()
    room.set_sitting("closed")
    page = room.page()
    expect(page.get_by_test_id("waiting")).to_contain_text("可以离开")
    look("the sitting has ended", page)
    page.context.close()
    room.set_sitting("prepared")
    page = room.page()
    expect(page.get_by_test_id("waiting")).to_contain_text("现在没有进行中的阅卷")
    look("no sitting is open", page)
    page.context.close()
    room.set_sitting("open")


# --- what may be wrong with a state -----------------------------------------------------------

CUT = """() => {
  const root = document.documentElement;
  // Of the dialogs only that of the keys: the others may have much to tell.
  const LOOKED_AT = "main *, header *, .popup, .dialog-body:has(.keys)";
  const cut = root.scrollHeight > innerHeight || root.scrollWidth > innerWidth ? ["page"] : [];
  for (const element of document.querySelectorAll(LOOKED_AT)) {
    const hides = getComputedStyle(element).overflowY !== "visible";
    // The picture is enlarged behind its frame; lyrics, comments and the waiting page may be long.
    const may = ".unseen, .screen, svg, canvas, textarea, .lyrics, #waiting, #waiting *";
    if (!hides || !element.offsetParent || element.matches(may)) continue;
    const isTall = element.scrollHeight > element.clientHeight + 1;
    const isWide = element.scrollWidth > element.clientWidth + 1;
    if (isTall || isWide) cut.push(element.className || element.id || element.tagName);
  }
  return cut;
}"""

ALL_WORDS = """() => {
  const said = [document.body.innerText, document.title];
  for (const element of document.querySelectorAll("[title], [aria-label], [placeholder]")) {
    const names = ["title", "aria-label", "placeholder"];
    said.push(...names.map((name) => element.getAttribute(name) ?? ""));
  }
  return said.join("\\n");
}"""
FOREIGN = re.compile(r"[A-Za-z]{2,}|\b[45]\d\d\b")
KNOWN = re.compile(r"\bZ[GX]-[0-9A-F]{6}\b|\b(Esc|Enter|Alt|Backspace)\b")


def foreign_words(page: Page) -> list[str]:
    """What is not Chinese: NaN, undefined, null and codes of HTTP are among it."""
    text: Any = page.evaluate(ALL_WORDS)
    return FOREIGN.findall(KNOWN.sub("", text))
