"""80 simulated markers on one node while 80 streams play: submitting a mark, and the next task.

Beside it, from the same run: one marker alone, and what the disk takes to make a line durable.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Thread

import httpx

import node.schema
from benchmarks.programs import PLAYERS, Program, Site, build, cpu_s, our_node
from benchmarks.streams import Load, play
from node.store import tasks, videos
from shared.kit.clock import now
from shared.kit.ids import new_id
from shared.kit.listening import bind
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA
from tests.makers import SONG, a_task_card

MIB = 1 << 20
STREAM_MBIT = 4.0
SUBMIT_MS_MAX, NEXT_MS_MAX = 100.0, 150.0
ALONE = 20
OWN_TASKS_FROM = 1000
TRIES = 200


@dataclass(slots=True)
class Taken:
    """Milliseconds of every request, and the marks that the node said are saved."""

    submit: list[float] = field(default_factory=list)
    next: list[float] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Wish:
    markers: int = PLAYERS
    marks: int = 20
    """By each of them."""
    pause_s: float = 3.0
    """Between two marks, on average. In a lab it is about 90 s."""
    clips: int = 40
    mib: int = 4


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--marks", type=int, default=Wish.marks)
    wanted.add_argument("--pause", type=float, default=Wish.pause_s, help="seconds between marks")
    asked = wanted.parse_args()
    wish = Wish(marks=asked.marks, pause_s=asked.pause)
    with tempfile.TemporaryDirectory() as name, a_marked_node(Path(name), wish) as (site, program):
        alone = asyncio.run(mark_all(program, site.cookies[:1], ALONE, 0.02))
        _tell("one marker alone", alone, alone)
        before, began = cpu_s(program.pids), time.monotonic()
        with streams_playing(program, site.size, wish.marks * wish.pause_s + 2):
            taken = asyncio.run(
                mark_all(program, site.cookies, wish.marks, wish.pause_s, skip=ALONE)
            )
        share = (cpu_s(program.pids) - before) / (time.monotonic() - began)
        _tell(f"{wish.markers} markers, {PLAYERS} streams of {STREAM_MBIT:g} Mbit/s", taken, alone)
        print(f"  the node uses {share:.0%} of a core; a line durable on this disk:", _disk(site))
        print(f"  wanted: submit p95 <= {SUBMIT_MS_MAX:g} ms, next task p95 <= {NEXT_MS_MAX:g} ms")
        lost = {*alone.saved, *taken.saved} - set(marks_of(site))
        print(f"  marks saved: {len(marks_of(site))}, lost: {len(lost)}")


@contextmanager
def a_marked_node(folder: Path, wish: Wish) -> Iterator[tuple[Site, Program]]:
    """A node as its own process; every marker has tasks enough."""
    site = build(folder / "node", wish.clips, wish.mib * MIB)
    store = Store(site.folder / "node.db", node.schema.migrations)
    with store.writing() as db:
        clips = videos.ready(db)
        for number in range(wish.markers * (wish.marks + ALONE + 4)):
            account = number % wish.markers + 1
            video = tasks.task(db, account)
            assert video is not None
            card = a_task_card(OWN_TASKS_FROM + number, account_id=account)
            held = next(c for c in clips if c.sha256 == video.video_sha256)
            card.video.sha256, card.video.bytes = held.sha256, held.bytes
            tasks.put(db, card, now())
    store.close()
    with bind("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
    with our_node(site, port) as program:
        yield site, program


async def mark_all(
    program: Program, cookies: Sequence[str], marks: int, pause_s: float, skip: int = 0
) -> Taken:
    """All at once, each at a pace of its own."""
    taken = Taken()
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{program.port}",
        timeout=60,
        # A connection that the node is about to give up (after 5 s) is not used again; a browser
        # would try once more by itself.
        limits=httpx.Limits(
            max_connections=None, max_keepalive_connections=None, keepalive_expiry=1
        ),
    ) as client:
        plays = (
            _mark(client, cookie, number, marks, pause_s, taken)
            for number, cookie in enumerate(cookies, skip)
        )
        await asyncio.gather(*plays)
    return taken


async def _mark(
    client: httpx.AsyncClient, cookie: str, seed: int, marks: int, pause_s: float, taken: Taken
) -> None:
    chance, headers = Random(seed), {"Cookie": cookie}
    await asyncio.sleep(chance.uniform(0, pause_s))
    for _ in range(marks):
        began = time.perf_counter()
        answer = await client.get(f"/api/tasks?group={SONG}&limit=4", headers=headers)
        taken.next.append((time.perf_counter() - began) * 1000)
        # The first one is being watched: the players stream it.
        task = answer.raise_for_status().json()["tasks"][1]
        body = _mark_of(task, chance)
        began = time.perf_counter()
        answer = await client.post("/api/marks", json=body, headers=headers)
        taken.submit.append((time.perf_counter() - began) * 1000)
        taken.saved.append(answer.raise_for_status().json()["event_id"])
        await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_s)


def _mark_of(task: dict[str, int], chance: Random) -> dict[str, object]:
    return {
        "event_id": new_id(now()),
        "task_id": task["id"],
        "gen": task["gen"],
        "levels": {criterion.value: chance.randrange(4) for criterion in CRITERIA},
        "spent_ms": 60_000,
        "heard_percent": 100,
    }


@contextmanager
def streams_playing(program: Program, size: int, seconds: float) -> Iterator[None]:
    load = Load(program.streams, PLAYERS, size, MIB)
    players = Thread(target=play, args=(load, STREAM_MBIT, seconds))
    players.start()
    yield
    players.join()


def marks_of(site: Site) -> list[str]:
    """The event_id of every mark on the node's disk."""
    store = Store(site.folder / "node.db", node.schema.migrations)
    with store.reading() as db:
        found = [row["event_id"] for row in db.conn.execute("SELECT event_id FROM mark")]
    store.close()
    return found


def _disk(site: Site) -> str:
    path, taken = site.folder / "durable", []
    with path.open("wb", buffering=0) as file:
        for _ in range(TRIES):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return f"p50 {at(taken, 0.5):.1f} ms, p95 {at(taken, 0.95):.1f} ms"


def at(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _tell(title: str, taken: Taken, alone: Taken) -> None:
    print(title)
    for name in ("submit", "next"):
        values, floor = getattr(taken, name), at(getattr(alone, name), 0.5)
        print(
            f"  {name:6} p50 {at(values, 0.5):6.1f} ms, p95 {at(values, 0.95):6.1f} ms,"
            f" slowest {max(values):6.1f} ms   p95 is {at(values, 0.95) / floor:.1f} x one alone"
        )


if __name__ == "__main__":
    main()
