"""The node's videos beside nginx and beside other ways to serve the same files, all in one run."""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from statistics import median
from threading import Thread

import httpx

from benchmarks.programs import (
    BARE,
    PLAYERS,
    Measured,
    Program,
    Site,
    bare,
    build,
    cpu_s,
    measure,
    nginx,
    our_node,
)
from benchmarks.streams import Load, play

MIB = 1 << 20
PLAYER_MBIT = 4.0
PORT = 18610
PEER, NODE = "nginx", "node"
LOADS = [
    (clients, span, f"{clients} clients, {name}")
    for clients in (30, 80)
    for span, name in ((MIB, "1 MiB ranges"), (0, "whole files"))
]


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--seconds", type=float, default=1.5, help="of each turn")
    wanted.add_argument("--rounds", type=int, default=9)
    wanted.add_argument("--clips", type=int, default=40)
    wanted.add_argument("--mib", type=int, default=8)
    wanted.add_argument("--all", action="store_true", help="other ways from Python as well")
    asked = wanted.parse_args()
    if shutil.which("nginx") is None:
        sys.exit("nginx is needed: apt-get install nginx-light")
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        site = build(Path(name) / "node", asked.clips, asked.mib * MIB)
        ways = [nginx(site, PORT), our_node(site, PORT + 1)]
        if asked.all:
            ways.append(our_node(_second(site), PORT + 2, with_threads=True))
            ways += [bare(site, PORT + 3 + n, name) for n, name in enumerate(BARE)]
        programs = [running.enter_context(way) for way in ways]
        _first_view(programs[1], site)
        programs = [program for program in programs if _is_right(program, site)]
        for clients, span, title in LOADS:
            _compare(title, programs, Load([], clients, site.size, span), asked)
        for program in programs:
            if program.name.startswith(NODE):
                _waiting(program, site.size)


def _second(site: Site) -> Site:
    """Two programs never share a data folder."""
    folder = site.folder.with_name("second")
    shutil.copytree(site.folder, folder, ignore=shutil.ignore_patterns("nginx"))
    return Site(folder, site.cookies, site.clips, site.size)


def _is_right(program: Program, site: Site) -> bool:
    """What sends other bytes than those asked for is not measured."""
    stream, span = program.streams[0], slice(1_000_003, 1_200_000)
    headers = {"Cookie": stream.cookie} if stream.cookie else {}
    asked = headers | {"Range": f"bytes={span.start}-{span.stop - 1}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{program.port}") as client:
        whole = client.get(stream.path, headers=headers).content
        part = client.get(stream.path, headers=asked)
    is_right = sha256(whole).hexdigest() in {clip.stem for clip in site.clips}
    is_right = is_right and (part.status_code, part.content) == (206, whole[span])
    if not is_right:
        print(f"{program.name}: sends wrong bytes, and is left out")
    return is_right


def _open_all(program: Program) -> None:
    """What costs more the first time, as the node's look at the whole file, has been done."""
    with httpx.Client(base_url=f"http://127.0.0.1:{program.port}") as client:
        for stream in program.streams:
            headers = {"Cookie": stream.cookie} if stream.cookie else {}
            client.get(stream.path, headers=headers | {"Range": "bytes=0-0"})


def _first_view(ours: Program, site: Site) -> None:
    """Every ten minutes at most, the node compares a clip that is watched with its hash."""
    before = cpu_s(ours.pids)
    _open_all(ours)
    spent = (cpu_s(ours.pids) - before) / (len(site.clips) * site.size / 1e9)
    print(f"{ours.name}: the look at a whole clip before its first byte goes: {spent:.2f} CPU s/GB")


def _compare(
    title: str, programs: Sequence[Program], load: Load, asked: argparse.Namespace
) -> None:
    """In turn, forth and back: the machine is shared, and what it does meanwhile hits all alike."""
    found: dict[str, list[Measured]] = {program.name: [] for program in programs}
    for turn in range(asked.rounds):
        for program in programs[:: -1 if turn % 2 else 1]:
            _open_all(program)
            own = Load(program.streams, load.clients, load.size, load.span)
            found[program.name].append(measure(program, own, asked.seconds))
    print(title)
    peer = [run.cpu_s_per_gb for run in found[PEER]]
    for name, runs in found.items():
        costs = [run.cpu_s_per_gb for run in runs]
        # Round by round, since a round is done in one breath.
        shares = sorted(theirs / ours for theirs, ours in zip(peer, costs, strict=True))
        print(
            f"  {name:25} {median(run.bytes_per_s for run in runs) / 1e9:6.2f} GB/s"
            f"  {median(costs):.3f} CPU s/GB:  {median(shares):4.0%} of nginx for each CPU second"
            f" ({shares[0]:.0%} to {shares[-1]:.0%})"
        )


def _waiting(ours: Program, size: int, seconds: float = 12) -> None:
    """What an API request takes while 80 players stream."""
    load = Load(ours.streams, PLAYERS, size, MIB)
    players = Thread(target=play, args=(load, PLAYER_MBIT, seconds))
    before, began = cpu_s(ours.pids), time.monotonic()
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
    share = (cpu_s(ours.pids) - before) / (time.monotonic() - began)
    taken.sort()
    print(
        f"{ours.name}, {PLAYERS} players at {PLAYER_MBIT:g} Mbit/s: an API request takes p50"
        f" {taken[len(taken) // 2]:.1f} ms, p95 {taken[int(len(taken) * 0.95)]:.1f} ms,"
        f" slowest {taken[-1]:.1f} ms; the node uses {share:.0%} of a core"
    )


if __name__ == "__main__":
    main()
