"""What handing in marks costs, with all of the protocol, beside a bare POST of the same rows, and
beside the writing of no more than the rows that the hub has to have in the end.

Run: python -m benchmarks.sync [--marks 20000]

Many marks at once (a lab comes back after a day without a line), then ten more (all is well). Both
ends run in this process, whose clock counts the processor time of both.
"""

import argparse
import asyncio
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import uvicorn

import node.schema
from benchmarks.city import City, build
from benchmarks.floor import Bare, post, rows_alone
from hub.app import create_app
from hub.media.shelf import path_of
from hub.rehearsal import programs
from hub.settings import HubSettings
from hub.store import loads
from hub.work.enrol_node import invite
from node.settings import NodeSettings
from node.store import marks, meta, outbox, tasks
from node.uplink.client import HubClient, Identity
from node.uplink.http import make_http
from node.uplink.meet import Meeting, Program
from node.uplink.pull import Puller
from node.uplink.push import Pusher
from node.uplink.state import LinkState
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from node.work.give_mark import Answer, give_mark
from shared import __version__
from shared.kit.clock import now
from shared.kit.ids import new_id
from shared.kit.store import Store
from shared.rules.policy import Policy
from shared.rules.rubric import from_mask
from shared.wire.messages import PushAnswer, PushRequest

TRUTH = 0.887
"""How often a mark is the true level: two marks are then equal in 79 % of criteria."""
FEW = 10


@dataclass(frozen=True, slots=True)
class Cost:
    wall_s: float
    cpu_s: float
    """Of both ends together."""
    requests: int
    bytes: int

    def __str__(self) -> str:
        return (
            f"{self.wall_s:.2f} s, {self.cpu_s:.2f} s of processor,"
            f" {self.requests} requests, {self.bytes / 1000:,.0f} kB"
        )


class Counting(HubClient):
    """The product's client, with a meter."""

    requests = 0
    bytes = 0

    async def push(self, request: PushRequest) -> PushAnswer:
        answer = await super().push(request)
        self.requests, self.bytes = self.requests + 1, self.bytes + self.last.bytes
        return answer


class Lab:
    """One node's store, and the product's own uplink to the hub, step by step."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.settings = NodeSettings(folder, disk_reserve_bytes=0)
        self.store = Store(self.settings.database, node.schema.migrations)
        self.cache = Cache(self.settings.cache, 0)
        self.uplink = Uplink(self.store, self.cache, self.settings, __version__)
        self.rng = random.Random(seed)

    async def pull_everything(self, client: HubClient, state: LinkState) -> None:
        puller = Puller(self.store, self.cache, client, state, Program(__version__, "boot"))
        while (await puller.once(0))[0].more:
            pass

    def client(self) -> Counting:
        with self.store.reading() as db:
            link = meta.link(db)
        if link is None:
            raise LookupError("the node is not enrolled")
        identity = Identity(link.node_id, link.secret)
        return Counting(make_http(link.hub_url), identity, LinkState().clock)

    def mark(self, most: int) -> int:
        """So many of the open tasks; how many there were."""
        with self.store.writing() as db:
            ids = [row["id"] for row in db["task"].rows_where("state = 'open'", limit=most)]
            found = [tasks.task(db, id) for id in ids]
            for task in found:
                if task is not None:
                    give_mark(db, task.account_id, self.answer(task), now())
        return len(found)

    def revise(self, most: int) -> None:
        with self.store.writing() as db:
            for given in marks.own(db)[-most:]:
                task = tasks.task(db, given.task_id)
                if task is not None:
                    answer = self.answer(task, revises=given.event_id)
                    give_mark(db, task.account_id, answer, now())

    def answer(self, task: tasks.Task, revises: str = "") -> Answer:
        right = sum(map(ord, task.performance)) % 4
        return Answer(
            event_id=new_id(now()),
            task_id=task.id,
            gen=task.gen,
            levels={c: self._level(right) for c in from_mask(task.criteria)},
            exception=None,
            comment="",
            revises=revises,
            spent_ms=60_000,
            heard_percent=100,
        )

    def _level(self, right: int) -> int:
        return right if self.rng.random() < TRUTH else self.rng.randrange(4)


def hub_of(folder: Path, city: City, policy: Policy) -> HubSettings:
    """Allocated, with a short file for every video."""
    settings = HubSettings(folder)
    store = build(folder, city, policy)
    with store.writing() as db:
        for number in range(1, city.works + 1):
            content = str(number).encode()
            name = sha256(content).hexdigest()
            db.conn.execute("UPDATE video SET bytes = ? WHERE id = ?", (len(content), number))
            path_of(settings.shelf, name).parent.mkdir(parents=True, exist_ok=True)
            path_of(settings.shelf, name).write_bytes(content)
    store.close()
    return settings


@contextmanager
def served(app: Any) -> Iterator[str]:
    """In a thread of this process, so that its clock counts the processor time of both ends."""
    port = programs.free_port()
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True, slots=True)
class HandedIn:
    many: Cost
    rows: int
    """That the hub wrote for the many, and what writing them alone takes."""
    rows_cpu_s: float
    few: Cost
    by_round: dict[int, int]
    """The hub's tasks in the end."""


