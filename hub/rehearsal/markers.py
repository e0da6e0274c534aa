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
class Script:
    """What a simulated marker goes by."""

    truth: Mapping[str, CastWork]
    """By the performance's code."""
    seed: int
    pause_s: tuple[float, float]
    """Between two marks, at random."""
    deadline: float
    """By time.monotonic()."""


async def play_marker(person: CastPerson, node_url: str, script: Script, diary: Diary) -> None:
    """Marks until the announcements say that this person may leave."""
    limits = httpx.Limits(max_connections=2)
    async with httpx.AsyncClient(base_url=node_url, timeout=60, limits=limits) as client:
        await _sign_in(client, person)
        rng = Random(f"{script.seed}:{person.phone}")
        while time.monotonic() < script.deadline:
            progress = (await _get(client, "/api/progress")).json()
            open_groups = [g["id"] for g in progress["groups"] if g["open"]]
            if not open_groups and progress["may_leave"]:
                return
            marked = [await _mark_group(client, group, script, rng, diary) for group in open_groups]
            if not any(marked):
                await asyncio.sleep(IDLE_S * rng.uniform(0.7, 1.3))
        diary.faults.append(f"{person.role.label}{person.phone}到时限仍未收到结束公告")


async def _sign_in(client: httpx.AsyncClient, person: CastPerson) -> None:
    answer = await client.post(
        "/", data={"phone": person.phone, "password": person.password}, follow_redirects=False
    )
    if answer.status_code != 303:
        raise Refusal("sign_in", f"{person.phone} 登录失败（{answer.status_code}）。")


async def _get(client: httpx.AsyncClient, url: str, **params: Any) -> httpx.Response:
    answer = await client.get(url, params=params)
    answer.raise_for_status()
    return answer


async def _mark_group(
    client: httpx.AsyncClient, group: int, script: Script, rng: Random, diary: Diary
) -> int:
    """Marks what is ready now; returns how many."""
    tasks = (await _get(client, "/api/tasks", group=group, limit=3)).json()["tasks"]
    ready = [task for task in tasks if task["video"]["is_ready"]]
    for task in ready:
        await _watch(client, task)
        await asyncio.sleep(rng.uniform(*script.pause_s))
        event_id = await _give(client, task, script, rng, diary, revises="")
        if event_id and rng.random() < REVISED_SHARE:
            await _give(client, task, script, rng, diary, revises=event_id)
    return len(ready)


async def _watch(client: httpx.AsyncClient, task: dict[str, Any]) -> None:
    wanted = {"Range": f"bytes=0-{FIRST_BYTES - 1}"}
    answer = await client.get(task["video"]["url"], headers=wanted)
    if answer.status_code not in (206, 503):
        answer.raise_for_status()


async def _give(
    client: httpx.AsyncClient,
    task: dict[str, Any],
    script: Script,
    rng: Random,
    diary: Diary,
    *,
    revises: str,
) -> str | None:
    """The event_id of the mark that the node says it saved."""
    # A probe goes by another code: who sings there, only the hub knows.
    work = script.truth.get(task["performance"]) or rng.choice([*script.truth.values()])
    levels, exception = answer_for(work, task["criteria"], rng)
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
    answer = await client.post("/api/marks", json=body)
    if answer.status_code == 200:
        diary.saved.append(event_id)
        return event_id
    # A revision may come too late, and a sitting may end: both are rules, not faults.
    if answer.status_code != 409:
        diary.faults.append(f"评分被拒绝：{answer.status_code} {answer.text[:200]}")
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
