"""Takes the README's pictures anew: a real hub and nodes, invented singers, a real Chromium.

Run: .venv/bin/python packaging/pictures.py [FOLDER]
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from hub.rehearsal import programs
from hub.rehearsal.cast import Cast, CastPerson, make_cast
from hub.rehearsal.clips import Picture
from hub.rehearsal.markers import Diary, Script, Truth, play_marker
from hub.rehearsal.preparing import (
    Folders,
    add_admin,
    find_truth,
    invite_nodes,
    make_exam,
    open_formal_sitting,
    say,
)
from shared.rules.rubric import Role

HERE = Path(__file__).resolve().parent
LABS, MARKERS, WORKS, SEED = 6, 18, 120, 6
CLIP = Picture((9.0, 12.0), 480, 360, 15)
PAUSE_S = (0.3, 1.2)
BEFORE_PORTRAIT, MARKED_SHARE = 5, 0.75
"""Marks of the first person, then of everybody, as a share of rounds 1 and 2."""
ADMIN, PASSWORD = "市级甲", "only-for-pictures"
PATIENCE_S, QUIET_S = 60.0, 4.0
SCREEN: ViewportSize = {"width": 1366, "height": 768}
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--autoplay-policy=no-user-gesture-required",
]


@dataclass(frozen=True, slots=True)
class Lab:
    cast: Cast
    truth: Truth
    hub: str
    nodes: dict[str, str]
    """Addresses by district."""

    def node_of(self, person: CastPerson) -> str:
        return self.nodes[person.district]

    @property
    def markers(self) -> tuple[CastPerson, ...]:
        return self.cast.people_of(Role.MARKER)

    def at(self, role: Role) -> CastPerson:
        return self.cast.people_of(role)[0]


def main() -> None:
    asked = argparse.ArgumentParser(description="Takes the README's pictures anew.")
    asked.add_argument("folder", nargs="?", type=Path, default=HERE / "pictures")
    folder: Path = asked.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with running_lab() as lab, chromium() as browser:
        take_all(lab, Camera(browser, folder))


# --- the lab ---------------------------------------------------------------------------------


@contextmanager
def running_lab() -> Iterator[Lab]:
    """Hub and nodes as processes; gone with all their data when it ends."""
    cast = make_cast(labs=LABS, markers=MARKERS, works=WORKS, seed=SEED)
    with ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="shengping-pictures-"))
        folders = Folders(Path(root))
        make_exam(folders, cast, CLIP)
        open_formal_sitting(folders, cast)
        add_admin(folders, ADMIN, PASSWORD)
        truth = find_truth(folders, cast)
        codes = invite_nodes(folders, cast.labs)
        hub = programs.start_hub(folders.hub, programs.free_port())
        stack.callback(hub.stop)
        hub.wait_until_up()
        nodes = {}
        for lab, code in codes.items():
            data = folders.node(lab)
            programs.run("node", "--data", data, "enrol", "--hub", hub.url, "--code", code)
            node = programs.start_node(f"{lab}节点", data, programs.free_port())
            stack.callback(node.stop)
            node.wait_until_up()
            nodes[lab] = node.url
        yield Lab(cast, truth, hub.url, nodes)


def mark(lab: Lab, people: Collection[CastPerson], marks: int | None = None) -> None:
    """Simulated people give so many marks, or all that they have to give."""

    async def all_of_them() -> None:
        script = Script(lab.truth, SEED, PAUSE_S, time.monotonic() + PATIENCE_S)
        diary = Diary()
        players = [
            asyncio.create_task(play_marker(person, lab.node_of(person), script, diary))
            for person in people
        ]
        await until_enough(diary, marks)
        for player in players:
            player.cancel()
        await asyncio.gather(*players, return_exceptions=True)

    # Playwright's own event loop runs in this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, all_of_them()).result()


async def until_enough(diary: Diary, marks: int | None) -> None:
    count, since = 0, time.monotonic()
    while marks is None or len(diary.saved) < marks:
        await asyncio.sleep(0.1)
        waited = time.monotonic() - since
        if len(diary.saved) > count:
            count, since = len(diary.saved), time.monotonic()
        elif count and waited > QUIET_S:
            return
        elif waited > PATIENCE_S or diary.faults:
            sys.exit(f"the simulated markers are stuck after {count} marks {diary.faults}")


def disputed(lab: Lab, person: CastPerson) -> int:
    """How many criteria the page will ask of this person for round 3; 0: it opens another round."""
    with httpx.Client(base_url=lab.node_of(person), timeout=20) as client:
        client.post("/", data={"phone": person.phone, "password": person.password})
        groups = client.get("/api/progress").raise_for_status().json()["groups"]
        for group in (group for group in groups if group["open"]):
            found = client.get("/api/tasks", params={"group": group["id"], "limit": 1})
            for task in found.raise_for_status().json()["tasks"]:
                return len(task["criteria"]) if task["round"] == 3 else 0
    return 0


# --- the pictures ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Camera:
    browser: Browser
    folder: Path

    @contextmanager
    def pc(self) -> Iterator[Page]:
        """A PC of its own: nobody signed in."""
        context = self.browser.new_context(viewport=SCREEN, locale="zh-CN")
        context.set_default_timeout(PATIENCE_S * 1000)
        try:
            yield context.new_page()
        finally:
            context.close()

    def take(self, page: Page, name: str) -> None:
        target = self.folder / f"{name}.png"
        page.screenshot(path=target)
        say(f"{target.name}  {target.stat().st_size // 1024} kB")


def take_all(lab: Lab, camera: Camera) -> None:
    first, patient = lab.markers[0], lab.markers[1]
    mark(lab, [first], BEFORE_PORTRAIT)
    take_marking(lab, camera, first)
    everybody = [p for p in lab.cast.people if p.role in (Role.MARKER, Role.LEADER)]
    say("模拟教师阅卷中")
    mark(lab, everybody, int(2 * WORKS * MARKED_SHARE) - BEFORE_PORTRAIT)
    take_overview(lab, camera)
    take_status(lab, camera)
    # The patient one is done with everything while others still mark.
    mark(lab, [patient])
    take_waiting(lab, camera, patient)
    take_round_3(lab, camera)


def take_marking(lab: Lab, camera: Camera, person: CastPerson) -> None:
    with camera.pc() as page:
        sign_in(page, lab.node_of(person), person)
        play_to(page, 3)
        for key in ("3", "2"):
            page.keyboard.press(key)
        page.get_by_test_id("marked").filter(has_text="2 / 6").wait_for()
        camera.take(page, "marking")


def take_round_3(lab: Lab, camera: Camera) -> None:
    """Of the person with most criteria in dispute; all six would look like a first mark."""
    count, person = max(
        ((disputed(lab, person) % 6, person) for person in lab.markers), key=lambda pair: pair[0]
    )
    if count == 0:
        sys.exit("nobody has a third mark to give: try another SEED")
    with camera.pc() as page:
        sign_in(page, lab.node_of(person), person)
        play_to(page, 3)
        camera.take(page, "round3")


def take_waiting(lab: Lab, camera: Camera, person: CastPerson) -> None:
    with camera.pc() as page:
        sign_in(page, lab.node_of(person), person)
        page.get_by_test_id("waiting").wait_for()
        camera.take(page, "waiting")


def take_status(lab: Lab, camera: Camera) -> None:
    person = lab.at(Role.TECHNICIAN)
    with camera.pc() as page:
        sign_in(page, lab.node_of(person), person)
        page.wait_for_url("**/status")
        camera.take(page, "node-status")


def take_overview(lab: Lab, camera: Camera) -> None:
    with camera.pc() as page:
        page.goto(lab.hub)
        page.fill("[name=name]", ADMIN)
        page.fill("[name=password]", PASSWORD)
        page.click("form button")
        page.wait_for_url(f"{lab.hub}/")
        camera.take(page, "city-overview")


def sign_in(page: Page, node: str, person: CastPerson) -> None:
    page.goto(node)
    page.fill("[name=phone]", person.phone)
    page.fill("[name=password]", person.password)
    page.click("button.sign-in-go")


def play_to(page: Page, seconds: int) -> None:
    """The clip plays by itself; the singer's mouth is open a few seconds later."""
    page.locator("#now").filter(has_text=f"0:{seconds:02d}").wait_for()


@contextmanager
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("no Chromium: run python3 packaging/dev.py setup")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    main()
