"""One simulated world: a hub, its nodes and people, what goes wrong, and how it heals."""

import asyncio
import functools
import logging
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from hub.store import accounts as hub_accounts
from tests.simulation import cities
from tests.simulation.disk import Disk, Files, Killed
from tests.simulation.hub import Hub
from tests.simulation.lab import Lab
from tests.simulation.link import Link
from tests.simulation.loop import VirtualLoop
from tests.simulation.people import Confirmed, Kept, People
from tests.simulation.plan import HUB, Plan, Step
from tests.simulation.seams import Clock, deterministic

HEALED_WITHIN_S = 20 * 60.0
LOOK_EVERY_S = 5.0


@dataclass(slots=True)
class Story:
    """What happened in a world, and what was found wrong with it in the end."""

    plan: Plan
    findings: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    healed_s: float = 0.0

    @property
    def digest(self) -> str:
        """The same for the same seed."""
        return sha256("\n".join(self.log).encode()).hexdigest()


class World:
    def __init__(self, plan: Plan, folder: Path, loop: VirtualLoop, story: Story) -> None:
        self.plan = plan
        self.folder = folder
        self.loop = loop
        self.story = story
        self.labs: list[Lab] = []
        self.people: list[People] = []
        self.confirmed: dict[str, Confirmed] = {}
        self.hub_was_put_back = False
        self.put_back: set[str] = set()
        """Labs that lost part of what they had."""
        self.copies: dict[tuple[str, int], Files] = {}
        self.is_healing = False
        self._workers: dict[asyncio.Task[Any], None] = {}
        city = cities.a_city(plan.nodes, plan.works)
        self.hub = Hub(
            folder / "hub", city.shelf, city.files, Clock(loop), self.chance("hub"), self.note
        )

    def chance(self, name: str) -> random.Random:
        """Each its own, so that dropping one step leaves the others as they were."""
        return random.Random(f"{self.plan.seed} {name}")

    def note(self, who: str, what: str) -> None:
        self.story.log.append(f"{self.loop.time():8.2f} {who}: {what}")

    def is_beyond_help(self, mark: Confirmed) -> bool:
        """The city had it, so the browser let go of it; then the hub and the node both lost it."""
        return self.hub_was_put_back and mark.lab in self.put_back

    def fault(self, kind: str) -> None:
        self.story.faults[kind] += 1

    def lab_of(self, number: int) -> Lab | None:
        """The one that stands in this district now, while it runs."""
        name = f"node{number}"
        return next(
            (lab for lab in self.labs if lab.name == name and lab.is_up and not lab.is_gone), None
        )

    def add_lab(self, number: int, files: Files, name: str = "", after: Lab | None = None) -> Lab:
        """`after`: the one in whose place it comes, with the same people before it."""
        serial = len(self.labs)
        link = Link(
            self.hub,
            self.chance(f"link {serial}"),
            functools.partial(self._troubles, number),
            self.fault,
        )
        lab = Lab(
            name or f"node{number}",
            number,
            self.folder / f"lab{serial}",
            link,
            files,
            Clock(self.loop),
            self.chance(f"lab {serial}"),
            self.note,
        )
        self.labs.append(lab)
        people = next((group for group in self.people if group.lab is after), None)
        if people is not None:
            people.lab = lab
        else:
            self.let(self._send_people(lab))
        return lab

    def let(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._workers[task] = None
        task.add_done_callback(self._ended)

    async def run(self) -> None:
        from tests.simulation import operator

        self.hub.start()
        operator.begin(self)
        for step in self.plan.steps:
            self.loop.call_at(step.at, functools.partial(operator.act, self, step))
        await asyncio.sleep(self.plan.faults_s)
        await self._heal()

    async def _heal(self) -> None:
        from tests.simulation import operator

        self.is_healing = True
        self.note("world", "healing begins")
        for disk in [self.hub.disk, *[lab.disk for lab in self.labs]]:
            disk.is_full, disk.kill_in, disk.kill_at_commit = False, None, None
        for lab in self.labs:
            lab.is_frozen = False
        for group in self.people:
            group.is_marking = False
        began = self.loop.time()
        while self.loop.time() - began < HEALED_WITHIN_S:
            await asyncio.sleep(LOOK_EVERY_S)
            operator.mend(self)
            if self.is_in_step():
                self.story.healed_s = self.loop.time() - began
                self.note("world", "healed")
                return
        self.story.findings.append(f"not_healed: {self._what_is_missing()}")

    def is_in_step(self) -> bool:
        return not self._what_is_missing()

    def held_at(self, lab: Lab) -> list[Kept]:
        """What the browsers there have not been told to be in the city."""
        wiped = self.hub.look(cities.wiped)
        kept = [k for group in self.people if group.lab is lab for k in group.unreported(wiped)]
        if self.hub_was_put_back and lab.name in self.put_back:
            # Of a task that neither of them has heard of any more.
            return [k for k in kept if not k.answer.is_again]
        return kept

    def _what_is_missing(self) -> str:
        if not self.hub.is_up:
            return "the hub is down"
        for group in self.people:
            if kept := self.held_at(group.lab):
                return f"a browser at {group.lab.name} still holds {len(kept)} marks, as {kept[0]}"
        for lab in self.labs:
            if lab.is_gone:
                continue
            if not lab.is_up or not lab.is_enrolled:
                return f"{lab.name} is down or not enrolled"
            if missing := cities.behind(self.hub, lab):
                return f"{lab.name}: {missing} ({lab.problem})"
        return ""

    def _troubles(self, number: int) -> Iterator[Step]:
        if self.is_healing:
            return
        moment = self.loop.time()
        for step in self.plan.steps:
            if step.who == number and step.at <= moment < step.at + step.lasts:
                yield step

    async def _send_people(self, lab: Lab) -> None:
        """They sit down as soon as the node knows them."""
        people = People(
            lab,
            self.chance(f"people {len(self.people)}"),
            self._confirm,
            lambda act: self.story.acts.update([act]),
            self.plan.pace,
        )
        self.people.append(people)
        seated: set[int] = set()
        while not self.is_healing:
            if self.hub.is_up and people.lab.is_up:
                for account in self.hub.look(hub_accounts.everyone):
                    if account.district_id == lab.district and account.id not in seated:
                        seated.add(account.id)
                        self.let(people.work(account.id))
            await asyncio.sleep(20)

    def _confirm(self, mark: Confirmed) -> None:
        self.confirmed[mark.event_id] = mark
        self.note(mark.lab, f"saved {mark.event_id[:16]} for {mark.performance} r{mark.round}")

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._workers.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            self.story.findings.append(f"unexpected in a worker: {task.exception()!r}")

    async def end(self) -> None:
        for task in list(self._workers):
            task.cancel()
        for lab in self.labs:
            lab.is_gone = True
            lab.end()
            lab._link.end()
        self.hub.rest_s = 1e9
        self.hub.end()
        await asyncio.sleep(1)


def play(plan: Plan, look: Callable[[World], None] | None = None) -> Story:
    """Run one world to its end, and check what must be true of it."""
    from tests.simulation import invariants

    story = Story(plan)
    loop = VirtualLoop()
    base = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=base))
    cities.a_city(plan.nodes, plan.works)

    async def whole() -> None:
        world = World(plan, folder, loop, story)
        try:
            await world.run()
            invariants.check(world)
            if look is not None:
                look(world)
        finally:
            await world.end()

    try:
        with deterministic(loop, random.Random(f"{plan.seed} ids")), _listening(loop, story):
            loop.run_until_complete(whole())
    finally:
        loop.close()
        Disk.by_path.clear()
        shutil.rmtree(folder, ignore_errors=True)
    return story


class _Errors(logging.Handler):
    def __init__(self, story: Story) -> None:
        super().__init__(logging.ERROR)
        self._story = story

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if "disk is full" in f"{record.getMessage()} {error}":
            return
        self._story.findings.append(f"unexpected in the log: {record.getMessage()} {error!r}")


@contextmanager
def _listening(loop: VirtualLoop, story: Story) -> Iterator[None]:
    """Whatever the product reports as a bug is a finding."""

    def heard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Killed) or "disk is full" in str(error):
            return
        story.findings.append(f"unexpected in the loop: {context.get('message')} {error!r}")

    errors = _Errors(story)
    logging.getLogger().addHandler(errors)
    loop.set_exception_handler(heard)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(errors)


__all__ = ["HUB", "Story", "World", "play"]