async def hand_in(folder: Path, wanted: int) -> HandedIn:
    """Many marks, then ten."""
    city = City(works=wanted // 2, markers=200, districts=1)
    policy = Policy(home_district="allow", placement="together")
    app = create_app(hub_of(folder / "hub", city, policy), with_jobs=False)
    with served(app) as url:
        lab = Lab(folder / "node", 1)
        with app.state.store.writing() as db:
            code = invite(db, "机房", 1, now())
        await lab.uplink.enrol(url, code)
        client, state = lab.client(), LinkState()
        program = Program(__version__, "boot")
        await Meeting(lab.store, client, state, program).meet()
        await lab.pull_everything(client, state)
        given = lab.mark(wanted)
        pusher = Pusher(lab.store, client, state)
        app.state.store.backup(folder / "before.db")
        many = await _drained(lab, client, pusher, given)
        app.state.store.backup(folder / "after.db")
        lab.revise(FEW)
        few = await _drained(lab, client, pusher, FEW)
        with app.state.store.reading() as db:
            by_round = {number: load.total for number, load in loads.by_round(db, 1).items()}
        lab.store.close()
    rows, rows_cpu_s = rows_alone(folder / "before.db", folder / "after.db", many.requests)
    return HandedIn(many, rows, rows_cpu_s, few, by_round)


async def _drained(lab: Lab, client: Counting, pusher: Pusher, events: int) -> Cost:
    requests, size = client.requests, client.bytes
    wall, cpu = time.perf_counter(), time.process_time()
    sent = await pusher.drain()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with lab.store.reading() as db:
        if sent != events or outbox.pending_count(db):
            raise RuntimeError(f"{sent} of {events} went")
    return Cost(wall, cpu, client.requests - requests, client.bytes - size)


def floor(folder: Path, rows: int) -> Cost:
    rng = random.Random(1)
    given = [
        (f"{n:032x}", n, n % 200, 1, f"{rng.randrange(4)}33321", "", 60_000, 100, "2023-04-13")
        for n in range(rows)
    ]
    with served(Bare(folder / "floor.db")) as url:
        return Cost(*post(url, given))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--marks", type=int, default=20_000)
    wanted = options.parse_args().marks
    with tempfile.TemporaryDirectory() as folder:
        bare = floor(Path(folder), wanted)
        found = asyncio.run(hand_in(Path(folder), wanted))
    print(f"floor, {wanted:,} rows: {bare}")
    print(f"{wanted:,} marks: {found.many}")
    print(f"  tasks by round {found.by_round}")
    print(f"  processor {found.many.cpu_s / bare.cpu_s:.1f} × the floor's")
    print(
        f"  the {found.rows:,} rows of marks, events, slots, tasks, outcomes and feed alone:"
        f" {found.rows_cpu_s:.2f} s of processor, {found.rows_cpu_s / bare.cpu_s:.1f} × the floor's"
    )
    print(f"{FEW} marks more: {found.few}")


if __name__ == "__main__":
    main()
