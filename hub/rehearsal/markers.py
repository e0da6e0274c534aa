"""Simulated markers: they sign in on a node over HTTP and answer with known errors."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx

from hub.rehearsal.cast import CastPerson, CastWork
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.rules.probes import alias
from shared.rules.rubric import LEVELS, Criterion, MarkException, Role

RIGHT_LEVEL_SHARE = 0.885
"""Two such markers agree on about 79 % of criteria, as real ones do."""
RIGHT_EXCEPTION_SHARE = 0.9
REVISED_SHARE = 0.02
FIRST_BYTES = 64 * 1024
IDLE_S = 0.4


@dataclass(slots=True)
class Diary:
    """What the nodes confirmed to the simulated markers."""

    saved: list[str] = field(default_factory=list)
    """event_ids, in the order of their confirmation."""
    faults: list[str] = field(default_factory=list)
    """What went wrong, in words: empty in a good rehearsal."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What each performance deserves, by the code under which somebody sees it."""

    works: Mapping[str, CastWork]
    """By the performance's own code."""
    seed: str
    """Of the sitting: from it come the other codes that probes go by."""
    accounts: Mapping[str, int]
    """By phone."""

    def of(self, phone: str, code: str) -> CastWork | None:
        """None in a sitting that was opened since."""
        if (work := self.works.get(code)) is not None:
            return work
        account = self.accounts[phone]
        named = ((alias(self.seed, account, known), work) for known, work in self.works.items())
        return next((work for other, work in named if other == code), None)


@dataclass(frozen=True, slots=True)
class Script:
    """What a simulated marker goes by."""

    truth: Truth
    seed: int
    pause_s: tuple[float, float]
    """Between two marks, at random."""
    deadline: float
    """By time.monotonic()."""


async def play_marker(person: CastPerson, node_url: str, script: Script, diary: Diary) -> None:
    """Marks until the announcements say that this person may leave."""
    limits = httpx.Limits(max_connections=2)
    async with httpx.AsyncClient(base_url=node_url, timeout=60, limits=limits) as client:
        rng = Random(f"{script.seed}:{person.phone}")
        await _Marker(person, client, script, diary, rng).play()


@dataclass(frozen=True, slots=True)
class _Marker:
    person: CastPerson
    client: httpx.AsyncClient
    script: Script
    diary: Diary
    rng: Random

    async def play(self) -> None:
        await self._sign_in()
        while time.monotonic() < self.script.deadline:
            progress = (await self._get("/api/progress")).json()
            open_groups = [g["id"] for g in progress["groups"] if g["open"]]
            if not open_groups and progress["may_leave"]:
                return
            if not any([await self._mark_group(group) for group in open_groups]):
                await asyncio.sleep(IDLE_S * self.rng.uniform(0.7, 1.3))
        role, phone = self.person.role.label, self.person.phone
        self.diary.faults.append(f"{role}{phone}到时限仍未收到结束公告")

    async def _sign_in(self) -> None:
        words = {"phone": self.person.phone, "password": self.person.password}
        answer = await self.client.post("/", data=words, follow_redirects=False)
        if answer.status_code != 303:
            raise Refusal("sign_in", f"{self.person.phone} 登录失败（{answer.status_code}）。")

    async def _get(self, url: str, **params: Any) -> httpx.Response:
        answer = await self.client.get(url, params=params)
        answer.raise_for_status()
        return answer

    async def _mark_group(self, group: int) -> int:
        """Marks what is ready now; returns how many."""
        tasks = (await self._get("/api/tasks", group=group, limit=3)).json()["tasks"]
        ready = [task for task in tasks if task["video"]["is_ready"]]
        for task in ready:
            await self._watch(task)
            await asyncio.sleep(self.rng.uniform(*self.script.pause_s))
            event_id = await self._give(task, revises="")
            if event_id and self.rng.random() < REVISED_SHARE:
                await self._give(task, revises=event_id)
        return len(ready)

    async def _watch(self, task: dict[str, Any]) -> None:
        wanted = {"Range": f"bytes=0-{FIRST_BYTES - 1}"}
        answer = await self.client.get(task["video"]["url"], headers=wanted)
        if answer.status_code not in (206, 503):
            answer.raise_for_status()

    async def _give(self, task: dict[str, Any], *, revises: str) -> str | None:
        """The event_id of the mark that the node says it saved."""
        truth = self.script.truth
        known = truth.of(self.person.phone, task["performance"])
        work = known or self.rng.choice([*truth.works.values()])
        levels, exception = answer_for(work, task["criteria"], self.rng)
        event_id = new_id(datetime.now(UTC))
        body = {
            "event_id": event_id,
            "task_id": task["id"],
            "gen": task["gen"],
            "levels": levels,
            "exception": exception,
            "comment": "",
            "revises": revises,
            "spent_ms": task["video"]["duration_ms"],
            "heard_percent": 100,
        }
        answer = await self.client.post("/api/marks", json=body)
        if answer.status_code == 200:
            self.diary.saved.append(event_id)
            return event_id
        # A revision may come too late, and a sitting may end: both are rules, not faults.
        if answer.status_code != 409:
            self.diary.faults.append(f"评分被拒绝：{answer.status_code} {answer.text[:200]}")
        return None


def answer_for(
    work: CastWork, criteria: list[str], rng: Random
) -> tuple[dict[str, int], MarkException | str]:
    """Levels near the truth, or the exception that the work deserves."""
    if work.exception is not None and rng.random() < RIGHT_EXCEPTION_SHARE:
        return {}, work.exception
    return {code: _near(work.levels[Criterion(code)], rng) for code in criteria}, ""


def _near(level: int, rng: Random) -> int:
    if rng.random() < RIGHT_LEVEL_SHARE:
        return level
    return rng.choice([n for n in LEVELS if abs(n - level) == 1])


def is_played(person: CastPerson) -> bool:
    return person.role in (Role.MARKER, Role.LEADER)
