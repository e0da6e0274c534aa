"""A whole city in one process: the real hub's application, labs with real files, a bad link."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import httpx
from litestar import Litestar

import hub.schema
import node.schema
from hub.app import create_app
from hub.media.shelf import path_of
from hub.schema import EVERY_DISTRICT
from hub.settings import HubSettings
from hub.store import accounts as hub_accounts
from hub.store import exam as hub_exam
from hub.store import feed, meta, nodes
from hub.store.sittings import SittingKind
from hub.work.allocate import allocate
from hub.work.enrol_node import invite
from hub.work.milestones import announce_reached
from hub.work.sittings import prepare
from node.settings import NodeSettings
from node.store import accounts, exam, marks, tasks
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from node.work.give_mark import Answer, give_mark
from shared.kit.clock import now
from shared.kit.ids import new_id
from shared.kit.store import Store
from shared.rules.rubric import from_mask
from tests.hub.makers import ADMIN, a_hub

DISTRICTS = (1, 2, 3)
WORKS = 2
"""Of each district in each item group."""
GROUPS = (1, 2)


class Link(httpx.AsyncBaseTransport):
    """Between a lab and the hub: loses requests, and answers to requests that were done."""

    def __init__(self, hub: Callable[[], httpx.ASGITransport], chance: random.Random) -> None:
        self._hub = hub
        self._chance = chance
        self.loss = 0.0
        self.is_down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_down or self._chance.random() < self.loss:
            raise httpx.ConnectError("lost on the way there")
        answer = await self._hub().handle_async_request(request)
        if self.is_down or self._chance.random() < self.loss:
            raise httpx.ReadError("lost on the way back")
        return answer


class Lab:
    """One district's node, without its pages."""

    def __init__(self, folder: Path, link: Link, chance: random.Random) -> None:
        self.settings = NodeSettings(folder, disk_reserve_bytes=0)
        self.store = Store(self.settings.database, node.schema.migrations)
        self.cache = Cache(self.settings.cache, 0)
        self.link = link
        self.uplink = Uplink(self.store, self.cache, self.settings, "0.1.0", self._http)
        self._chance = chance

    def _http(self, url: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.link, base_url=url)

    async def end(self) -> None:
        await self.uplink.stop()
        self.store.close()

    def mark_all(self, most: int = 1_000) -> int:
        """Everybody marks what is before them; says how many marks that were."""
        given = 0
        with self.store.writing() as db:
            sitting = exam.open_sitting(db)
            if sitting is None:
                return 0
            for account in accounts.everyone(db):
                for group in exam.groups(db):
                    for task in tasks.open_for(db, account.id, sitting.id, group.id, most):
                        if given == most:
                            return given
                        give_mark(db, account.id, self._answer(task), now())
                        given += 1
        return given

    def _answer(self, task: tasks.Task) -> Answer:
        return Answer(
            event_id=new_id(now()),
            task_id=task.id,
            gen=task.gen,
            levels={c: self._chance.choice((3, 3, 3, 2, 1)) for c in from_mask(task.criteria)},
            exception=None,
            comment="",
            revises="",
            spent_ms=60_000,
            heard_percent=100,
        )

    def mark(self, event_id: str) -> marks.Mark | None:
        with self.store.reading() as db:
            return marks.mark(db, event_id)

    def count(self, table: str) -> int:
        with self.store.reading() as db:
            return int(db.table(table).count)


class Town:
    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.settings = HubSettings(folder / "hub")
        self.chance = random.Random(seed)
        self.app: Litestar = create_app(self.settings, with_jobs=False)
        self.labs: list[Lab] = []

    @property
    def hub(self) -> Store:
        store: Store = self.app.state.store
        return store

    def build(self) -> None:
        """The exam, its people and performances; the videos are on the shelf."""
        works = len(DISTRICTS) * WORKS * len(GROUPS)
        store = a_hub(
            self.settings.data, districts=len(DISTRICTS), markers=3, leaders=1, works=WORKS
        )
        with store.writing() as db:
            # The labs of this town enrol themselves.
            for table in ("heartbeat", "holding", "node"):
                db.table(table).delete_where()
            # The import would have written these.
            feed.append(db, EVERY_DISTRICT, "exam", 1)
            for group in hub_exam.groups(db):
                feed.append(db, EVERY_DISTRICT, "group", group.id)
            for account in hub_accounts.everyone(db):
                feed.append(db, account.district_id, "account", account.id)
            for number in range(1, works + 1):
                content = str(number).encode()
                name = sha256(content).hexdigest()
                path = path_of(self.settings.shelf, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                db.conn.execute("UPDATE video SET bytes = ? WHERE sha256 = ?", (len(content), name))
        store.close()

    def open(self, kind: SittingKind) -> int:
        with self.hub.writing() as db:
            sitting = prepare(db, kind, ADMIN, now())
            allocate(db, sitting.id, ADMIN, now())
        return sitting.id

    async def add_lab(self, district: int) -> Lab:
        with self.hub.writing() as db:
            code = invite(db, f"第{district}区机房", district, now())
        link = Link(lambda: httpx.ASGITransport(cast(Any, self.app)), self.chance)
        lab = Lab(self.folder / f"node{district}", link, self.chance)
        await lab.uplink.start()
        await lab.uplink.enrol("http://hub.test", code)
        self.labs.append(lab)
        return lab

    async def restart_hub(self, data: Path) -> None:
        """Another life of the hub, from the files in another folder."""
        await self._running.__aexit__(None, None, None)
        self.settings = HubSettings(data)
        self.app = create_app(self.settings, with_jobs=False)
        await self.start_hub()

    async def start_hub(self) -> None:
        self._running = self.app.lifespan()
        await self._running.__aenter__()

    async def end(self) -> None:
        for lab in self.labs:
            await lab.end()
        await self._running.__aexit__(None, None, None)

    def announce(self) -> None:
        """What the hub's timetable does every few seconds."""
        with self.hub.writing() as db:
            announce_reached(db, now())

    def back_up(self, target: Path) -> None:
        """As the hub's timetable does it: whoever starts from it begins a new life."""
        self.hub.backup(target)
        copy = Store(target, hub.schema.migrations)
        with copy.writing() as db:
            meta.forget_incarnation(db)
        copy.close()

    def marks_on_hub(self) -> int:
        with self.hub.reading() as db:
            return int(db.table("mark").count)

    def is_in_step(self) -> bool:
        """Nothing is under way between the labs and the hub, and the hub knows it."""
        with self.hub.reading() as db:
            heads = {n.district_id: n for n in nodes.all_nodes(db)}
            hub_knows = nodes.pending_events(db) == 0 and all(n.status for n in heads.values())
        return hub_knows and all(lab.uplink.view().pending == 0 for lab in self.labs)


@asynccontextmanager
async def a_town(folder: Path, seed: int = 1) -> AsyncIterator[Town]:
    town = Town(folder, seed)
    town.build()
    await town.start_hub()
    try:
        for district in DISTRICTS:
            await town.add_lab(district)
        yield town
    finally:
        await town.end()


async def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not await asyncio.to_thread(true):
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)


@contextmanager
def links_down(*labs: Lab) -> Iterator[None]:
    for lab in labs:
        lab.link.is_down = True
    try:
        yield
    finally:
        for lab in labs:
            lab.link.is_down = False
