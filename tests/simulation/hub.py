"""The simulated hub: the product's application in lives that end and begin again."""

import asyncio
import contextvars
import functools
import random
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from litestar import Litestar
from sqlite_utils import Database

import hub.app
from hub import jobs
from hub.app import create_app
from hub.settings import HubSettings
from hub.work.back_up import keep_copy
from hub.work.restore import restore
from tests.simulation.disk import Disk, Files, Killed
from tests.simulation.seams import CLOCK, Clock

T = TypeVar("T")
Note = Callable[[str, str], None]
JOBS_EVERY_S = 10.0
RAREST_JOB_S = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    content: bytes

    def as_response(self, content: bytes) -> httpx.Response:
        """`content`: what arrives of it."""
        return httpx.Response(self.status, headers=self.headers, stream=httpx.ByteStream(content))


@functools.cache
def the_app() -> Litestar:
    """Made once: its rooms hold nothing, and what lives in its state is new in each life."""
    return create_app(HubSettings(Path("unused")), with_jobs=False)


class Hub:
    def __init__(
        self,
        folder: Path,
        shelf_data: Path,
        first: Files,
        clock: Clock,
        chance: random.Random,
        note: Note,
    ) -> None:
        self.clock = clock
        self.context = contextvars.copy_context()
        self.context.run(CLOCK.set, clock)
        self.is_up = False
        self.was_full = False
        self.unexpected: list[str] = []
        self._folder = folder
        self._shelf = HubSettings(shelf_data).shelf
        self._backup: Files | None = None
        self._lifespans: list[AbstractAsyncContextManager[None]] = []
        self._files = first
        self._chance = chance
        self._note = note
        self._lives = 0
        self._serving: dict[asyncio.Task[Any], None] = {}
        self._jobs: asyncio.Task[None] | None = None
        self.rest_s = 5.0
        """How long it stays down when it dies."""

    def start(self) -> None:
        self._lives += 1
        self._settings = HubSettings(
            self._folder / f"life{self._lives}", reach_folder=self._folder / "reach"
        )
        path = self._settings.database
        self._files.put(path)
        self._settings.shelf.symlink_to(self._shelf)
        self.context.run(self._open, path)
        self.is_up = True
        self._jobs = self._task(self._work())
        self._jobs.add_done_callback(self._work_ended)
        self._note("hub", f"life {self._lives} begins")

    def _open(self, path: Path) -> None:
        """As the application's own lifespan does; a restore comes before it, as a command."""
        backup, self._backup = self._backup, None
        if backup is not None:
            copy = self._folder / f"backup-of-life{self._lives}.db"
            backup.put(copy)
            restore(self._settings, copy, self.clock.now())
        self.disk = Disk(path, self._chance, functools.partial(self._note, "hub"))
        self.disk.on_death = self._died
        app = the_app()
        app.state.settings = self._settings
        lifespan = hub.app._life(app)
        # Kept, since what is let go of would be tidied up as if it had ended well.
        self._lifespans.append(lifespan)
        _at_once(lifespan.__aenter__())
        self.store = app.state.store

    async def serve(self, request: httpx.Request, body: bytes) -> Answer:
        """As over a socket: a hub that dies over it leaves no answer."""
        if not self.is_up:
            raise httpx.ConnectError("the hub is down")
        task = self._task(self._handle(request, body))
        self._serving[task] = None
        try:
            answer: Answer = await asyncio.shield(task)
            return answer
        except Killed as death:
            raise httpx.ReadError("the hub died") from death
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            raise httpx.ReadError("the hub died") from None
        finally:
            self._serving.pop(task, None)

    async def _handle(self, request: httpx.Request, body: bytes) -> Answer:
        transport = httpx.ASGITransport(the_app())  # type: ignore[arg-type]
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        response = await transport.handle_async_request(sent)
        content = b"".join([part async for part in response.stream])  # type: ignore[union-attr]
        if response.status_code >= 500 and not self.was_full:
            self.unexpected.append(f"the hub answered {response.status_code} to {request.url.path}")
        # Not decoded: as it goes over the wire, packed or not.
        return Answer(response.status_code, response.headers, content)

    def do(self, act: Callable[[Database, datetime], T]) -> T:
        """As the city's admin does it on a page: one transaction."""

        def acted() -> T:
            with self.store.writing() as db:
                return act(db, self.clock.now())

        return self.context.run(acted)

    def look(self, at: Callable[[Database], T]) -> T:
        with self.store.reading() as db:
            return at(db)

    async def _work(self) -> None:
        """The product's own timetable, in turns; what is rarer than a minute is left out."""
        due = [
            (max(round(job.trigger.interval.total_seconds() / JOBS_EVERY_S), 1), job)
            for job in jobs.timetable(self.store, self._settings).get_jobs()
            if job.trigger.interval.total_seconds() <= RAREST_JOB_S
        ]
        turn = 0
        while True:
            await asyncio.sleep(JOBS_EVERY_S)
            turn += 1
            for every, job in due:
                if turn % every == 0:
                    self._do_job(job.func, job.args)

    def _do_job(self, func: Callable[..., None], args: tuple[Any, ...]) -> None:
        try:
            func(*args)
        except sqlite3.OperationalError:
            if not self.was_full:
                raise

    def _work_ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Killed):
            self.unexpected.append(f"a job of the hub failed: {error!r}")

    def back_up(self) -> Files:
        """By the product's own hand."""
        folder = self._folder / f"backup{self._lives}"
        folder.mkdir(exist_ok=True)
        copy = keep_copy(self.store, folder, self.clock.now())
        return Files.of(copy)

    def check_point(self) -> None:
        """As every hub does sooner or later: what its WAL holds goes into the file itself."""
        if self.is_up and not self.disk.is_full:
            self.store._writer.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def end(self) -> None:
        self.disk.end()

    def restart_from(self, files: Files) -> None:
        """Another database takes the place of its own, by hand and without a word."""
        self.end()
        self.disk.left = files

    def restore(self, backup: Files) -> None:
        """By the product's own command."""
        self.end()
        self._backup = backup

    def _died(self) -> None:
        self.is_up = False
        loop = asyncio.get_running_loop()
        loop.call_soon(self._bury)
        loop.call_later(self.rest_s, self._rise)

    def _bury(self) -> None:
        for task in [*self._serving, *([self._jobs] if self._jobs else [])]:
            task.cancel()
        the_app().state.bell.stop()
        self.store.close()

    def _rise(self) -> None:
        if not self.is_up and self.disk.left is not None:
            self._files = self.disk.left
            self.start()

    def _task(self, work: Any) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work, context=self.context)


def _at_once(work: Coroutine[Any, Any, None]) -> None:
    """Of what waits for nothing."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise RuntimeError("the start of the hub waits for something")
