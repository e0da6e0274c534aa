"""The built node, on Linux: enrolled with a real hub, marked on, updated to, measured, ended.

Long: building takes a minute. `packaging/dev.py test tests/program --long` runs it.
"""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from hub.rehearsal import programs
from node.launcher.home import Home, Pointer
from node.machine.installing import Place, unit
from node.machine.linux import UNIT_FILE
from shared import __version__
from shared.rules.rubric import Role
from tests.browser.conftest import FLAGS, BrowserLab, current_chromium
from tests.browser.hands import SIX, opened, press, submit
from tests.lab import Lab, build_lab, open_tasks
from tests.program import builds
from tests.program.builds import ROOT, Built

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(sys.platform != "linux", reason="Windows has its own"),
]
MARKERS = 80
MB = 1_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return builds.on_this_system(tmp_path_factory.mktemp("声评 构建"))


@pytest.fixture(scope="module")
def lab(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Its node is the built one; 80 people may mark."""
    root = tmp_path_factory.mktemp("声评 机房")
    command = [*built.program, "--data", str(root / "数据")]
    lab = build_lab(root, works=80, markers=MARKERS, command=command)
    yield lab
    lab.node.stop()
    lab.hub.stop()


def test_a_teacher_marks_in_chromium_and_the_city_has_it_once(lab: Lab) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=current_chromium(), args=FLAGS)
        page = opened(BrowserLab(lab, browser), lab.markers[0])
        press(page, SIX)
        sent = submit(page)
        browser.close()
    wait_for_city(lab, sent["task_id"])


def test_the_zip_is_small_the_start_quick_and_80_markers_fit_in_the_memory(
    built: Built, lab: Lab
) -> None:
    """It prints what it found; `-rP` shows that."""
    zipped = built.archive.stat().st_size / MB
    ran = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "smoke.py"), str(built.folder)],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "refused" in ran.stdout and "ended with  0" in ran.stdout
    problems: list[str] = []
    at_work = [
        threading.Thread(target=mark_one, args=(lab, n, problems)) for n in range(1, MARKERS)
    ]
    for one in at_work:
        one.start()
    for one in at_work:
        one.join()
    used, peak, above = memory_mb(lab.node.process.pid)
    cold = next(line for line in ran.stdout.splitlines() if line.startswith("cold start"))
    print(f"zipped {zipped:.1f} MB; {cold}; {MARKERS} markers: {used:.0f} MB,")
    print(f"{peak:.0f} MB while all of them signed in at once; its launcher {above:.0f} MB")
    assert problems == []
    assert zipped <= 80
    assert used <= 200


def mark_one(lab: Lab, number: int, problems: list[str]) -> int:
    """Signs in, watches a clip in slices, marks it; the task."""
    try:
        with closing(lab.client(lab.markers[number])) as client:
            client.timeout = httpx.Timeout(120)
            # On a busy machine an idle connection may be closed just when it is used again.
            client.headers["Connection"] = "close"
            [task, *_] = open_tasks(client)
            for start in range(0, 400_000, 100_000):
                wanted = {"Range": f"bytes={start}-{start + 99_999}"}
                client.get(task["video"]["url"], headers=wanted)
            levels = dict.fromkeys(task["criteria"], 3)
            body = {"event_id": f"{number:032x}", "task_id": task["id"], "gen": task["gen"]}
            spent = {"levels": levels, "spent_ms": 1000, "heard_percent": 100}
            client.post("/api/marks", json=body | spent).raise_for_status()
            return int(task["id"])
    except Exception as error:
        problems.append(f"{number}: {error!r}")
        return 0


def test_the_built_hub_takes_over_from_the_source_on_the_same_data(
    lab: Lab, tmp_path: Path
) -> None:
    hub = builds.on_this_system(tmp_path, "hub")
    print(f"hub zipped {hub.archive.stat().st_size / MB:.1f} MB")
    programs.run_command([*hub.program, "template", str(tmp_path / "空白.xlsx")])
    lab.stop_hub()
    port = int(lab.hub.url.rsplit(":", 1)[1])
    command = [*hub.program, "--data", str(lab.hub.data)]
    lab.hub = programs.start_hub(lab.hub.data, port, command)
    lab.hub.wait_until_up()
    problems: list[str] = []
    task = mark_one(lab, 0, problems)
    assert problems == []
    wait_for_city(lab, task)
    lab.stop_hub()
    # uvicorn passes on the signal that ended it, after all is in order.
    assert lab.hub.process.returncode == -signal.SIGTERM
    assert "Finished server process" in Path(lab.hub.log.name).read_text("utf-8").splitlines()[-1]
    lab.start_hub()


def test_an_older_node_changes_over_to_it_by_one_button_and_loses_nothing(
    built: Built, lab: Lab, tmp_path: Path
) -> None:
    """The older one is today's source under another number: it fetches what the hub published,
    and the built program takes its place on the same data.
    """
    lab.node.stop()
    home = Home(tmp_path / "程序 目录")
    older(home.program("0.0.9"))
    home.point("0.0.9", "0.0.9")
    launcher = [str(copy_launcher(built, home)), "--data", str(lab.node.data.parent / "数据")]
    lab.node = programs.start_node("节点", lab.node.data, programs.free_port(), launcher)
    lab.node.wait_until_up()
    try:
        assert version(lab) == "0.0.9"
        with closing(lab.client(lab.markers[0])) as client:
            before = client.get("/api/progress").json()["groups"]
        programs.run("hub", "--data", lab.hub.data, "publish", built.archive)
        with closing(lab.client(lab.cast.people_of(Role.TECHNICIAN)[0])) as client:
            client.post("/settings/update/look")
            assert f"有新版本 {__version__}" in client.get("/settings").text
            client.post("/settings/update", data={"interrupt": "true"})
            until(lambda: home.pointer() == Pointer(__version__, __version__))
            lab.node.wait_until_up()
            assert version(lab) == __version__
            assert f"已更新到 {__version__}" in client.get("/settings").text
        port = lab.url.rsplit(":", 1)[1]
        again = [*launcher, "update", str(built.archive), "--force", "--port", port]
        assert "不用更新" in programs.run_command(again)
        with closing(lab.client(lab.markers[0])) as client:
            assert client.get("/api/progress").json()["groups"] == before
        broken = home.program("9.9.9")
        broken.parent.mkdir()
        (broken.parent / "_internal").symlink_to(home.program(__version__).parent / "_internal")
        broken.write_bytes(home.program(__version__).read_bytes())
        broken.chmod(0o755)
        # It comes up, but is not what it claims to be.
        home.point("9.9.9", __version__)
        until(lambda: home.pointer() == Pointer(__version__, __version__))
        lab.node.wait_until_up()
        assert version(lab) == __version__
    finally:
        lab.node.stop()
    assert lab.node.process.returncode == 0
    log = (home.folder / "logs" / "launcher.log").read_text("utf-8")
    assert f"退回版本 {__version__}" in log


def test_systemd_finds_nothing_wrong_with_the_unit(built: Built, tmp_path: Path) -> None:
    """It runs in few containers; but it can be asked."""
    place = Place(built.folder, built.folder, tmp_path / "数据 目录", 8080)
    described = tmp_path / UNIT_FILE.name
    described.write_text(unit(place), "utf-8")
    command = ["systemd-analyze", "verify", str(described)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


OLDER = """#!{python}
import sys
sys.path.insert(0, {root!r})
import shared
shared.__version__ = "0.0.9"
from node.__main__ import main
sys.exit(main())
"""


def older(program: Path) -> None:
    program.parent.mkdir(parents=True)
    program.write_text(OLDER.format(python=sys.executable, root=str(ROOT)), "utf-8")
    program.chmod(0o755)


def copy_launcher(built: Built, home: Home) -> Path:
    shutil.copytree(built.folder / "launcher", home.folder / "launcher")
    return Path(shutil.copy(built.program[0], home.folder))


def version(lab: Lab) -> str:
    return str(httpx.get(f"{lab.url}/health").json()["version"])


def wait_for_city(lab: Lab, task_id: int) -> None:
    until(lambda: lab.standings_at_the_city(task_id) == ["counted"])


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def memory_mb(launcher: int) -> tuple[float, float, float]:
    """Of the program now, and at its worst moment; and of its launcher."""
    [program] = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    status, above = (Path(f"/proc/{p}/status").read_text() for p in (program, launcher))
    return _mb(status, "VmRSS:"), _mb(status, "VmHWM:"), _mb(above, "VmRSS:")


def _mb(status: str, name: str) -> float:
    return int(status.split(name)[1].split()[0]) * 1024 / MB
