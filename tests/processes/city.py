"""A real city on this machine: a hub and nodes as processes, which can be killed and healed."""

import asyncio
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import hub.schema
import node.schema
from hub.media.shelf import path_of
from hub.rehearsal import programs
from hub.rehearsal.books import Books, close_books
from hub.rehearsal.programs import Program
from hub.schema import EVERY_DISTRICT
from hub.settings import HubSettings
from hub.store import accounts, feed, mark_history, nodes, outcomes
from hub.store import exam as hub_exam
from hub.work.allocate import allocate
from hub.work.back_up import back_up
from hub.work.enrol_node import invite
from hub.work.sittings import prepare
from node.settings import NodeSettings
from node.store import marks, outbox
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from shared import __version__
from shared.kit.clock import now
from shared.kit.store import Store, is_whole, reading_beside
from shared.rules.policy import Policy
from shared.wire import digest
from tests.hub.makers import ADMIN, a_hub
from tests.link.wires import HUB_ADDRESS, Wire, inside
from tests.processes.teachers import Diary, Teacher, end

GROUPS = 2
HEAL_S = 180.0
HUB = "hub"


@dataclass
class City:
    folder: Path
    works: int
    """Performances in all."""
    seed: int
    districts: int
    wire: Wire | None = None
    """The hub is at one end of it, the nodes with their browsers at the other."""
    places: dict[str, Path] = field(default_factory=dict)
    """The data folder of each program: "hub", "node1", "node2" …"""
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, Program] = field(default_factory=dict)
    diary: Diary = field(default_factory=Diary)
    teachers: list[Teacher] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [*self.places]

    @property
    def hub_db(self) -> Path:
        return self.places[HUB] / "hub.db"

    def start(self, name: str, *, wait: bool = True) -> None:
        data, port = self.places[name], self.ports[name]
        with self.at(name):
            if name == HUB:
                host = HUB_ADDRESS if self.wire else "127.0.0.1"
                self.running[name] = programs.start_hub(data, port, host=host)
            else:
                self.running[name] = programs.start_node(name, data, port)
            if wait:
                self.running[name].wait_until_up()

    def at(self, name: str) -> AbstractContextManager[None]:
        """This thread's sockets are where this program's are."""
        if self.wire is None:
            return nullcontext()
        return inside(self.wire.hub if name == HUB else self.wire.node)

    def kill(self, name: str) -> None:
        """As a power cut does, except that the disk keeps what it was told."""
        program = self.running.pop(name)
        program.process.kill()
        program.process.wait()
        program.log.close()

    def stop(self, name: str) -> None:
        self.running.pop(name).stop()

    def pause(self, name: str) -> None:
        self.running[name].process.send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        self.running[name].process.send_signal(signal.SIGCONT)

    def heal(self) -> None:
        """Everything runs, also what died while it was starting."""
        for name in self.names:
            if name in self.running and self.running[name].process.poll() is not None:
                self.kill(name)
            if name not in self.running:
                self.start(name)
            with self.at(name):
                self.running[name].wait_until_up()

    def teach(self, pause_s: float = 0.0) -> None:
        """The teachers begin, or go on at this pace."""
        if not self.teachers:
            with reading_beside(self.hub_db) as db:
                people = [a for a in accounts.everyone(db) if a.state == "active"]
            for person in people:
                name, seed = f"node{person.district_id}", f"{self.seed}:{person.phone}"
                url = f"http://127.0.0.1:{self.ports[name]}"
                teacher = Teacher(person.phone, url, self.diary, seed, self.at(name))
                self.teachers.append(teacher)
            for teacher in self.teachers:
                teacher.pause_s = pause_s
                teacher.start()
        for teacher in self.teachers:
            teacher.pause_s = pause_s

    def until_saved(self, more: int) -> None:
        """So many marks more have been confirmed to browsers."""
        goal = len(self.diary.saved) + more
        until(lambda: len(self.diary.saved) >= goal, f"{more} more marks")

    def until_marked(self) -> None:
        """Every performance is settled, all is reported and compared, and nobody waits."""
        self.teach()
        until(lambda: self._settled() == self.works, "everything is settled", self.state)
        end(self.teachers)
        until(lambda: not any(map(self.pending, self._nodes())), "all is reported", self.state)

    def close_the_books(self) -> Books:
        """Everything ends in order; then what the files say is compared with the diary."""
        for name in [*self.running]:
            self.stop(name)
        assert is_whole(self.hub_db)
        store = Store(self.hub_db, hub.schema.migrations)
        with store.reading() as db:
            books = close_books(db, self.works, [*self.diary.attempted])
            confirmed = close_books(db, self.works, self.diary.saved)
            known = {n.id: mark_history.ids_of_node(db, n.id) for n in nodes.all_nodes(db)}
        store.close()
        assert confirmed.lost == 0, f"{confirmed.lost} confirmed marks are not on the hub"
        assert books.duplicated == 0 and books.unknown == 0, books
        assert books.open == 0 and not books.findings, books
        assert self.diary.oddities == []
        for number, name in enumerate(self._nodes(), 1):
            assert is_whole(self.places[name] / "node.db")
            with reading_beside(self.places[name] / "node.db") as db:
                held = marks.confirmed(db)
            assert digest.piles(held) == digest.piles(known[number]), f"{name} and hub differ"
        return confirmed

    def back_up(self) -> Path:
        """While the hub does not run."""
        store = Store(self.hub_db, hub.schema.migrations)
        try:
            return back_up(store, HubSettings(self.places[HUB]), now())
        finally:
            store.close()

    def set_aside(self, name: str) -> Path:
        """A copy of the data folder as it is now, while its program does not run."""
        copy = self.folder / f"{name}-earlier"
        shutil.copytree(self.places[name], copy)
        return copy

    def turn_back(self, name: str, copy: Path) -> None:
        shutil.rmtree(self.places[name])
        copy.rename(self.places[name])

    def pending(self, name: str) -> int:
        with reading_beside(self.places[name] / "node.db") as db:
            return outbox.pending_count(db)

    def state(self) -> str:
        pending = {name: self.pending(name) for name in self._nodes()}
        return f"settled {self._settled()} of {self.works}, pending {pending}"

    def _settled(self) -> int:
        with reading_beside(self.hub_db) as db:
            states = outcomes.count_by_state(db, 1)
        return states.get("settled", 0) + states.get("exception", 0)

    def _nodes(self) -> list[str]:
        return [name for name in self.names if name != HUB]


