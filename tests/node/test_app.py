"""The service as a whole: it starts, answers, refuses a second copy of itself, and ends."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from litestar.testing import TestClient

from node.__main__ import main
from node.app import create_app
from node.serving import Server
from node.settings import NodeSettings, settings_from
from shared.kit.refusal import Refusal
from tests.node.standin_hub import StandInHub


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_application_starts_and_says_that_it_is_well(tmp_path: Path) -> None:
    app = create_app(NodeSettings(tmp_path), StandInHub().http)
    with TestClient(app) as browser:
        health = browser.get("/health")
        assert health.json()["ok"] is True
        assert health.json()["is_enrolled"] is False
        assert "secret" not in health.text
        assert browser.get("/", follow_redirects=False).headers["location"] == "/setup"
        assert browser.get("/setup").status_code == 200
        assert browser.get("/schema").status_code == 404


def test_a_technician_enrols_in_the_browser_and_needs_no_restart(tmp_path: Path) -> None:
    app = create_app(NodeSettings(tmp_path), StandInHub().http)
    with TestClient(app) as browser:
        form = {"hub_url": "http://hub.test", "code": "RIGHT"}
        assert browser.post("/setup", data=form, follow_redirects=False).status_code == 303
        deadline = time.monotonic() + 5
        while not browser.get("/health").json()["is_connected"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert browser.get("/").status_code == 200


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """The real program in its own process."""
    port, data = a_free_port(), tmp_path / "数据"
    command = [sys.executable, "-m", "node", "run", "--data", str(data), "--host", "127.0.0.1"]
    running = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 30
        while True:
            assert running.poll() is None and time.monotonic() < deadline
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield data, port
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) in (0, -signal.SIGTERM)
    finally:
        running.kill()
        running.wait()
        if running.stderr is not None:
            running.stderr.close()


def test_the_service_runs_is_asked_and_keeps_others_off_its_data(
    service: tuple[Path, int], capsys: pytest.CaptureFixture[str]
) -> None:
    data, port = service
    flags = ["--data", str(data), "--host", "127.0.0.1", "--port"]
    assert main(["status", *flags, str(port)]) == 1
    assert f"http://127.0.0.1:{port}/setup" in capsys.readouterr().out
    assert main(["run", *flags, str(a_free_port())]) == 1
    assert "正在被另一个程序使用" in capsys.readouterr().err
    assert main(["run", "--data", str(data.parent / "b"), "--port", str(port)]) == 1
    assert "端口" in capsys.readouterr().err
    assert main(["enrol", *flags, str(port), "--hub", "http://x.test", "--code", "A"]) == 1
    assert "正在被另一个程序使用" in capsys.readouterr().err
    assert (data / "logs" / "node.log").exists()


def test_a_service_that_nobody_can_reach_any_more_ends_to_start_again(tmp_path: Path) -> None:
    server = Server(uvicorn.Config(create_app(NodeSettings(tmp_path)), log_config=None))
    loop = asyncio.new_event_loop()
    server.note_problem(loop, {"message": "Task exception was never retrieved"})
    assert not server.should_exit
    server.note_problem(loop, {"message": "Accept failed on a socket"})
    assert server.should_exit and server.is_deaf
    loop.close()


def test_status_without_a_service_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--data", str(tmp_path)]) == 1
    assert "还没有节点" in capsys.readouterr().out
    with TestClient(create_app(NodeSettings(tmp_path), StandInHub().http)):
        pass
    assert main(["status", "--data", str(tmp_path), "--port", str(a_free_port())]) == 1
    assert "服务没有运行" in capsys.readouterr().out


def test_enrolling_by_command_needs_a_hub(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = f"http://127.0.0.1:{a_free_port()}"
    assert main(["enrol", "--data", str(tmp_path), "--hub", hub, "--code", "ABC"]) == 1
    assert "连接不到市级中心" in capsys.readouterr().err


def test_settings_come_from_the_file_and_wrong_ones_are_named(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text("port = 9000\nbandwidth_mbit = 100\n", "utf-8")
    found = settings_from(tmp_path, {"port": None})
    assert (found.port, found.bandwidth_mbit, found.database) == (9000, 100, tmp_path / "node.db")
    for wrong in ("port = 70000", "video_parallel = 0", "bandwidth_mbit = -1", "prot = 1"):
        (tmp_path / "node.toml").write_text(wrong, "utf-8")
        with pytest.raises(Refusal):
            settings_from(tmp_path, {})
