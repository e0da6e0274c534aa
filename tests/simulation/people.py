"""The simulated markers at their browsers: they mark, change their minds, and try again."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlite_utils import Database

from node.store import accounts, announcements, exam, marks, tasks
from node.store.accounts import Account
from node.store.tasks import Task
from node.work.change_password import change_password
from node.work.give_mark import Answer, give_mark
from node.work.read_announcement import read_announcement
from node.work.report_fault import report_fault
from shared.kit.refusal import Refusal
from shared.rules.rubric import Criterion, MarkException, from_mask
from tests.simulation.disk import Killed
from tests.simulation.lab import Lab

MARKS_S = (4.0, 20.0)
"""How long one mark takes, at the pace 1."""
QUICKEST = 0.5
ASKS_REPORTED = 0.3
"""The share of turns at which a browser asks what the city has."""
LEVELS = (3, 3, 3, 2, 2, 1, 0)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The browser was told 已保存."""

    event_id: str
    lab: str
    sitting: int
    performance: str
    round: int
    account_id: int
    levels: str
    """As levels_to_text writes them."""


@dataclass(slots=True)
class Kept:
    """What a browser holds until the node says that the city has it."""

    answer: Answer
    task: Task
    is_saved: bool = False
    """The node has it; should the node lose it, the browser offers it again."""