def until(
    true: Callable[[], bool], what: str, state: Callable[[], str] = str, within_s: float = HEAL_S
) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"it never came to this: {what}; {state()}"
        time.sleep(0.1)


@contextmanager
def a_city(
    folder: Path,
    seed: int,
    *,
    works: int = 40,
    districts: int = 2,
    elsewhere: Mapping[str, Path] | None = None,
    wire: Wire | None = None,
) -> Iterator[City]:
    """Rounds 1 and 2 are allocated, both nodes enrolled; whatever runs at the end is ended.

    `elsewhere`: programs whose data folder is on another disk.
    """
    city = City(folder, works, seed, districts, wire)
    for name in (HUB, *(f"node{number}" for number in range(1, districts + 1))):
        city.places[name] = (elsewhere or {}).get(name, folder) / name
        city.ports[name] = programs.free_port()
    codes = _prepare(city)
    try:
        city.start(HUB)
        for number, code in codes.items():
            data, url = city.places[f"node{number}"], city.running[HUB].url
            data.mkdir(parents=True, exist_ok=True)
            (data / "node.toml").write_text("disk_reserve_bytes = 0\n", "utf-8")
            with city.at(f"node{number}"):
                asyncio.run(_enrol(data, url, code))
            city.start(f"node{number}", wait=False)
        city.heal()
        yield city
    except BaseException:
        print(f"seed {seed}")
        raise
    finally:
        for teacher in city.teachers:
            teacher.is_over.set()
        for program in city.running.values():
            program.process.kill()
            program.process.wait()
            program.log.close()


async def _enrol(data: Path, url: str, code: str) -> None:
    settings = NodeSettings(data)
    store = Store(settings.database, node.schema.migrations)
    await Uplink(store, Cache(settings.cache, 0), settings, __version__).enrol(url, code)
    store.close()


def _prepare(city: City) -> dict[int, str]:
    """The codes of the districts' nodes."""
    settings = HubSettings(city.places[HUB])
    policy = Policy(home_district="allow", first_sign_in="keep")
    each = city.works // (city.districts * GROUPS)
    assert each * city.districts * GROUPS == city.works
    store = a_hub(settings.data, districts=city.districts, markers=3, works=each, policy=policy)
    chance = random.Random(city.seed)
    with store.writing() as db:
        for table in ("heartbeat", "holding", "node"):
            db.table(table).delete_where()
        for number in range(1, city.works + 1):
            content = chance.randbytes(1_000)
            name = sha256(content).hexdigest()
            path_of(settings.shelf, name).parent.mkdir(parents=True, exist_ok=True)
            path_of(settings.shelf, name).write_bytes(content)
            db.conn.execute("UPDATE video SET sha256 = ? WHERE id = ?", (name, number))
        # The import would have written these.
        feed.append(db, EVERY_DISTRICT, "exam", 1)
        for group in hub_exam.groups(db):
            feed.append(db, EVERY_DISTRICT, "group", group.id)
        for account in accounts.everyone(db):
            feed.append(db, account.district_id, "account", account.id)
        sitting = prepare(db, "formal", ADMIN, now())
        allocate(db, sitting.id, ADMIN, now())
        labs = range(1, city.districts + 1)
        codes = {number: invite(db, f"第{number}区机房", number, now()) for number in labs}
    store.close()
    return codes
