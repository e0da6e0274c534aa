"""The node's videos beside nginx on the same files, in one run: throughput, CPU, and waiting."""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Thread

import httpx
import msgspec

import node.schema
from benchmarks.streams import Load, Stream, draw, play
from node.pages.people import COOKIE
from node.store import accounts, exam, tasks, videos
from node.work.sign_in import begin
from shared.kit.clock import now
from shared.kit.store import Store
from shared.wire.messages import VideoCard
from tests.makers import (
    ANTHEM,
    SONG,
    a_group_card,
    a_sitting_card,
    a_task_card,
    a_video_card,
    an_account_card,
    an_exam_card,
    enrol,
)

MIB = 1 << 20
PLAYERS = 80
PLAYER_MBIT = 4.0
NGINX = """
user root; worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  types {{ video/mp4 mp4; }}
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    port: int
    pids: list[int]
    streams: list[Stream]


@dataclass(frozen=True, slots=True)
class Measured:
    bytes_per_s: float
    cpu_s_per_gb: float


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--seconds", type=float, default=4)
    wanted.add_argument("--rounds", type=int, default=3)
    wanted.add_argument("--clips", type=int, default=40)
    wanted.add_argument("--mib", type=int, default=8)
    asked = wanted.parse_args()
    if shutil.which("nginx") is None:
        sys.exit("nginx is needed: apt-get install nginx-light")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cookies, clips = build(folder / "node", asked.clips, asked.mib * MIB)
        with _nginx(folder, clips) as nginx, _node(folder / "node", clips, cookies) as ours:
            _compare(nginx, ours, asked.mib * MIB, asked.seconds, asked.rounds)
            _waiting(ours, asked.mib * MIB, asked.seconds * 3)


def build(folder: Path, clips: int, size: int) -> tuple[list[str], list[Path]]:
    """A node on which 80 people have a task each; their cookies, and the clips in task order."""
    folder.mkdir(parents=True)
    store = Store(folder / "node.db", node.schema.migrations)
    files, cookies = [_clip(folder, number, size) for number in range(clips)], []
    with store.writing() as db:
        exam.put_exam(db, an_exam_card(first_sign_in="keep"))
        exam.put_sitting(db, a_sitting_card())
        for group in (ANTHEM, SONG):
            exam.put_group(db, a_group_card(group))
        for number in range(1, PLAYERS + 1):
            _, content_card = files[number % clips]
            card = an_account_card()
            phone = f"1990000{number:04}"
            accounts.put(db, msgspec.structs.replace(card, account_id=number, phone=phone))
            videos.want(db, content_card)
            tasks.put(db, a_task_card(number, account_id=number, video=content_card), now())
            videos.set_ready(db, content_card.sha256, now())
        for number in range(1, PLAYERS + 1):
            account = accounts.account(db, number)
            if account is None:
                raise LookupError(number)
            cookies.append(f"{COOKIE}={begin(db, account, '127.0.0.1', now())}")
    enrol(store)
    store.close()
    return cookies, [path for path, _ in files]


def _clip(folder: Path, number: int, size: int) -> tuple[Path, VideoCard]:
    content = random.Random(number).randbytes(size)
    name = sha256(content).hexdigest()
    path = folder / "videos" / name[:2] / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    card = a_video_card(b"")
    return path, msgspec.structs.replace(card, sha256=name, bytes=size)


@contextmanager
def _nginx(folder: Path, clips: Sequence[Path]) -> Iterator[Program]:
    port, own = 18610, folder / "nginx"
    own.mkdir()
    # The very same files: both find them in the system's memory.
    (own / "conf").write_text(NGINX.format(folder=own, port=port, root=folder / "node/videos"))
    with _running(["nginx", "-c", str(own / "conf")], port) as pids:
        yield Program(
            "nginx",
            port,
            pids,
            [Stream(port, f"/{clip.parent.name}/{clip.name}") for clip in clips],
        )


@contextmanager
def _node(folder: Path, clips: Sequence[Path], cookies: Sequence[str]) -> Iterator[Program]:
    port = 18611
    command = [sys.executable, "-m", "node", "--data", str(folder), "run", "--host", "127.0.0.1"]
    with _running([*command, "--port", str(port)], port) as pids:
        yield Program(
            "node",
            port,
            pids,
            [Stream(port, f"/videos/{number}", cookie) for number, cookie in enumerate(cookies, 1)],
        )


@contextmanager
def _running(command: list[str], port: int) -> Iterator[list[int]]:
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
        yield [program.pid, *map(int, children)]
    finally:
        program.terminate()
        program.wait()


def _compare(nginx: Program, ours: Program, size: int, seconds: float, rounds: int) -> None:
    """In turn, round after round: the machine is shared, and the ratio is what counts."""
    for clients in (30, 80):
        for span, name in ((MIB, "1 MiB ranges"), (0, "whole files")):
            found: dict[str, list[Measured]] = {"nginx": [], "node": []}
            for _ in range(rounds):
                for program in (nginx, ours):
                    load = Load(program.streams, clients, size, span)
                    found[program.name].append(_measure(program, load, seconds))
            _report(f"{clients} clients, {name}", found)


def _measure(program: Program, load: Load, seconds: float) -> Measured:
    draw(load, 0.3)
    before = _cpu_s(program.pids)
    drawn = draw(load, seconds)
    spent = _cpu_s(program.pids) - before
    return Measured(drawn.bytes / drawn.seconds, spent / (drawn.bytes / 1e9))


def _report(title: str, found: dict[str, list[Measured]]) -> None:
    print(title)
    costs = {}
    for name, runs in found.items():
        costs[name] = sorted(run.cpu_s_per_gb for run in runs)[len(runs) // 2]
        speed = sorted(run.bytes_per_s for run in runs)[len(runs) // 2] / 1e9
        print(f"  {name:6} {speed:6.2f} GB/s  {costs[name]:.3f} CPU s/GB")
    print(f"  throughput per CPU second: {costs['nginx'] / costs['node']:.0%} of nginx")


def _waiting(ours: Program, size: int, seconds: float) -> None:
    """What an API request takes while 80 players stream."""
    load = Load(ours.streams, PLAYERS, size, MIB)
    players = Thread(target=play, args=(load, PLAYER_MBIT, seconds))
    before, began = _cpu_s(ours.pids), time.monotonic()
    players.start()
    taken = []
    with httpx.Client(base_url=f"http://127.0.0.1:{ours.port}") as client:
        while time.monotonic() - began < seconds - 0.5:
            cookie = random.choice(ours.streams).cookie
            start = time.monotonic()
            client.get("/api/progress", headers={"Cookie": cookie}).raise_for_status()
            taken.append((time.monotonic() - start) * 1000)
            time.sleep(0.02)
    players.join()
    share = (_cpu_s(ours.pids) - before) / (time.monotonic() - began)
    taken.sort()
    print(
        f"{PLAYERS} players at {PLAYER_MBIT:g} Mbit/s: an API request takes p50"
        f" {taken[len(taken) // 2]:.1f} ms, p95 {taken[int(len(taken) * 0.95)]:.1f} ms,"
        f" slowest {taken[-1]:.1f} ms; the node uses {share:.0%} of a core"
    )


def _cpu_s(pids: Sequence[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
