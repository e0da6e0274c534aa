"""What Windows does to programs that were written on Linux: each trap has its guard here.

The accept loop: tests/node/test_accepting.py. On the real thing: tests/program.
"""

import ast
import mimetypes
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from shared.kit import files, listening
from shared.web import rendering
from shared.web.statics import static_files

ROOT = Path(__file__).resolve().parents[1]
OURS = sorted(p for room in ("shared", "node") for p in (ROOT / room).rglob("*.py"))
ON_BOTH = [p for p in OURS if p.name != "linux.py"]


def calls(path: Path) -> list[ast.Call]:
    return [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]


def test_two_programs_cannot_share_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """SO_REUSEADDR lets a second live program bind the same port there."""
    monkeypatch.setattr("shared.kit.listening.sys.platform", "win32")
    bound = listening.bind("127.0.0.1", 0)
    monkeypatch.undo()
    with bound:
        assert bound.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 0


def test_scripts_are_scripts_whatever_the_registry_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many a PC has .js as text/plain, and Chrome refuses such a module: a blank page."""
    assert mimetypes.guess_type("a.js")[0] == "text/javascript"
    code = (
        "import mimetypes; mimetypes.init(); mimetypes.add_type('text/plain', '.js');"
        "from shared.web import rendering; print(mimetypes.guess_type('a.js')[0])"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert said.stdout.strip() == "text/javascript", said.stderr
    served = static_files(rendering.SHARED, ROOT / "node")
    kinds = {f.media_type for name, f in served.items() if name.endswith(".js")}
    assert kinds == {"text/javascript"}


def test_a_scanner_that_holds_a_file_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WAIT_S", 0)
    held = [PermissionError(), PermissionError()]
    real = Path.unlink

    def busy(self: Path, missing_ok: bool = False) -> None:
        if held:
            raise held.pop()
        real(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", busy)
    path = tmp_path / "a"
    path.write_text("x")
    assert files.remove(path) and not path.exists()
    held.extend([PermissionError()] * files.TRIES)
    path.write_text("x")
    assert not files.remove(path)


def test_on_a_node_files_are_replaced_only_with_patience() -> None:
    """Path.replace and os.replace fail at once where a scanner holds the file."""
    hasty = [
        f"{p.relative_to(ROOT)}:{c.lineno}"
        for p in ON_BOTH
        if p != ROOT / "shared" / "kit" / "files.py"
        for c in calls(p)
        if isinstance(c.func, ast.Attribute)
        and c.func.attr == "replace"
        # Texts have two arguments, dates have names.
        and (len(c.args) == 1 and not c.keywords)
    ]
    # The launcher may know nothing of ours, and its log may stay one day longer.
    assert [h for h in hasty if not h.startswith("node/launcher/__main__.py")] == []


@pytest.mark.parametrize("room", ["node", "hub"])
def test_timetables_name_no_trigger(room: str) -> None:
    """Names are looked up in the packages' metadata, which a built program has not."""
    adding = [
        c
        for c in calls(ROOT / room / "jobs.py")
        if isinstance(c.func, ast.Attribute) and c.func.attr == "add_job"
    ]
    assert adding
    for call in adding:
        assert len(call.args) > 1 and not isinstance(call.args[1], ast.Constant)


def test_the_node_runs_without_a_console(tmp_path: Path) -> None:
    """A program without a window has None for its outputs; whatever writes there would end it."""
    code = (
        "import sys; sys.stdout = sys.stderr = sys.stdin = None\n"
        "from node.__main__ import main\n"
        "import node.serving as serving\n"
        "serving.Server.startup_was = serving.Server.startup\n"
        "async def startup(self, sockets=None):\n"
        "    await self.startup_was(sockets); self.should_exit = True\n"
        "serving.Server.startup = startup\n"
        "codes = [main([c, '--data', sys.argv[1], '--host', '127.0.0.1', '--port', '0'])"
        " for c in ('status', 'run', 'run')]\n"
        "sys.exit(0 if codes == [1, 0, 0] else 9)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "数据")]
    ran = subprocess.run(command, cwd=ROOT, timeout=120)
    assert ran.returncode == 0
    assert "阅卷网址" in (tmp_path / "数据" / "logs" / "node.log").read_text("utf-8")


def test_nothing_on_a_node_calls_what_windows_lacks() -> None:
    """Such a call may stand only behind a look at sys.platform."""
    lacking = re.compile(
        r"\bos\.(fork|geteuid|getuid|chown|sendfile|kill|mkfifo|uname)\b"
        r"|^import (fcntl|pwd|grp|resource)\b",
        re.M,
    )
    named = [str(p.relative_to(ROOT)) for p in ON_BOTH if lacking.search(p.read_text("utf-8"))]
    # Each of them asks first.
    assert sorted(named) == ["node/machine/installing.py", "node/zero_copy.py"]
