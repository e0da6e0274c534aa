"""更新程序: the technician presses one button, and the launcher is told to change over."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from node.launcher.child import HOME
from node.launcher.home import Home, Pointer
from node.machine.updating import add_version
from node.uplink import updates
from node.uplink.backoff import Backoff
from node.uplink.updates import PLATFORM
from shared import __version__
from shared.wire import paths
from tests.makers import SUN, WANG
from tests.node.door import Lab, Pc, a_lab
from tests.node.standin_hub import StandInHub
from tests.node.test_updating import a_zip

Spoil = Callable[[bytes], httpx.Response]
NEWER = f"shengping-node-9.0-{PLATFORM}.zip"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Started by a launcher, with this version proven."""
    home = Home(tmp_path / "程序 目录")
    add_version(home, a_zip(tmp_path, __version__))
    home.point(__version__, __version__)
    monkeypatch.setenv(HOME, str(home.folder))
    monkeypatch.setattr(updates, "Backoff", lambda: Backoff(first_s=0.01))
    return home


@dataclass
class Hub(StandInHub):
    """Spoils what it gives of a program, once each."""

    spoils: list[Spoil] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith(paths.RELEASE):
            return super().answer(request)
        self.ranges.append(request.headers.get("Range"))
        if self.spoils:
            return self.spoils.pop(0)(self.releases[NEWER])
        return super().answer(request)


def cut_after(count: int) -> Spoil:
    async def stream(content: bytes) -> AsyncIterator[bytes]:
        yield content[:count]
        raise httpx.ReadError("gone")

    return lambda content: httpx.Response(200, content=stream(content))


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Has published a newer program for this system, and one for another."""
    content = a_zip(tmp_path, "9.0").read_bytes()
    return Hub(releases={NEWER: content, "shengping-node-9.1-other-cpu.zip": b"x"})


@pytest.fixture
def lab(tmp_path: Path, home: Home, hub: Hub) -> Iterator[Lab]:
    with a_lab(tmp_path / "数据", make_http=hub.http, first_sign_in="keep") as lab:
        yield lab


def looked(lab: Lab) -> Pc:
    """The technician's PC, which has asked the city."""
    pc = lab.at_work(SUN)
    assert pc.post("/settings/update/look").status_code == 303
    return pc


def until_done(lab: Lab) -> None:
    """It has failed, or waits for the launcher."""
    deadline = time.monotonic() + 10
    while not lab.state.updates._working.done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_button_brings_the_new_version_and_tells_the_launcher(lab: Lab, home: Home) -> None:
    pc = looked(lab)
    assert "有新版本 9.0" in pc.get("/settings").text
    assert "有新版本 9.0" in pc.get("/status").text
    assert pc.post("/settings/update").status_code == 303
    until_done(lab)
    assert home.pointer() == Pointer("9.0", __version__)
    said = pc.get("/settings/update").text
    assert "9.0 已就位，正在换用" in said and 'data-url="/settings/update"' in said
    assert not lab.state.updates.view().bytes_here


def test_a_download_that_broke_off_goes_on_from_there(lab: Lab, home: Home, hub: Hub) -> None:
    hub.spoils = [cut_after(100)]
    pc = looked(lab)
    pc.post("/settings/update")
    until_done(lab)
    assert hub.ranges == [None, "bytes=100-"]
    assert home.versions() == [__version__, "9.0"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda content: httpx.Response(200, content=content[:-1] + b"?"), "与市级公布的不一致"),
        (lambda _: httpx.Response(404, json={"code": "gone", "text": "没有。"}), "没有这个程序包"),
    ],
)
def test_what_is_not_what_the_city_published_is_thrown_away_and_said(
    lab: Lab, home: Home, hub: Hub, spoil: Spoil, said: str
) -> None:
    hub.spoils = [spoil]
    pc = looked(lab)
    pc.post("/settings/update")
    until_done(lab)
    assert said in pc.get("/settings").text
    assert home.versions() == [__version__] and home.pointer().current == __version__
    pc.post("/settings/update")
    until_done(lab)
    assert home.pointer().current == "9.0"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (__version__, "9.0", "9.0 没有正常启动，已自动退回"),
        ("0.0.1", __version__, f"已更新到 {__version__}"),
    ],
)
def test_how_the_last_update_ended_is_told_by_the_version_that_runs(
    tmp_path: Path, home: Home, hub: Hub, before: str, after: str, said: str
) -> None:
    note = tmp_path / "数据" / "updates" / updates.NOTE
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"from": before, "to": after}), "utf-8")
    with a_lab(tmp_path / "数据", make_http=hub.http, first_sign_in="keep") as lab:
        assert said in lab.at_work(SUN).get("/settings").text


def test_a_teacher_at_work_is_interrupted_only_by_who_has_read_it(lab: Lab, home: Home) -> None:
    pc = looked(lab)
    lab.at_work(WANG)
    refused = pc.post("/settings/update")
    assert refused.status_code == 409 and "有 1 人正在阅卷" in refused.text
    assert lab.state.updates.view().stage == "idle"
    assert 'name="interrupt"' in pc.get("/settings").text
    assert pc.post("/settings/update", data={"interrupt": "true"}).status_code == 303
    until_done(lab)


def test_a_teacher_updates_nothing(lab: Lab) -> None:
    pc = lab.at_work(WANG)
    for url in ("/settings/update", "/settings/update/look"):
        assert pc.post(url).status_code == 403
    assert pc.get("/settings/update").status_code == 403
