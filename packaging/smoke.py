"""Tries a built node: starts it, asks it, has it examined, and ends it; prints what it costs.

python packaging/smoke.py dist/shengping-node
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

EXE = ".exe" if sys.platform == "win32" else ""
UP_S_MAX, END_S_MAX = 180.0, 30.0


def main(arguments: list[str]) -> int:
    [folder] = arguments
    program = Path(folder).resolve() / f"shengping-node{EXE}"
    with tempfile.TemporaryDirectory(prefix="声评 试运行 ") as scratch:
        try_out([str(program)], scratch)
    return 0


def try_out(program: list[str], data: str) -> None:
    """`program`: how it is started; `data`: a folder as the program names it."""
    port = free_port()
    flags = ["--data", data, "--host", "127.0.0.1", "--port", str(port)]
    began = time.monotonic()
    running = start([*program, "run", *flags])
    try:
        health = wait_until_up(port, running)
        print(f"cold start  {time.monotonic() - began:.1f} s, version {health['version']}")
        script = fetch(port, "/")
        print(f"first page  {len(script)} bytes")
        doctor = subprocess.run(
            [*program, "doctor", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        print(doctor.stdout.decode(errors="replace"))
        second = subprocess.run(
            [*program, "run", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if second.returncode == 0:
            raise AssertionError("a second copy ran on the same data")
        print("a second copy on the same data is refused")
    finally:
        print(f"ended with  {end(running)}")


def start(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        # Pipes and no console, as a task of the system has none.
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def end(running: "subprocess.Popen[bytes]") -> int:
    """As Ctrl-C does."""
    if sys.platform == "win32":
        os.kill(running.pid, signal.CTRL_BREAK_EVENT)
    else:
        running.terminate()
    try:
        return running.wait(END_S_MAX)
    except subprocess.TimeoutExpired:
        running.kill()
        raise


def wait_until_up(port: int, running: "subprocess.Popen[bytes]") -> dict[str, object]:
    deadline = time.monotonic() + UP_S_MAX
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise AssertionError(f"it ended with {running.returncode}")
        try:
            told: dict[str, object] = json.loads(fetch(port, "/health"))
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
        else:
            return told
    raise AssertionError("it did not come up")


def fetch(port: int, path: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        content: bytes = answer.read()
        return content


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
