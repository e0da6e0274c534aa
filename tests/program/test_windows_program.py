"""The node as a Windows program, built with Windows' own Python and run under wine: enrolled with
a real hub, marked on, fallen back, installed.

Long: under wine it takes minutes. What wine cannot show stands in packaging/README.md.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pefile
import pytest

from hub.rehearsal import programs
from node.launcher.home import Pointer
from shared import __version__
from tests.lab import Lab, build_lab
from tests.program import builds
from tests.program.builds import Built
from tests.program.test_linux_program import mark_one, wait_for_city

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(sys.platform != "linux", reason="wine is there to be on Linux"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    made = builds.under_wine(tmp_path_factory.mktemp("wine"))
    yield made
    made.run("wineserver", "-k")


@pytest.fixture(scope="module")
def lab(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("声评 机房")
    command = [*built.program, "--data", built.named(root / "数据")]
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (built.environment or {}).items():
            environment.setenv(name, value)
        lab = build_lab(root, works=12, command=command)
        yield lab
        lab.node.stop()
        lab.hub.stop()


def test_a_mark_given_on_windows_reaches_the_city_once(lab: Lab) -> None:
    problems: list[str] = []
    task = mark_one(lab, 0, problems)
    assert problems == []
    wait_for_city(lab, task)


def test_the_doctor_and_a_second_copy_on_windows(built: Built, lab: Lab) -> None:
    data = lab.folders.root / "数据"
    port = lab.url.rsplit(":", 1)[1]
    flags = ["--data", built.named(data), "--host", "127.0.0.1", "--port", port]
    built.run(*built.program, "doctor", *flags)
    told = (data / "logs" / "doctor.txt").read_text("utf-8")
    assert "[正常] 文件权限" in told and "[正常] 数据库" in told and "[正常] 市级中心" in told
    again = built.run(*built.program, "run", *flags[:4], "--port", str(programs.free_port()))
    assert again == 1


def test_a_script_is_a_script_and_the_socket_is_not_shared(lab: Lab) -> None:
    page = httpx.get(f"{lab.url}/").text
    script = page.split('<script type="module" src="')[1].split('"')[0]
    answer = httpx.get(f"{lab.url}{script}")
    assert answer.headers["content-type"].startswith("text/javascript")


def test_a_version_that_is_not_what_it_claims_gives_way(built: Built, lab: Lab) -> None:
    shutil.copytree(built.folder / "app" / __version__, built.folder / "app" / "9.9.9")
    pointer = built.folder / "current.txt"
    pointer.write_text(f"9.9.9\n{__version__}\n")
    deadline = time.monotonic() + 300
    while pointer.read_text().split() != [__version__, __version__]:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    lab.node.wait_until_up()
    assert Pointer(*pointer.read_text().split()) == Pointer(__version__, __version__)
    assert httpx.get(f"{lab.url}/health").json()["version"] == __version__
    problems: list[str] = []
    wait_for_city(lab, mark_one(lab, 1, problems))
    assert problems == []


def test_the_program_has_an_icon_a_version_and_the_licences(built: Built) -> None:
    for exe in (built.folder, built.folder / "app" / __version__):
        with closing(pefile.PE(str(exe / "shengping-node.exe"))) as read:
            kinds = {entry.id for entry in read.DIRECTORY_ENTRY_RESOURCE.entries}
            assert pefile.RESOURCE_TYPE["RT_GROUP_ICON"] in kinds
            [[tables, _]] = read.FileInfo
            said = {k.decode(): v.decode() for k, v in tables.StringTable[0].entries.items()}
        assert said["FileVersion"] == said["ProductVersion"] == __version__
        assert said["FileDescription"] == "声评 区县节点"
    named = {path.name.split("-")[0].lower() for path in (built.folder / "licenses").iterdir()}
    assert {"litestar", "uvicorn", "httpx", "python"} <= named


def test_installing_registers_the_task_that_starts_it_at_boot(built: Built, tmp_path: Path) -> None:
    """Wine takes the task and the firewall's rule, and does nothing with them. Of the task it
    keeps what it understands: our XML as a whole is checked in tests/node/test_installing.py.
    """
    data = built.named(tmp_path / "安装 数据")
    for _ in range(2):
        # The service does not come up by itself here: the last step says so, and no other.
        built.run(*built.program, "install", "--data", data, "--wait", "1")
    drive = Path((built.environment or {})["WINEPREFIX"]) / "drive_c"
    home = drive / "Program Files" / "Shengping"
    assert (home / "data.txt").read_text("utf-8").strip() == data
    assert (home / "app" / __version__ / "shengping-node.exe").exists()
    [task] = (drive / "windows" / "system32" / "tasks").glob("Shengping*")
    text = task.read_text("utf-8-sig")
    assert "声评区县节点" in text and "<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>" in text
    built.run(*built.program, "uninstall", "--data", data)
    assert not list((drive / "windows" / "system32" / "tasks").glob("Shengping*"))


def test_a_launcher_that_is_killed_takes_the_program_with_it(lab: Lab) -> None:
    """The last test: the node is gone after it."""
    piped = lab.node.process.pid
    [launcher] = Path(f"/proc/{piped}/task/{piped}/children").read_text().split()
    os.kill(int(launcher), signal.SIGKILL)
    deadline = time.monotonic() + 60
    with closing(httpx.Client(timeout=2)) as client, pytest.raises(httpx.TransportError):
        while time.monotonic() < deadline:
            client.get(f"{lab.url}/health")
            time.sleep(0.2)
