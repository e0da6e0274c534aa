"""A whole exam over the wire: one node, its markers, re-plays, rounds 3 and 4, all counted."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from hub.media.shelf import path_of
from hub.schema import EVERY_DISTRICT
from hub.store import accounts, events, feed, outcomes
from hub.store import exam as hub_exam
from hub.store.sittings import open_sitting
from hub.work.allocate import allocate
from hub.work.enrol_node import invite
from hub.work.sittings import prepare
from shared.kit.clock import now
from shared.kit.ids import new_id
from shared.kit.store import reading_beside
from shared.rules.policy import Policy
from tests.hub.makers import ADMIN, a_hub
from tests.link.wires import HUB_ADDRESS, Wire, inside

HUB_PORT, NODE_PORT = 8600, 8080
HUB_URL, NODE_URL = f"http://{HUB_ADDRESS}:{HUB_PORT}", f"http://127.0.0.1:{NODE_PORT}"
RANGE_BYTES = 1 << 20
REPLAYED = 0.5
"""Every second clip is heard once more."""
TRUTH = 0.7
"""So often a marker gives the level that is right."""
PATIENCE_S = 120.0
DISTRICT = 1


@dataclass(frozen=True, slots=True)
class Size:
    works: int
    """In each of the two item groups."""
    video_bytes: int
    markers: int = 4


@dataclass(slots=True)
class Exam:
    """The running exam, and what its people did."""

    wire: Wire
    folder: Path
    size: Size
    chance: random.Random
    views: list[str] = field(default_factory=list)
    """The clip of every full view."""
    rounds: dict[int, int] = field(default_factory=dict)
    """Marks by round."""
    given: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Who gave which mark, as it was posted."""
    distinct_bytes: int = 0

    @property
    def hub_db(self) -> Path:
        return self.folder / "hub" / "hub.db"

    def mark_everything(self) -> None:
        """Until the city has an outcome for every performance."""
        with inside(self.wire.node):
            people = {phone: _sign_in(phone) for phone in _phones(self.hub_db)}
            deadline = time.monotonic() + PATIENCE_S
            while not self._is_settled():
                done = sum(self._mark_some(phone, pc) for phone, pc in people.items())
                if time.monotonic() > deadline:
                    raise AssertionError("the exam did not come to an end")
                if not done:
                    time.sleep(0.2)
            for pc in people.values():
                pc.close()

    def revise(self, count: int) -> list[float]:
        """So many marks are given once more; the seconds until the hub had each of them."""
        taken = []
        with inside(self.wire.node):
            for phone, before in self.given[-count:]:
                with closing(_sign_in(phone)) as pc:
                    event_id = new_id(now())
                    mark = {**before, "event_id": event_id, "revises": before["event_id"]}
                    began = time.monotonic()
                    if pc.post("/api/marks", json=mark).status_code == 409:
                        continue  # A later round has begun: nothing is left to say.
                    while not self._has(event_id):
                        if time.monotonic() - began > PATIENCE_S:
                            raise AssertionError("the mark never reached the hub")
                        time.sleep(0.02)
                    taken.append(time.monotonic() - began)
        return taken

    def _mark_some(self, phone: str, pc: httpx.Client) -> int:
        done = 0
        for group in pc.get("/api/me").json()["groups"]:
            asked = {"group": group["id"], "limit": 3}
            for task in pc.get("/api/tasks", params=asked).json()["tasks"]:
                if not task["video"]["is_ready"]:
                    continue
                for _ in range(1 + (self.chance.random() < REPLAYED)):
                    self._watch(pc, task["video"])
                done += self._give(phone, pc, task)
        return done

    def _watch(self, pc: httpx.Client, video: dict[str, Any]) -> None:
        digest = sha256()
        for start in range(0, video["bytes"], RANGE_BYTES):
            end = min(start + RANGE_BYTES, video["bytes"])
            asked = {"Range": f"bytes={start}-{end - 1}"}
            digest.update(pc.get(video["url"], headers=asked).raise_for_status().content)
        self.views.append(digest.hexdigest())

    def _give(self, phone: str, pc: httpx.Client, task: dict[str, Any]) -> int:
        right = sum(map(ord, task["performance"])) % 4
        mark = {
            "event_id": new_id(now()),
            "task_id": task["id"],
            "gen": task["gen"],
            "levels": {c: self._level(right) for c in task["criteria"]},
            "spent_ms": 60_000,
            "heard_percent": 100,
        }
        if pc.post("/api/marks", json=mark).status_code != 200:
            return 0
        self.given.append((phone, mark))
        self.rounds[task["round"]] = self.rounds.get(task["round"], 0) + 1
        return 1

    def _level(self, right: int) -> int:
        return right if self.chance.random() < TRUTH else self.chance.randrange(4)

    def _is_settled(self) -> bool:
        with reading_beside(self.hub_db) as db:
            sitting = open_sitting(db)
            if sitting is None:
                raise AssertionError("the sitting is not open")
            states = outcomes.count_by_state(db, sitting.id)
        return states.get("settled", 0) == 2 * self.size.works

    def _has(self, event_id: str) -> bool:
        with reading_beside(self.hub_db) as db:
            return events.known(db, event_id) is not None


