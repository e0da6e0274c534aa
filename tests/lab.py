"""A real lab for tests: hub and one node as processes, real videos, an open formal sitting."""

import sqlite3
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from hub.rehearsal import programs
from hub.rehearsal.cast import Cast, CastPerson, make_cast
from hub.rehearsal.clips import Picture
from hub.rehearsal.preparing import (
    Folders,
    add_admin,
    invite_nodes,
    make_exam,
    open_formal_sitting,
)
from hub.rehearsal.programs import Program
from shared.kit.ids import new_id
from shared.rules.rubric import Role

PICTURE = Picture((4.0, 5.0), 320, 240, 10)
ADMIN, ADMIN_PASSWORD = "city", "city-of-tests"
PATIENCE_S = 30.0


@dataclass(slots=True)
class Lab:
    """One district with three markers and a leader; a work goes to any three of them."""

    folders: Folders
    cast: Cast
    hub: Program
    node: Program

    @property
    def url(self) -> str:
        return self.node.url

    @property
    def markers(self) -> tuple[CastPerson, ...]:
        return self.cast.people_of(Role.MARKER)

    @property
    def leader(self) -> CastPerson:
        return self.cast.people_of(Role.LEADER)[0]

    @property
    def lead(self) -> CastPerson:
        return self.cast.people_of(Role.LEAD)[0]

    def stop_node(self) -> None:
        self.node.stop()

    def kill_node(self) -> None:
        """As a power cut does: it gets no chance to put anything in order."""
        self.node.process.kill()
        self.node.process.wait()
        self.node.log.close()

    def start_node(self) -> None:
        """Again on the same port and data."""
        self.node = programs.start_node("节点", self.node.data, _port(self.node))
        self.node.wait_until_up()

    def stop_hub(self) -> None:
        self.hub.stop()

    def start_hub(self) -> None:
        self.hub = programs.start_hub(self.hub.data, _port(self.hub))
        self.hub.wait_until_up()

    def standings_at_the_city(self, task_id: int) -> list[str]:
        """Of every mark that the city holds for a task; a mark that came once is ["counted"]."""
        with closing(sqlite3.connect(self.hub.data / "hub.db")) as db:
            query = "SELECT standing FROM mark WHERE task_id = ?"
            return [row[0] for row in db.execute(query, (task_id,))]

    def client(self, person: CastPerson) -> httpx.Client:
        """Signed in over HTTP, as a browser would be."""
        client = httpx.Client(base_url=self.url, timeout=20)
        answer = client.post("/", data={"phone": person.phone, "password": person.password})
        if answer.status_code != 303:
            client.close()
            raise AssertionError(f"{person.phone} could not sign in: {answer.text[:300]}")
        return client

    def dispute(self, criteria: Collection[str]) -> tuple[CastPerson, str]:
        """Two markers differ on these criteria of a work; who got it for round 3, and its code."""
        clients = {person: self.client(person) for person in self.markers}
        try:
            _finish_third_marks(clients)
            first, second, code = self._common_work(clients)
            levels = {c: 2 for c in first["criteria"]}
            _give(clients, first, levels)
            _give(clients, second, {c: 1 if c in criteria else n for c, n in levels.items()})
            return self._holder_of(clients, code, 3), code
        finally:
            for client in clients.values():
                client.close()

    def _common_work(
        self, clients: dict[CastPerson, httpx.Client]
    ) -> tuple[dict[str, Any], dict[str, Any], str]:
        seen: dict[str, dict[str, Any]] = {}
        for person, client in clients.items():
            for task in open_tasks(client):
                task["person"] = person
                if (other := seen.get(task["performance"])) is not None:
                    return other, task, task["performance"]
                if task["round"] < 3:
                    seen[task["performance"]] = task
        raise AssertionError("no work is open for two markers any more")

    def _holder_of(
        self, clients: dict[CastPerson, httpx.Client], code: str, round: int
    ) -> CastPerson:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for person, client in clients.items():
                for task in open_tasks(client):
                    if (task["performance"], task["round"]) == (code, round):
                        return person
            time.sleep(0.1)
        raise AssertionError(f"round {round} of {code} reached nobody")


def _port(program: Program) -> int:
    return int(program.url.rsplit(":", 1)[1])


def _finish_third_marks(clients: dict[CastPerson, httpx.Client]) -> None:
    """What earlier marks led to, so that the next third mark is the only one."""
    for person, client in clients.items():
        for task in open_tasks(client):
            if task["round"] == 3:
                _give(clients, task | {"person": person}, {c: 2 for c in task["criteria"]})


def open_tasks(client: httpx.Client) -> list[dict[str, Any]]:
    groups = client.get("/api/me").json()["groups"]
    return [
        task
        for group in groups
        for task in client.get("/api/tasks", params={"group": group["id"], "limit": 10}).json()[
            "tasks"
        ]
    ]


def _give(
    clients: dict[CastPerson, httpx.Client], task: dict[str, Any], levels: dict[str, int]
) -> None:
    answer = clients[task["person"]].post(
        "/api/marks",
        json={
            "event_id": new_id(datetime.now(UTC)),
            "task_id": task["id"],
            "gen": task["gen"],
            "levels": levels,
            "spent_ms": 1000,
            "heard_percent": 100,
        },
    )
    answer.raise_for_status()


def build_lab(root: Path, works: int = 24, markers: int = 3, command: Sequence[str] = ()) -> Lab:
    """`command`: another program than the source's node, with its --data."""
    folders = Folders(root)
    cast = make_cast(labs=1, markers=markers, works=works, seed=7)
    # Everything of interest in tests is said by the tests themselves.
    cast = replace(
        cast,
        works=tuple(replace(work, exception=None) for work in cast.works),
        references=(),
        settings=cast.settings | {"复评比例": 0},
    )
    make_exam(folders, cast, PICTURE)
    open_formal_sitting(folders, cast)
    add_admin(folders, ADMIN, ADMIN_PASSWORD)
    [code] = invite_nodes(folders, cast.labs).values()
    hub = programs.start_hub(folders.hub, programs.free_port())
    hub.wait_until_up()
    data = folders.node("一号 机房")
    own = command or (*programs.command_of("node"), "--data", str(data))
    programs.run_command([*own, "enrol", "--hub", hub.url, "--code", code])
    lab = Lab(folders, cast, hub, programs.start_node("节点", data, programs.free_port(), command))
    try:
        lab.node.wait_until_up()
        _wait_for_roll(lab)
        _wait_for_videos(lab)
    except BaseException:
        lab.stop_node()
        lab.stop_hub()
        raise
    return lab


def _wait_for_roll(lab: Lab) -> None:
    """It comes with the first answer of the hub."""
    deadline = time.monotonic() + PATIENCE_S
    while not httpx.get(f"{lab.url}/health", timeout=20).json()["is_connected"]:
        assert time.monotonic() < deadline, "the node did not reach its hub"
        time.sleep(0.05)


def _wait_for_videos(lab: Lab) -> None:
    deadline = time.monotonic() + PATIENCE_S
    with closing(lab.client(lab.markers[0])) as client:
        while time.monotonic() < deadline:
            tasks = open_tasks(client)
            if tasks and all(task["video"]["is_ready"] for task in tasks):
                return
            time.sleep(0.2)
    raise AssertionError("the node did not fetch its videos")
