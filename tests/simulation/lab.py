"""A simulated lab: the store and uplink of one node, in lives that end and begin again."""

import asyncio
import contextlib
import contextvars
import functools
import random
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlite_utils import Database

from node.settings import NodeSettings
from node.store import meta, outbox
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from node.work.mirror import Mirror
from node.work.rebuild import keep_identity, open_whole
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from tests.simulation.disk import Disk, Files, Killed
from tests.simulation.link import Link
from tests.simulation.seams import CLOCK, Clock

T = TypeVar("T")
Note = Callable[[str, str], None]
SWEEP_S = 20.0
ENROL_AGAIN_S = 10.0
HUB_URL = "http://hub.test"


class Lab:
    def __init__(
        self,
        name: str,
        district: int,
        folder: Path,
        link: Link,
        files: Files,
        clock: Clock,
        chance: random.Random,
        note: Note,
    ) -> None:
        self.name = name
        self.district = district
        self.clock = clock
        self.context = contextvars.copy_context()
        self.context.run(CLOCK.set, clock)
        self.is_up = False
        self.rest_s = 5.0
        self.code = ""
        """To enrol with; "" once that is done."""
        self.is_frozen = False
        """Its browsers wait; what it asks of the hub does not arrive."""
        self.is_gone = False
        """For good: its disk was lost, or it was switched off."""
        self._folder = folder
        self._link = link
        self._files = files
        self._chance = chance
        self._note = note
        self._lives = 0
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self) -> None:
        self._lives += 1
        data = self._folder / f"life{self._lives}"
        path = data / "node.db"
        self._files.put(path)
        if self._lives > 1:
            self._keep_beside(self._folder / f"life{self._lives - 1}", data)
        self.disk = Disk(path, self._chance, functools.partial(self._note, self.name))
        self.disk.on_death = self._died
        self.context.run(self._open, path)
        self.is_up = True
        self._note(self.name, f"life {self._lives} begins")
        self._tasks = [self._task(self._run(self.uplink))]

    def _open(self, path: Path) -> None:
        settings = NodeSettings(
            path.parent,
            bandwidth_mbit=0,
            disk_reserve_bytes=0,
            mirror_folder=self._folder / "other-drive",
        )
        self.settings = settings
        self.store = open_whole(settings, self.clock.now())
        self.mirror = Mirror(self._folder / "other-drive", self.store)
        cache = Cache(self._folder / "videos", 0)
        self.uplink = Uplink(self.store, cache, settings, "0.1.0", self._http)

    def _keep_beside(self, before: Path, data: Path) -> None:
        """What a life finds beside its database from the one before."""
        kept = before / "identity.json"
        if kept.exists():
            (data / kept.name).write_bytes(kept.read_bytes())

    def _http(self, url: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self._link, base_url=url, verify=False, trust_env=False)

    async def _run(self, uplink: Uplink) -> None:
        """As the node's application does, with a technician who types in the code."""
        await uplink.start()
        since_sweep = 0.0
        while True:
            if self.code:
                await self._enrol(uplink)
            await asyncio.sleep(ENROL_AGAIN_S)
            since_sweep += ENROL_AGAIN_S
            self._do_jobs()
            if since_sweep >= SWEEP_S:
                since_sweep = 0.0
                uplink.wake_push()
                uplink.wake_prefetch()

    def _do_jobs(self) -> None:
        try:
            self.mirror.catch_up(self.clock.now())
            keep_identity(self.settings, self.store)
        except sqlite3.OperationalError as error:
            if "full" not in str(error):
                raise

    async def _enrol(self, uplink: Uplink) -> None:
        try:
            await uplink.enrol(HUB_URL, self.code)
        except Refusal as refusal:
            self._note(self.name, f"not enrolled: {refusal.code}")
            if refusal.code in ("code_wrong", "code_used", "code_expired"):
                self.code = ""
        except sqlite3.OperationalError as error:
            if "full" not in str(error):
                raise
        else:
            self.code = ""
            self._note(self.name, "enrolled")

    def do(self, act: Callable[[Database, datetime], T]) -> T:
        """As a page does it: one transaction, in this node's time."""

        def acted() -> T:
            with self.store.writing() as db:
                return act(db, self.clock.now())

        return self.context.run(acted)

    def look(self, at: Callable[[Database], T]) -> T:
        with self.store.reading() as db:
            return at(db)

    @property
    def is_enrolled(self) -> bool:
        return self.is_up and self.look(meta.link) is not None

    @property
    def pending(self) -> int:
        return self.look(outbox.pending_count)

    @property
    def problem(self) -> str:
        return self.uplink.view().last_problem

    @property
    def began_with(self) -> Files:
        """What the present life found."""
        return self._files

    def copy(self) -> Files:
        return Files.of(self.disk.path)

    def end(self) -> None:
        self.disk.end()

    def restart_from(self, files: Files) -> None:
        self.end()
        self.disk.left = files

    def switch_off(self) -> None:
        self.is_gone = True
        self.end()

    def _died(self) -> None:
        self.is_up = False
        loop = asyncio.get_running_loop()
        self._burial = self._task(self._bury(self.uplink, self.store, self._tasks))
        loop.call_later(self.rest_s, self._rise)

    async def _bury(self, uplink: Uplink, store: Store, tasks: list[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Killed):
            await uplink.stop()
        store.close()

    def _rise(self) -> None:
        if not self.is_up and not self.is_gone and self.disk.left is not None:
            self._files = self.disk.left
            self.start()

    def _task(self, work: Any) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work, context=self.context)