@contextmanager
def an_exam(wire: Wire, folder: Path, size: Size, seed: int = 1) -> Iterator[Exam]:
    exam = Exam(wire, folder, size, random.Random(seed))
    code = _prepare(exam)
    with inside(wire.hub):
        hub = _start("hub", folder / "hub", "serve", HUB_ADDRESS, HUB_PORT)
    try:
        with inside(wire.node):
            _wait_for(HUB_URL)
            (folder / "node").mkdir()
            (folder / "node" / "node.toml").write_text("bandwidth_mbit = 0\n", "utf-8")
            enrol = ("--data", folder / "node", "enrol", "--hub", HUB_URL, "--code", code)
            subprocess.run([sys.executable, "-m", "node", *enrol], check=True, capture_output=True)
            node = _start("node", folder / "node", "run", "127.0.0.1", NODE_PORT)
            try:
                _wait_for(NODE_URL)
                yield exam
            finally:
                _end(node)
    finally:
        _end(hub)


def _prepare(exam: Exam) -> str:
    """One district, whose markers do everything; two works have the same recording."""
    size, data = exam.size, exam.folder / "hub"
    policy = Policy(home_district="only", placement="together", first_sign_in="keep")
    store = a_hub(data, districts=1, markers=size.markers, works=size.works, policy=policy)
    with store.writing() as db:
        for table in ("heartbeat", "node"):
            db.table(table).delete_where()
        for number in range(1, 2 * size.works + 1):
            content = random.Random(max(number, 2)).randbytes(size.video_bytes)
            name = sha256(content).hexdigest()
            path_of(data / "shelf", name).parent.mkdir(parents=True, exist_ok=True)
            path_of(data / "shelf", name).write_bytes(content)
            if number == 2:
                db.conn.execute("UPDATE performance SET video_id = 1 WHERE id = 2")
                continue
            db.conn.execute(
                "UPDATE video SET bytes = ?, sha256 = ? WHERE id = ?",
                (len(content), name, number),
            )
            exam.distinct_bytes += len(content)
        feed.append(db, EVERY_DISTRICT, "exam", 1)
        for group in hub_exam.groups(db):
            feed.append(db, EVERY_DISTRICT, "group", group.id)
        for account in accounts.everyone(db):
            feed.append(db, DISTRICT, "account", account.id)
        sitting = prepare(db, "formal", ADMIN, now())
        allocate(db, sitting.id, ADMIN, now())
        code = invite(db, "一号机房", DISTRICT, now())
    store.close()
    return code


def _phones(hub_db: Path) -> list[str]:
    with reading_beside(hub_db) as db:
        return [account.phone for account in accounts.everyone(db)]


def _sign_in(phone: str) -> httpx.Client:
    pc = httpx.Client(base_url=NODE_URL, timeout=60)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if pc.post("/", data={"phone": phone, "password": phone[-4:]}).status_code == 303:
            return pc
        # The account may still be on its way.
        if time.monotonic() > deadline:
            raise AssertionError(f"{phone} cannot sign in")
        time.sleep(0.5)


def _start(module: str, data: Path, verb: str, host: str, port: int) -> subprocess.Popen[bytes]:
    where = ("--host", host, "--port", str(port))
    command = [sys.executable, "-m", module, "--data", str(data), verb, *where]
    data.mkdir(exist_ok=True)
    with (data / "console.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not start")


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    program.wait(20)
