"""How long until a mark has become a round-3 task on another node, while many nodes are connected.

Run: python -m benchmarks.latency [--nodes 40] [--samples 40]

The hub is a process of its own; the nodes' stores and uplinks are the product's, in this process.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlite_utils import Database

import hub.schema
from benchmarks.city import City
from benchmarks.sync import Lab, hub_of
from hub.rehearsal import programs
from hub.settings import HubSettings
from hub.work.enrol_node import invite
from node.store import tasks
from node.work.give_mark import give_mark
from shared.kit.clock import now
from shared.kit.store import Store, reading_beside
from shared.rules.policy import Policy
from shared.rules.rubric import Criterion

PATIENCE_S = 300.0
LOOK_S = 0.005
REST_S = 0.3
"""Between two samples: the nodes wait at the hub again."""


async def latencies(folder: Path, nodes: int, samples: int) -> list[float]:
    """Seconds, in order."""
    city = City(works=max(samples, 4 * nodes), markers=4 * nodes, districts=nodes)
    settings = hub_of(folder / "hub", city, Policy())
    codes = _invite(settings, nodes)
    program = programs.start_hub(settings.data, programs.free_port())
    labs = [Lab(folder / f"node{number}", number) for number in range(1, nodes + 1)]
    try:
        program.wait_until_up()
        for lab, code in zip(labs, codes, strict=True):
            await lab.uplink.start()
            await lab.uplink.enrol(program.url, code)
        await _until(lambda: sum(_tasks(lab) for lab in labs) == 2 * city.works)
        taken = []
        for number in range(1, samples + 1):
            await _mark(settings, labs, number, 1, level=3)
            await asyncio.sleep(REST_S)
            taken.append(await _one(settings, labs, number))
        for lab in labs:
            await lab.uplink.stop()
            lab.store.close()
    finally:
        program.stop()
    return taken


def _invite(settings: HubSettings, nodes: int) -> list[str]:
    store = Store(settings.database, hub.schema.migrations)
    with store.writing() as db:
        codes = [invite(db, f"机房{number}", number, now()) for number in range(1, nodes + 1)]
    store.close()
    return codes


async def _one(settings: HubSettings, labs: list[Lab], number: int) -> float:
    """Round 2 contradicts round 1 in everything: from its submission to the task that follows."""
    began = time.perf_counter()
    await _mark(settings, labs, number, 2, level=0)
    found: list[tuple[int, int]] = []

    def is_there() -> bool:
        found[:] = found or _task(settings, number, 3)
        if not found:
            return False
        district, task_id = found[0]
        with labs[district - 1].store.reading() as db:
            return tasks.task(db, task_id) is not None

    await _until(is_there)
    return time.perf_counter() - began


async def _mark(
    settings: HubSettings, labs: list[Lab], number: int, round: int, level: int
) -> None:
    district, task_id = _task(settings, number, round)[0]
    lab = labs[district - 1]
    with lab.store.writing() as db:
        task = tasks.task(db, task_id)
        if task is None:
            raise LookupError(task_id)
        answer = replace(lab.answer(task), levels=dict.fromkeys(Criterion, level))
        give_mark(db, task.account_id, answer, now())
    lab.uplink.wake_push()


def _task(settings: HubSettings, performance: int, round: int) -> list[tuple[int, int]]:
    """The district and the task, where the hub has handed it out."""
    with reading_beside(settings.database) as db:
        return [
            (_district(db, row["account_id"]), row["id"])
            for row in db["task"].rows_where(
                "performance_id = ? AND round = ?", (performance, round)
            )
        ]


def _district(db: Database, account_id: int) -> int:
    return int(db["account"].get(account_id)["district_id"])  # type: ignore[union-attr]


def _tasks(lab: Lab) -> int:
    with lab.store.reading() as db:
        return db["task"].count


async def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(LOOK_S)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--nodes", type=int, default=40)
    options.add_argument("--samples", type=int, default=40)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        taken = sorted(asyncio.run(latencies(Path(folder), chosen.nodes, chosen.samples)))
    middle, high = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
    print(
        f"{chosen.nodes} nodes, {len(taken)} marks: a round-3 task after {middle:.2f} s (median),"
        f" {high:.2f} s (p95), {taken[-1]:.2f} s at most"
    )


if __name__ == "__main__":
    main()
