"""Hub and node as they are served, in threads: for what a browser does with their pages.

Run: python -m tests.browser.desks FOLDER takes a picture of every management page.
"""

import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from litestar import Litestar
from playwright.sync_api import Browser, Page, sync_playwright
from sqlite_utils import Database

from hub.app import create_app as create_hub
from hub.settings import HubSettings
from hub.store import admins, nodes, requests
from node.app import create_app as create_node
from node.settings import NodeSettings
from node.store import quality, tasks, videos
from node.work.give_mark import give_mark
from shared.kit.clock import now, stamp
from shared.kit.listening import bind
from shared.kit.passwords import hash_password
from shared.rules.probes import EXPECTED_ROUND, PROBE_FROM
from shared.rules.rubric import MarkException
from shared.wire.messages import EarlierMark
from shared.wire.requests import RequestBody
from tests.hub.finished import a_finished_hub
from tests.hub.makers import an_event_id, hear_of
from tests.hub.pages import ADMIN, PASSWORD
from tests.makers import ANTHEM, CHEN, LI, WANG, ZHAO, a_node_store, a_phone, a_task_card, enrol
from tests.node.door import keep_video, no_hub
from tests.node.test_give_mark import an_answer
from tests.node.test_quality_page import told

SIZES = ((1366, 768), (1920, 1080))
HUB_PAGES = (
    *("/", "/districts", "/districts/1", "/groups", "/rounds", "/trial", "/nodes", "/readiness"),
    *("/quality", "/quality/markers/1", "/quality/clips/3", "/quality/references"),
    *("/announcements", "/announcements/1", "/forecast", "/problems", "/videos"),
    *("/accounts", "/accounts/import", "/results", "/audit", "/me", "/approvals", "/requests"),
)
NODE_PAGES = (
    *("/progress", "/progress/items", "/progress/markers", "/accounts"),
    *("/flags", "/quality", "/board", "/status", "/password", "/requests"),
    *("/pcs", "/cache", "/sync", "/settings"),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A program with somebody signed in to it."""

    name: str
    url: str
    pages: tuple[str, ...]
    words: dict[str, str]
    """What is typed to sign in, by the name of the field."""

    def sign_in_marker(self, browser: Browser) -> Page:
        """王一一 at a node, on the page of feedback."""
        marker = replace(self, words={"phone": a_phone(WANG), "password": a_phone(WANG)[-4:]})
        page = marker.sign_in(browser)
        page.goto(f"{self.url}/feedback")
        return page

    def sign_in(self, browser: Browser, width: int = 1366, height: int = 768) -> Page:
        size = {"width": width, "height": height}
        page = browser.new_context(viewport=size, locale="zh-CN").new_page()  # type: ignore[arg-type]
        page.goto(f"{self.url}/sign-in" if self.name == "hub" else self.url)
        for field, word in self.words.items():
            page.fill(f"[name={field}]", word)
        page.click("main form button:not([type=button])")
        page.wait_for_url(re.compile(rf"{self.url}/(progress|mark|$)"))
        return page


@contextmanager
def a_city_desk(folder: Path) -> Iterator[Desk]:
    """A sitting that has ended, and a node that is silent."""
    store = a_finished_hub(folder, works=24)
    with store.writing() as db:
        ask_for_a_teacher(db)
        admins.add(db, ADMIN, hash_password(PASSWORD), "city_admin")
        for node in nodes.all_nodes(db)[1:]:
            hear_of(db, node.id, now())
    store.close()
    app = create_hub(HubSettings(data=folder), with_jobs=False)
    with served(app) as url:
        yield Desk("hub", url, HUB_PAGES, {"name": ADMIN, "password": PASSWORD})


def ask_for_a_teacher(db: Database) -> None:
    body = RequestBody(
        kind="replace",
        account_id=1,
        new_name="郑七七",
        new_phone="19900000099",
        text="病假，当天由郑七七接替",
        asked_by=2,
        asked_at=stamp(now()),
    )
    requests.add(db, an_event_id(1), body, 1)


@contextmanager
def a_lead_desk(folder: Path, daily_check: str = "off") -> Iterator[Desk]:
    """A district's lead, with marks, flags and what is left to do; the city is away."""
    cards = [a_task_card(n, account_id=WANG) for n in range(1, 9)]
    cards += [a_task_card(n, account_id=CHEN, group_id=ANTHEM, round=2) for n in range(9, 13)]
    cards.append(a_task_card(13, account_id=LI, round=4, criteria=0b10))
    store = a_node_store(folder, *cards, first_sign_in="keep")
    enrol(store)
    with store.writing() as db:
        for number in range(1, 6):
            give_mark(db, WANG, an_answer(number, comment="声音很小" * (number % 2)), now())
        flag = replace(an_answer(9, "------"), exception=MarkException.NO_PICTURE)
        give_mark(db, CHEN, flag, now())
        show_feedback(db)
        quality.keep(db, told(*(card.performance for card in cards)))
    store.close()
    for card in cards:
        keep_video(folder, card)
    with served(create_node(NodeSettings(data=folder, daily_check=daily_check), no_hub)) as url:
        phone = a_phone(ZHAO)
        yield Desk("node", url, NODE_PAGES, {"phone": phone, "password": phone[-4:]})


def show_feedback(db: Database) -> None:
    """Of a reference clip that 王一一 has marked, after the half-day."""
    expected = EarlierMark(round=EXPECTED_ROUND, levels="323333", comment="第二乐句偏低")
    card = a_task_card(PROBE_FROM + 1, position=-1, state="open")
    videos.want(db, card.video)
    tasks.put(db, card, now())
    give_mark(db, WANG, an_answer(card.task_id), now())
    told = {"state": "done", "locked": True, "earlier": [expected]}
    tasks.put(db, a_task_card(PROBE_FROM + 1, position=-1, **told), now())


@contextmanager
def served(app: Litestar) -> Iterator[str]:
    listening = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        until = time.monotonic() + 30
        while not server.started and time.monotonic() < until:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def name_of(path: str) -> str:
    return path.strip("/").replace("/", "-") or "overview"


def main(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    chromium = next(p for n in ("chromium", "google-chrome") if (p := shutil.which(n)))
    with ExitStack() as open_now:
        root = Path(open_now.enter_context(tempfile.TemporaryDirectory()))
        desks = [
            open_now.enter_context(a_city_desk(root / "hub")),
            open_now.enter_context(a_lead_desk(root / "node")),
        ]
        play = open_now.enter_context(sync_playwright())
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        open_now.callback(browser.close)
        for desk in desks:
            for width, height in SIZES:
                page = desk.sign_in(browser, width, height)
                for path in desk.pages:
                    page.goto(desk.url + path)
                    page.wait_for_timeout(200)
                    name = f"{desk.name}-{name_of(path)}-{width}.png"
                    page.screenshot(path=target / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