class People:
    """All browsers of one lab."""

    def __init__(
        self,
        lab: Lab,
        chance: random.Random,
        confirm: Callable[[Confirmed], None],
        count: Callable[[str], None],
        pace: float,
    ) -> None:
        self.lab = lab
        self.is_marking = True
        self._chance = chance
        self._confirm = confirm
        self._count = count
        self._marks_s = [seconds * max(pace, QUICKEST) for seconds in MARKS_S]
        self._kept: dict[int, list[Kept]] = {}
        self._ids = 0

    def unreported(self, over: Collection[int]) -> list[Kept]:
        """What browsers still hold, for a node that is there and a sitting that is not wiped."""
        if self.lab.is_gone:
            return []
        return [k for mine in self._kept.values() for k in mine if k.task.sitting_id not in over]

    async def work(self, account_id: int) -> None:
        """One marker's day."""
        mine = self._kept.setdefault(account_id, [])
        while self.is_marking or mine:
            await asyncio.sleep(self._chance.uniform(*self._marks_s))
            if self.lab.is_gone:
                return
            if not self.lab.is_up or self.lab.is_frozen:
                continue
            if self._chance.random() < ASKS_REPORTED or not self.is_marking:
                self._ask_reported(account_id, mine)
            unsaved = next((kept for kept in mine if not kept.is_saved), None)
            if unsaved is not None:
                self._send(account_id, mine, unsaved)
            elif self.is_marking:
                self._act(account_id, mine)

    def _act(self, account_id: int, mine: list[Kept]) -> None:
        account = self.lab.look(lambda db: accounts.account(db, account_id))
        if account is None or account.state != "active":
            return
        dice = self._chance.random()
        if dice < 0.80:
            self._mark(account, mine)
        elif dice < 0.90:
            self._revise(account, mine)
        elif dice < 0.94:
            self._try(lambda db, moment: self._report_fault(db, account, moment))
        elif dice < 0.98:
            self._try(lambda db, moment: self._read(db, account, moment))
        else:
            self._try(lambda db, moment: self._new_password(db, account, moment))

    def _mark(self, account: Account, mine: list[Kept]) -> None:
        """The task is on the screen; the answer follows at the next turn."""
        task = self.lab.look(lambda db: self._next_task(db, account))
        if task is not None:
            mine.append(Kept(self._answer(task, ""), task))

    def _revise(self, account: Account, mine: list[Kept]) -> None:
        def choose(db: Database) -> Task | None:
            sitting = exam.open_sitting(db)
            if sitting is None:
                return None
            found = marks.history(db, account.id, sitting.id, 0, "", "")
            return self._chance.choice([task for _, task in found]) if found else None

        task = self.lab.look(choose)
        if task is not None and task.mark_id is not None:
            mine.append(Kept(self._answer(task, task.mark_id), task))

    def _ask_reported(self, account_id: int, mine: list[Kept]) -> None:
        """As the page does: forget what the city has, offer again what the node has lost."""
        asked = [kept.answer.event_id for kept in mine if kept.is_saved]
        found = self.lab.look(lambda db: marks.results(db, account_id, asked))
        for kept in [kept for kept in mine if kept.is_saved]:
            if found.get(kept.answer.event_id) is not None:
                mine.remove(kept)
            elif kept.answer.event_id not in found:
                kept.is_saved = False
                kept.answer = replace(kept.answer, is_again=True)
                self._count("offered again")

    def _send(self, account_id: int, mine: list[Kept], kept: Kept) -> None:
        saved = self._try(lambda db, moment: give_mark(db, account_id, kept.answer, moment))
        if saved is None:
            return
        if not saved and kept.answer.is_again:
            # It was saved once: kept, and tried again.
            mine.remove(kept)
            mine.append(kept)
            return
        if not saved:
            mine.remove(kept)
            return
        is_new, kept.is_saved = not kept.answer.is_again, True
        if is_new:
            self._count("revised" if kept.answer.revises else "marked")
            self._confirm(self._confirmed(account_id, kept))
            if self._chance.random() < 0.05:
                # A double click: the same once more.
                self._try(lambda db, moment: give_mark(db, account_id, kept.answer, moment))

    def _try(self, act: Callable[[Database, datetime], object]) -> bool | None:
        """True: saved. False: refused for good. None: no answer, or an error; to be tried again."""
        try:
            self.lab.do(act)
        except Refusal as refusal:
            self._count(f"refused {refusal.code}")
            return False
        except Killed:
            return None
        except sqlite3.OperationalError as error:
            if "full" not in str(error):
                raise
            return None
        return True

    def _confirmed(self, account_id: int, kept: Kept) -> Confirmed:
        levels = self.lab.look(lambda db: marks.mark(db, kept.answer.event_id))
        return Confirmed(
            kept.answer.event_id,
            self.lab.name,
            kept.task.sitting_id,
            kept.task.performance,
            kept.task.round,
            account_id,
            levels.levels if levels else "",
        )

    def _next_task(self, db: Database, account: Account) -> Task | None:
        sitting = exam.open_sitting(db)
        if sitting is None:
            return None
        groups = exam.groups(db)
        self._chance.shuffle(groups)
        for group in groups:
            found = tasks.open_for(db, account.id, sitting.id, group.id, 3)
            if found:
                return found[0]
        return None

    def _answer(self, task: Task, revises: str) -> Answer:
        exception = None
        levels = {c: self._level(task, c) for c in from_mask(task.criteria)}
        if self._chance.random() < 0.04:
            exception = self._chance.choice(list(MarkException))
            if exception is not MarkException.INCOMPLETE or self._chance.random() < 0.5:
                levels = {}
        return Answer(
            event_id=self._new_id(),
            task_id=task.id,
            gen=task.gen,
            levels=levels,
            exception=exception,
            comment="",
            revises=revises,
            spent_ms=60_000,
            heard_percent=100,
        )

    def _level(self, task: Task, criterion: Criterion) -> int:
        """Most markers hear the same."""
        if self._chance.random() < 0.85:
            return 3 - sum(task.performance.encode()) % 2
        return self._chance.choice(LEVELS)

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:012x}{self._chance.randbytes(10).hex()}"

    def _report_fault(self, db: Database, account: Account, moment: datetime) -> None:
        task = self._next_task(db, account)
        if task is not None:
            report_fault(db, account.id, task.id, "no_sound", self._new_id(), moment)

    def _read(self, db: Database, account: Account, moment: datetime) -> None:
        for announcement in announcements.for_role(db, account.role):
            read_announcement(db, account.id, announcement.id, moment)

    def _new_password(self, db: Database, account: Account, moment: datetime) -> None:
        hash = f"$argon2id$v=19${self._chance.randbytes(8).hex()}"
        change_password(db, account, hash, moment)
