"""安装向导: each step is kept and can be resumed, does what it says, and is not for everyone."""

import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import node.schema
from node.machine.places import Place
from node.moving import settle
from node.pages import setup
from node.pages.setup import CodeForm, url_and_code
from node.pages.setup_steps import hours_at_half, place_line, recommended
from node.settings import NodeSettings, changed, settings_from
from node.settings_file import changed as changed_text
from node.store import accounts
from node.work.setting_up import Step
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.site import Tone
from tests.makers import NAMES, SUN, WANG, a_node_store, an_account_card, enrol
from tests.node.door import Lab, Pc, a_lab
from tests.node.standin_hub import StandInHub

CODE = "http://hub.test#RIGHT"


class Technician:
    """A browser in which the code was pasted; it keeps the cookie that it got for that."""

    def __init__(self, pc: Pc) -> None:
        self._pc = pc
        done = pc.post("/setup", data={"code": CODE})
        assert (done.status_code, done.headers["location"]) == (303, "/setup")
        self._cookie = {"Cookie": f"{setup.COOKIE}={done.cookies[setup.COOKIE]}"}

    def get(self, url: str) -> str:
        answer = self._pc.get(url, headers=self._cookie)
        assert answer.status_code == 200, answer.headers.get("location", answer.text)
        return answer.text

    def post(self, url: str, **data: Any) -> str:
        answer = self._pc.post(url, data=data, headers=self._cookie)
        assert answer.status_code in (200, 303), answer.text
        return str(answer.headers.get("location", answer.text))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    hub = StandInHub(feed=[an_account_card(id) for id in NAMES])
    with a_lab(tmp_path / "节点 数据", is_enrolled=False, make_http=hub.http) as lab:
        lab.state.restarts = 0

        def restart() -> None:
            lab.state.restarts += 1

        lab.state.restart = restart
        yield lab


@pytest.fixture
def technician(lab: Lab) -> Technician:
    return Technician(lab.pc())


def test_the_whole_set_up_needs_nothing_but_the_code_and_few_clicks(
    lab: Lab, technician: Technician
) -> None:
    home = str(lab.state.settings.home.resolve())
    assert technician.post("/setup/next", step="network") == "/setup?step=disk"
    assert "还原卡" in technician.get("/setup?step=disk")
    assert technician.post("/setup/disk", folder=home) == "/setup?step=bandwidth"
    done = technician.post("/setup/bandwidth", cap="100.0", halve="true")
    assert done == "/setup?step=address"
    assert technician.post("/setup/address", port="8080") == "/setup?step=roll"
    assert "王一一" in technician.get("/setup?step=roll")
    assert technician.post("/setup/next", step="roll") == "/setup?step=finish"
    assert technician.post("/setup/finish") == "/"
    assert lab.state.restarts == 0
    kept = tomllib.loads((lab.folder / "node.toml").read_text("utf-8"))
    hours = "08:30-12:00 50, 13:30-17:30 50"
    assert kept == {"bandwidth_mbit": 100.0, "bandwidth_hours": hours}
    assert lab.state.settings.bandwidth_mbit == 100


def test_what_was_left_goes_on_at_the_first_step_that_is_not_done(technician: Technician) -> None:
    assert 'aria-current="step">2 检查网络' in technician.get("/setup")
    technician.post("/setup/next", step="network")
    assert 'aria-current="step">3 存放位置' in technician.get("/setup")
    assert 'aria-current="step">3 存放位置' in technician.get("/setup?step=finish")
    technician.post("/setup/next", step="network")
    assert 'aria-current="step">3 存放位置' in technician.get("/setup")


def test_another_port_is_taken_by_starting_again(lab: Lab, technician: Technician) -> None:
    free = 18_321
    page = technician.post("/setup/address", port=str(free))
    assert "正在重新启动" in page and f":{free}/setup?step=address" in page
    assert lab.state.restarts == 1
    assert settings_from(lab.folder, {}).port == free == lab.state.settings.port


def test_a_disk_that_was_not_offered_is_refused(lab: Lab, technician: Technician) -> None:
    with pytest.raises(AssertionError, match="没有这个存放位置"):
        technician.post("/setup/disk", folder=str(lab.folder.parent / "elsewhere"))
    assert not (lab.folder / "node.toml").exists() and lab.state.restarts == 0


