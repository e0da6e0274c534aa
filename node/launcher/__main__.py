"""What a technician starts: runs the service and watches it, or hands a command on."""

import contextlib
import signal
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from node.launcher.child import HOME, outside
from node.launcher.home import Home, NoVersion
from node.launcher.watch import Watch

if sys.platform == "win32":
    import ctypes

LOG_BYTES_MAX = 1_000_000


def main(arguments: Sequence[str], folder: Path) -> int:
    home = Home(folder)
    try:
        home.pointer()
    except NoVersion:
        print(f"{folder} 里没有可以运行的版本，请重新解压程序包。", file=sys.stderr)
        return 1
    if not is_run(arguments):
        return _hand_on(home, arguments)
    # The system ends a service this way: in order, and the child before.
    for name in ("SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    own_window = has_own_window()
    watch = Watch(home, arguments, _say_in(folder), came_up=_open_page if own_window else _nothing)
    try:
        code = watch.run()
    except KeyboardInterrupt:
        code = 0
    if own_window and code:
        with contextlib.suppress(EOFError):
            input("按回车键关闭窗口。")
    return code


def is_run(arguments: Sequence[str]) -> bool:
    """Whether the service is meant: by name, or since no other command is given."""
    is_value = False
    for word in arguments:
        if word in ("-h", "--help", "--version"):
            return False
        if is_value:
            is_value = False
        elif word.startswith("--"):
            is_value = "=" not in word
        else:
            return word == "run"
    return True


def has_own_window() -> bool:
    """Started by a double click: nobody else is at this console."""
    if sys.platform == "win32":
        room = (ctypes.c_uint32 * 4)()
        return bool(ctypes.windll.kernel32.GetConsoleProcessList(room, 4) == 1)
    return False


def _hand_on(home: Home, arguments: Sequence[str]) -> int:
    command = [str(home.program(home.pointer().current)), *arguments]
    try:
        return subprocess.run(command, env={**outside(), HOME: str(home.folder)}).returncode
    except KeyboardInterrupt:
        return 130


def _open_page(address: str) -> None:
    webbrowser.open(f"http://{address}/")


def _nothing(address: str) -> None:
    pass


def _say_in(folder: Path) -> Callable[[str], None]:
    path = folder / "logs" / "launcher.log"

    def say(text: str) -> None:
        line = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {text}"
        if sys.stderr is not None:
            print(line, file=sys.stderr, flush=True)
        with contextlib.suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
                path.replace(path.with_suffix(".old.log"))
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")

    return say


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:], Path(sys.executable).resolve().parent))
