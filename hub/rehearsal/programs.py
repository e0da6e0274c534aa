"""Hub and nodes as real processes with their own data folders."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from shared.kit.listening import bind
from shared.kit.refusal import Refusal

HERE = "127.0.0.1"
START_S_MAX = 60.0
STOP_S_MAX = 20.0
UNCHECKED = {"SHENGPING_NODE_DAILY_CHECK": "off"}
"""A rehearsal's teachers come to one PC, with nobody to hear its beeps."""


@dataclass(slots=True)
class Program:
    """One running process; its output goes to a log file in its data folder."""

    name: str
    url: str
    data: Path
    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Refusal("program", f"{self.name}没有启动成功，请看 {self.log.name}。")
            try:
                if httpx.get(f"{self.url}/health", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise Refusal(
            "program", f"{self.name}在 {START_S_MAX:.0f} 秒内没有启动，请看 {self.log.name}。"
        )

    def stop(self) -> None:
        """Asks it to end, as Ctrl-C would, and waits."""
        if self.process.poll() is None:
            if sys.platform == "win32":
                self.process.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                self.process.terminate()
            try:
                self.process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def start_hub(data: Path, port: int, command: Sequence[str] = (), *, host: str = HERE) -> Program:
    """`command`: how another program than this one's own hub is started."""
    return _start("市级中心", "hub", data, port, command, host=host)


def start_node(name: str, data: Path, port: int, command: Sequence[str] = ()) -> Program:
    """`command`: how another program than this one's own node is started."""
    return _start(name, "node", data, port, command)


def _start(
    name: str, module: str, data: Path, port: int, command: Sequence[str] = (), host: str = HERE
) -> Program:
    verb = "serve" if module == "hub" else "run"
    log = open_log(data)
    what = command or (*command_of(module), "--data", str(data))
    process = subprocess.Popen(
        [
            *what,
            verb,
            *("--host", host, "--port", str(port)),
        ],
        env=UNCHECKED | os.environ,
        stdout=log,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        # Ctrl-C in the console is for the rehearsal, which then ends its programs in order.
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        start_new_session=os.name != "nt",
    )
    return Program(name, f"http://{host}:{port}", data, process, log)


def command_of(module: str) -> tuple[str, ...]:
    if getattr(sys, "frozen", False):
        # The built hub holds no node, and is no Python that could run one.
        raise Refusal("not_in_program", "程序包里不含演练和演示，请在源码目录里运行。")
    return (sys.executable, "-m", module)


def open_log(data: Path) -> IO[bytes]:
    data.mkdir(parents=True, exist_ok=True)
    return (data / "console.log").open("ab")


def run(module: str, *arguments: str | Path) -> str:
    """One command to its end; Refusal with what it said when it failed."""
    return run_command([*command_of(module), *map(str, arguments)])


def run_command(command: Sequence[str]) -> str:
    ran = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
    if ran.returncode != 0:
        said = ran.stderr.decode(errors="replace").strip()
        raise Refusal("program", f"命令没有成功：{' '.join(command)}\n{said}")
    return ran.stdout.decode(errors="replace")


def end_in_order() -> None:
    """Told to end in any way, this process first ends the programs that it started."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    try:
        bind("127.0.0.1", port).close()
    except Refusal:
        return False
    return True