def test_another_disk_is_taken_by_starting_again(
    lab: Lab, technician: Technician, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lab.folder.parent / "D 盘" / "声评数据"
    offered = Place(other, 90_000_000_000, 100.0, is_system=False)
    monkeypatch.setattr(setup, "places", lambda home: [replace(offered, folder=home), offered])
    assert "正在重新启动" in technician.post("/setup/disk", folder=str(other))
    assert settings_from(lab.folder, {}).database == other / "node.db"
    assert lab.state.restarts == 1


def test_nobody_else_of_the_lab_goes_on_with_the_set_up(lab: Lab, technician: Technician) -> None:
    stranger = lab.pc()
    assert stranger.get("/setup").headers["location"] == "/"
    for url, data in (
        ("/setup/next", {"step": "network"}),
        ("/setup/bandwidth", {"cap": "1"}),
        ("/setup/disk", {"folder": "/"}),
        ("/setup/address", {"port": "81"}),
        ("/setup/finish", {}),
        ("/setup/measure", {}),
    ):
        assert stranger.post(url, data=data).status_code == 401, url
    technician.get("/poster")
    technician.post("/setup/finish")
    with pytest.raises(AssertionError):
        technician.post("/setup/bandwidth", cap="1")


def test_a_technician_who_is_signed_in_may_look_at_a_step_again(tmp_path: Path) -> None:
    with a_lab(tmp_path, first_sign_in="keep") as lab:
        page = lab.at_work(SUN).get("/setup?step=bandwidth")
        assert page.status_code == 200 and "下载视频最多用" in page.text
        assert lab.at_work(SUN).get("/poster").status_code == 200
        assert lab.at_work(WANG).get("/poster").status_code == 403


@pytest.mark.parametrize(
    "pasted",
    [
        "https://hub.cn#AB-CD",
        "  https://hub.cn  AB-CD\n",
        "https://hub.cn，AB-CD",
        "https://hub.cn\nAB-CD",
    ],
)
def test_the_code_comes_with_the_address_in_one_line(pasted: str) -> None:
    assert url_and_code(CodeForm(pasted)) == ("https://hub.cn", "AB-CD")


def test_a_code_without_the_address_says_what_is_missing() -> None:
    with pytest.raises(Refusal, match="整行粘贴"):
        url_and_code(CodeForm("AB-CD"))


def test_the_system_disk_is_amber_and_another_one_recommended() -> None:
    settings = NodeSettings(Path("nowhere"))
    system = Place(Path("C:/x"), 200_000_000_000, 200.0, is_system=True)
    second = Place(Path("D:/x"), 200_000_000_000, 200.0, is_system=False)
    full = Place(Path("E:/x"), 1_000_000_000, 200.0, is_system=False)
    locked = Place(Path("F:/x"), 200_000_000_000, None, is_system=False)
    lines = [place_line(place, settings) for place in (system, second, full, locked)]
    assert [line.tone for line in lines] == [Tone.WARN, Tone.OK, Tone.BAD, Tone.BAD]
    assert "还原卡" in lines[0].remedy and recommended(lines) == 1
    assert all(line.remedy for line in lines if line.tone is not Tone.OK)


def test_no_cap_has_no_half() -> None:
    assert (hours_at_half(0), hours_at_half(50)) == ("", "08:30-12:00 25, 13:30-17:30 25")


def test_a_setting_is_written_into_its_line_and_the_rest_stays() -> None:
    text = '# 机房二\nport = 8080  # 旧\nbandwidth_hours = ""\n'
    found = changed_text(text, {"port": 80, "data_folder": Path('D:\\声评 "数据"')})
    assert found.startswith("# 机房二\nport = 80\nbandwidth_hours")
    assert tomllib.loads(found)["data_folder"] == 'D:\\声评 "数据"'
    assert changed_text(found, {"port": 80}) == found


def test_the_data_move_with_everything_in_them(tmp_path: Path) -> None:
    store = a_node_store(tmp_path / "C")
    enrol(store)
    store.close()
    settings = changed(NodeSettings(tmp_path / "C"), data_folder=tmp_path / "D" / "声评数据")
    settle(settings, now())
    moved = Store(settings.database, node.schema.migrations)
    with moved.reading() as db:
        assert len(accounts.everyone(db)) == len(NAMES)
    moved.close()
    assert not (tmp_path / "C" / "node.db").exists()
    settle(settings, now())


def test_data_that_a_restore_card_took_are_not_begun_anew_in_silence(tmp_path: Path) -> None:
    a_node_store(tmp_path / "C").close()
    settings = changed(NodeSettings(tmp_path / "C"), data_folder=tmp_path / "D")
    settle(settings, now())
    settings.database.unlink()
    with pytest.raises(Refusal, match="可能被还原卡还原"):
        settle(settings, now())
    assert not settings.database.exists()


def test_a_disk_that_is_not_there_is_named(tmp_path: Path) -> None:
    a_node_store(tmp_path / "C").close()
    (tmp_path / "D").write_text("no folder")
    settings = NodeSettings(tmp_path / "C", data_folder=tmp_path / "D" / "x")
    with pytest.raises(Refusal, match="存放数据的磁盘打不开"):
        settle(settings, now())


def test_the_steps_follow_each_other_to_the_end() -> None:
    assert Step.CODE.following is Step.NETWORK and Step.FINISH.following is Step.FINISH


def test_the_running_service_starts_again_on_the_port_that_was_chosen(tmp_path: Path) -> None:
    """As asked for at the node itself, without anybody being signed in."""
    store = a_node_store(tmp_path)
    enrol(store)
    store.close()
    first, second = a_free_port(), a_free_port()
    command = [sys.executable, "-m", "node", "run", "--data", str(tmp_path), "--port", str(first)]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(first)
        url = f"http://127.0.0.1:{first}/setup/address"
        said = httpx.post(url, data={"port": str(second)}, trust_env=False, timeout=30)
        assert "正在重新启动" in said.text
        wait_for(second)
        assert running.poll() is None
    finally:
        running.terminate()
        running.wait(20)


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
            return
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.1)


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
