"""The servers that are compared, as real processes on the same files, and what they cost."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
import msgspec

import node.schema
from benchmarks.bare import FOLDER
from benchmarks.streams import Load, Stream, draw
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

PLAYERS = 80
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
_THREADS = """
import sys, node.zero_copy
node.zero_copy.IS_POSSIBLE = False
from node.__main__ import main
sys.exit(main())
"""
_SENDFILE = """
import sys, uvicorn
from benchmarks.bare import by_transport
from node.zero_copy import ZeroCopyProtocol
uvicorn.run(by_transport, port=int(sys.argv[1]), http=ZeroCopyProtocol, loop="asyncio",
            log_level="warning", access_log=False, lifespan="off")
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


@dataclass(frozen=True, slots=True)
class Site:
    """A node's data folder: 80 people have a task each, one clip serves several of them."""

    folder: Path
    cookies: list[str]
    clips: list[Path]
    """In task order."""
    size: int
    """Of each clip."""


def measure(program: Program, load: Load, seconds: float) -> Measured:
    drawn = draw(load, seconds, lambda: cpu_s(program.pids))
    return Measured(drawn.bytes / drawn.seconds, drawn.cpu_s / (max(drawn.bytes, 1) / 1e9))


def cpu_s(pids: Sequence[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def build(folder: Path, clips: int, size: int) -> Site:
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
    return Site(folder, cookies, [path for path, _ in files], size)


def _clip(folder: Path, number: int, size: int) -> tuple[Path, VideoCard]:
    content = random.Random(number).randbytes(size)
    name = sha256(content).hexdigest()
    path = folder / "videos" / name[:2] / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    card = a_video_card(b"")
    return path, msgspec.structs.replace(card, sha256=name, bytes=size)


@contextmanager
def nginx(site: Site, port: int) -> Iterator[Program]:
    own = site.folder / "nginx"
    own.mkdir()
    # The very same files: all find them in the system's memory.
    (own / "conf").write_text(NGINX.format(folder=own, port=port, root=site.folder / "videos"))
    with _running(["nginx", "-c", str(own / "conf")], port) as pids:
        yield Program("nginx", port, pids, _open_streams(site, port))


@contextmanager
def our_node(site: Site, port: int, *, with_threads: bool = False) -> Iterator[Program]:
    """`with_threads`: as where no kernel sends files, on Windows."""
    start = ["-c", _THREADS] if with_threads else ["-m", "node"]
    command = [sys.executable, *start, "--data", str(site.folder), "run", "--host", "127.0.0.1"]
    streams = [Stream(port, f"/videos/{n}", cookie) for n, cookie in enumerate(site.cookies, 1)]
    name = "node, threads" if with_threads else "node"
    with _running([*command, "--port", str(port)], port) as pids:
        yield Program(name, port, pids, streams)


@contextmanager
def bare(site: Site, port: int, name: str) -> Iterator[Program]:
    """One of the ways of `BARE`."""
    command = [part.format(port=port) for part in BARE[name]]
    with _running([sys.executable, *command], port, site.folder / "videos") as pids:
        yield Program(name, port, pids, _open_streams(site, port))


def _uvicorn(app: str) -> list[str]:
    return [
        *("-m", "uvicorn", f"benchmarks.bare:{app}", "--port", "{port}", "--loop", "asyncio"),
        *("--http", "httptools", "--no-access-log", "--lifespan", "off", "--log-level", "warning"),
    ]


def _granian(app: str, interface: str) -> list[str]:
    return [
        *("-m", "granian", f"benchmarks.bare:{app}", "--interface", interface, "--port", "{port}"),
        *("--http", "1", "--loop", "asyncio", "--workers", "1", "--no-ws", "--no-log"),
    ]


BARE = {
    "uvicorn, read inline": _uvicorn("inline"),
    "uvicorn, read in threads": _uvicorn("threads"),
    "uvicorn, sendfile": ["-c", _SENDFILE, "{port}"],
    "granian, read inline": _granian("inline", "asginl"),
    "granian, its file range": _granian("by_granian", "rsgi"),
}


def _open_streams(site: Site, port: int) -> list[Stream]:
    return [Stream(port, f"/{clip.parent.name}/{clip.name}") for clip in site.clips]


@contextmanager
def _running(command: list[str], port: int, served: Path | None = None) -> Iterator[list[int]]:
    places = {} if served is None else {FOLDER: str(served)}
    quiet = subprocess.DEVNULL
    program = subprocess.Popen(command, env=os.environ | places, stdout=quiet, stderr=quiet)
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
