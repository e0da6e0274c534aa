"""Simulated browsers: each keeps its marks until the city has them, as the marking page does."""

import random
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.kit.clock import now
from shared.kit.ids import new_id

REVISED_SHARE = 0.05
RIGHT_SHARE = 0.85
ASK_REPORTED_S = 0.5
BREATH_S = 0.05
"""After an answer that did not come."""
TIMEOUT_S = 20.0


@dataclass(slots=True)
class Diary:
    """What all browsers of a city sent, and what the nodes said of it."""

    attempted: set[str] = field(default_factory=set)
    saved: list[str] = field(default_factory=list)
    """Confirmed to a browser as saved."""
    oddities: list[str] = field(default_factory=list)
    """Answers that no fault explains."""


class Teacher(threading.Thread):
    """One account in front of one browser; ends when told to, its marks all answered for."""

    def __init__(
        self,
        phone: str,
        url: str,
        diary: Diary,
        seed: str,
        place: AbstractContextManager[None] | None = None,
    ) -> None:
        super().__init__(name=f"teacher {phone}", daemon=True)
        self.phone, self.url, self.diary = phone, url, diary
        self.rng = random.Random(seed)
        self.place = place or nullcontext()
        self.pause_s = 0.0
        """Between two marks, at most."""
        self.is_over = threading.Event()
        self._pc: httpx.Client | None = None
        self._unanswered: dict[str, dict[str, Any]] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        """Saved on the node, not yet with the city: as in the browser's own database."""
        self._asked_at = 0.0

    def run(self) -> None:
        with self.place:
            while not (self.is_over.is_set() and not self._unanswered):
                try:
                    self._step()
                except httpx.HTTPError:
                    self._leave()
                    time.sleep(BREATH_S)
            self._leave()

    def _step(self) -> None:
        if self._pc is None and not self._sign_in():
            time.sleep(BREATH_S)
            return
        for mark in [*self._unanswered.values()]:
            self._post(mark)
        self._offer_again()
        if self.is_over.is_set():
            return
        if not self._mark_something():
            time.sleep(0.2)
        time.sleep(self.rng.uniform(0, self.pause_s))

    def _sign_in(self) -> bool:
        pc = httpx.Client(base_url=self.url, timeout=TIMEOUT_S)
        said = pc.post("/", data={"phone": self.phone, "password": self.phone[-4:]})
        if said.status_code != 303:
            # The account may still be on its way to a node that is new.
            pc.close()
            return False
        self._pc = pc
        return True

    def _leave(self) -> None:
        if self._pc is not None:
            self._pc.close()
            self._pc = None

    def _mark_something(self) -> bool:
        for group in self._get("/api/me")["groups"]:
            found = self._get("/api/tasks", group=group["id"], limit=3)["tasks"]
            if found:
                task = self.rng.choice(found)
                given = self._submit(task, revises="")
                if self.rng.random() < REVISED_SHARE:
                    self._submit(task, revises=given)
                return True
        return False

    def _submit(self, task: dict[str, Any], revises: str) -> str:
        right = sum(map(ord, task["performance"])) % 4
        event_id = new_id(now())
        self._unanswered[event_id] = {
            "event_id": event_id,
            "task_id": task["id"],
            "gen": task["gen"],
            "levels": {c: self._level(right) for c in task["criteria"]},
            "spent_ms": 60_000,
            "heard_percent": 100,
            "revises": revises,
        }
        self.diary.attempted.add(event_id)
        self._post(self._unanswered[event_id])
        return event_id

    def _level(self, right: int) -> int:
        return right if self.rng.random() < RIGHT_SHARE else self.rng.randrange(4)

    def _post(self, mark: dict[str, Any]) -> None:
        answer = self._send("/api/marks", mark)
        if answer.status_code == 200:
            self.diary.saved.append(mark["event_id"])
            self._kept[mark["event_id"]] = self._unanswered.pop(mark["event_id"])
        elif answer.status_code in (404, 409):
            # Already marked, locked, taken back: the page tells, and nothing was promised.
            del self._unanswered[mark["event_id"]]
        elif answer.status_code < 500:
            del self._unanswered[mark["event_id"]]
            self.diary.oddities.append(f"{answer.status_code} {answer.text}")

    def _offer_again(self) -> None:
        if not self._kept or time.monotonic() - self._asked_at < ASK_REPORTED_S:
            return
        self._asked_at = time.monotonic()
        answer = self._send("/api/reported", {"event_ids": [*self._kept][:100]})
        if answer.status_code != 200:
            return
        said = answer.json()
        for event_id in said["reported"]:
            self._kept.pop(event_id, None)
        for event_id in said["unknown"]:
            self._send("/api/marks", {**self._kept[event_id], "is_again": True})

    def _get(self, url: str, **params: Any) -> Any:
        assert self._pc is not None
        answer = self._pc.get(url, params=params)
        answer.raise_for_status()
        return answer.json()

    def _send(self, url: str, content: dict[str, Any]) -> httpx.Response:
        assert self._pc is not None
        answer = self._pc.post(url, json=content)
        if answer.status_code == 401:
            answer.raise_for_status()
        return answer


def end(teachers: Sequence[Teacher], within_s: float = 60.0) -> None:
    """They finish what they have begun."""
    for teacher in teachers:
        teacher.is_over.set()
    for teacher in teachers:
        teacher.join(within_s)
        assert not teacher.is_alive(), f"{teacher.name} never got an answer"
