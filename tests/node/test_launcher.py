"""The launcher with real processes: small versions that come up, fall, go deaf or never answer."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.launcher.__main__ import is_run, main
from node.launcher.child import outside
from node.launcher.home import PROGRAM, Home, NoVersion, Pointer
from node.launcher.watch import Patience, Watch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its versions are scripts")

ROOT = Path(__file__).resolve().parents[2]
QUICK = Patience(start=20.0, probe=0.1, answer=1.0, look=0.05, again=(0.05,))
WELL = """
import http.server, json, os, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"ok": True, "version": "%(version)s"}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.environ["SHENGPING_HOME"] + "/log", "a") as log: log.write("%(version)s up\\n")
with open(os.environ["SHENGPING_LAUNCHED"], "w") as note:
    note.write(f"127.0.0.1:{server.server_port}")
threading.Thread(target=server.serve_forever, daemon=True).start()
%(then)s
os.read(0, 1)
with open(os.environ["SHENGPING_HOME"] + "/log", "a") as log: log.write("%(version)s ended\\n")
"""
DEAF = "import time; time.sleep(0.3); server.shutdown(); server.server_close()"
FALLS = "import time; time.sleep(0.3); os._exit(70)"


def add(home: Home, version: str, then: str = "", script: str = "") -> None:
    program = home.program(version)
    program.parent.mkdir(parents=True)
    body = script or WELL % {"version": version, "then": then}
    program.write_text(f"#!{sys.executable}\n{body}", "utf-8")
    program.chmod(0o755)


class Lines(list[str]):
    """What a version or the launcher has said, waited for."""

    def wait_for(self, found: str, path: Path | None = None, count: int = 1) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            text = path.read_text("utf-8") if path and path.exists() else "\n".join(self)
            if text.count(found) >= count:
                return
            time.sleep(0.02)
        raise AssertionError(f"{found!r} never came: {text}")


@contextmanager
def watched(home: Home, patience: Patience = QUICK) -> Iterator[Lines]:
    """The watch in a thread; at the end every version is taken away, so that it ends."""
    said = Lines()
    watch = Watch(home, ["run"], said.append, patience)
    codes: list[int] = []
    running = threading.Thread(target=lambda: codes.append(watch.run()))
    running.start()
    try:
        yield said
    finally:
        add(home, "9.9", script="import sys; sys.exit(0)")
        home.point("9.9", "9.9")
        running.join(20)
        assert codes == [0]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "声评 节点")


def test_a_new_version_is_proven_when_it_answers_and_the_old_one_ends_in_order(home: Home) -> None:
    add(home, "1.0")
    home.point("1.0", "")
    with watched(home) as said:
        said.wait_for("1.0 up", home.folder / "log")
        until(lambda: home.pointer() == Pointer("1.0", "1.0"))
        add(home, "1.1")
        home.point("1.1", "1.0")
        said.wait_for("1.1 up", home.folder / "log")
        assert "1.0 ended" in (home.folder / "log").read_text()
        until(lambda: home.pointer() == Pointer("1.1", "1.1"))


@pytest.mark.parametrize("broken", ["import sys; sys.exit(3)", "import os; os.read(0, 1)"])
def test_a_version_that_does_not_come_up_gives_way_to_the_proven_one(
    home: Home, broken: str
) -> None:
    add(home, "1.0")
    add(home, "1.1", script=broken)
    home.point("1.1", "1.0")
    patience = Patience(start=1.5, probe=0.1, answer=1.0, look=0.05, again=(0.05,))
    with watched(home, patience) as said:
        said.wait_for("退回版本 1.0")
        said.wait_for("1.0 up", home.folder / "log")
        assert home.pointer() == Pointer("1.0", "1.0")


@pytest.mark.parametrize("then", [DEAF, FALLS])
def test_a_version_that_falls_or_goes_deaf_is_started_again(home: Home, then: str) -> None:
    add(home, "1.0", then)
    home.point("1.0", "1.0")
    with watched(home) as said:
        said.wait_for("1.0 up", home.folder / "log", count=2)


def test_what_refuses_to_start_is_not_tried_for_ever(home: Home) -> None:
    add(home, "1.0", script="import sys; sys.exit(1)")
    home.point("1.0", "1.0")
    assert Watch(home, ["run"], print, QUICK).run() == 1


def test_a_child_ends_when_the_launcher_is_killed(home: Home) -> None:
    add(home, "1.0")
    home.point("1.0", "1.0")
    code = (
        "import sys; from pathlib import Path; from node.launcher.__main__ import main;"
        "main([], Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(home.folder)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as launcher:
        Lines().wait_for("1.0 up", home.folder / "log")
        os.kill(launcher.pid, signal.SIGKILL)
        Lines().wait_for("1.0 ended", home.folder / "log")


def test_other_commands_are_handed_on_with_their_exit_code(home: Home) -> None:
    add(home, "1.0", script="import sys; sys.exit(40 + len(sys.argv))")
    assert main(["--data", "x", "status"], home.folder) == 44
    assert main(["status"], home.folder / "nothing") == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", True),
        ("run", True),
        ("--data d --port 80", True),
        ("--data run status", False),
        ("run --data status", True),
        ("status --data run", False),
        ("--help", False),
        ("update new.zip --force", False),
    ],
)
def test_the_service_is_told_from_the_commands(line: str, expected: bool) -> None:
    assert is_run(line.split()) is expected


def test_a_pointer_that_a_power_cut_left_is_worked_out_again(home: Home) -> None:
    with pytest.raises(NoVersion):
        home.pointer()
    for version in ("0.9", "0.10"):
        add(home, version)
    (home.folder / "app" / "1.0.part").mkdir()
    assert home.versions() == ["0.9", "0.10"]
    assert home.pointer() == Pointer("0.10", "")
    for content in (b"", b"\xff\xff", b"7.7\n0.9\n", b"0.9"):
        home.pointer_file.write_bytes(content)
        assert home.pointer().current in ("0.9", "0.10")
    home.pointer_file.write_bytes(b"7.7\n0.9\n")
    assert home.pointer() == Pointer("0.9", "0.9")


def test_two_versions_stay_and_never_fewer_than_needed(home: Home) -> None:
    for version in ("1.0", "1.1", "1.2", "1.3"):
        add(home, version)
    home.point("1.3", "1.0")
    assert home.prune() == ["1.1", "1.2"]
    home.point("1.3", "1.3")
    assert home.prune() == []
    assert home.versions() == ["1.0", "1.3"]
    assert (home.folder / "app" / "1.3" / PROGRAM).exists()


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_other_programs_get_none_of_our_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyInstaller puts them in front on Linux; the system's own programs would load them."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/ours/_internal:/before")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/before")
    assert outside()["LD_LIBRARY_PATH"] == "/ours/_internal:/before"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert outside()["LD_LIBRARY_PATH"] == "/before"
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG")
    assert "LD_LIBRARY_PATH" not in outside()
