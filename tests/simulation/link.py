"""The link between a node and the hub: everything that a school's network can do to a request."""

import asyncio
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from node.uplink.http import READ_S
from tests.simulation.plan import Step

if TYPE_CHECKING:
    from tests.simulation.hub import Hub

CONNECT_S = 5.0
SLOW_S = 2.0
SLOW_BYTES_PER_S = 2_000


@dataclass(slots=True)
class Fate:
    """What becomes of one request."""

    before_s: float = 0.02
    after_s: float = 0.02
    is_lost: bool = False
    loses_answer: bool = False
    again_after_s: float | None = None
    garbles_request: bool = False
    garbles_answer: bool = False
    is_caught: bool = False
    """By a portal that wants people to sign in."""
    is_slow: bool = False


class Link(httpx.AsyncBaseTransport):
    def __init__(
        self,
        hub: "Hub",
        chance: random.Random,
        troubles: Callable[[], Iterable[Step]],
        note: Callable[[str], None],
    ) -> None:
        self._hub = hub
        self._chance = chance
        self._troubles = troubles
        self._note = note
        self._carrying: dict[asyncio.Task[None], None] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        answer = asyncio.get_running_loop().create_future()
        self._start(self._carry(request, body, self._fate(request.url.path), answer))
        try:
            async with asyncio.timeout(READ_S):
                response: httpx.Response = await asyncio.shield(answer)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the simulated link is silent") from error
        finally:
            # Nobody waits any more; what still comes is dropped.
            answer.cancel()
        return response

    def end(self) -> None:
        for task in self._carrying:
            task.cancel()

    def _fate(self, path: str) -> Fate:
        fate = Fate()
        for step in self._troubles():
            meet = _MEETINGS.get(step.kind)
            if meet is not None:
                is_met = meet(fate, step, self._chance, path)
                if is_met:
                    self._note(step.kind)
        return fate

    async def _carry(
        self,
        request: httpx.Request,
        body: bytes,
        fate: Fate,
        answer: "asyncio.Future[httpx.Response]",
    ) -> None:
        try:
            response = await self._there_and_back(request, body, fate)
        except httpx.TransportError as error:
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(response)

    async def _there_and_back(
        self, request: httpx.Request, body: bytes, fate: Fate
    ) -> httpx.Response:
        if fate.is_lost:
            await asyncio.sleep(CONNECT_S)
            raise httpx.ConnectError("lost on the way there")
        if fate.is_caught:
            await asyncio.sleep(0.1)
            return _portal(self._chance)
        if fate.is_slow:
            fate.before_s += SLOW_S + len(body) / SLOW_BYTES_PER_S
        await asyncio.sleep(fate.before_s)
        if fate.garbles_request:
            body = _garbled(body, self._chance)
        if fate.again_after_s is not None:
            self._start(self._again(request, body, fate.again_after_s))
        answer = await self._hub.serve(request, body)
        content = answer.content
        await asyncio.sleep(fate.after_s + (len(content) / SLOW_BYTES_PER_S if fate.is_slow else 0))
        if fate.loses_answer:
            raise httpx.ReadError("lost on the way back")
        if fate.garbles_answer:
            content = _garbled(content, self._chance)
        return answer.as_response(content)

    async def _again(self, request: httpx.Request, body: bytes, after_s: float) -> None:
        """The same request comes a second time; nobody waits for this answer."""
        await asyncio.sleep(after_s)
        try:
            await self._hub.serve(request, body)
        except httpx.TransportError:
            return

    def _start(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._carrying[task] = None
        task.add_done_callback(lambda done: self._carrying.pop(done, None))


def _loss(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    fate.is_lost |= chance.random() < float(step.value) / 2
    fate.loses_answer |= chance.random() < float(step.value) / 2
    return fate.is_lost or fate.loses_answer


def _late(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    """The answer comes when nobody waits for it any more."""
    if is_met := chance.random() < float(step.value):
        fate.after_s += chance.uniform(20, 120)
    return is_met


def _held(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    """The request reaches the hub only after later ones have."""
    if is_met := chance.random() < float(step.value):
        fate.before_s += chance.uniform(20, 120)
    return is_met


def _twice(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    if is_met := chance.random() < float(step.value):
        fate.again_after_s = chance.uniform(0, 60)
    return is_met


def _garbles(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    fate.garbles_request |= chance.random() < float(step.value) / 2
    fate.garbles_answer |= chance.random() < float(step.value) / 2
    return fate.garbles_request or fate.garbles_answer


def _catch(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    fate.is_caught = True
    return True


def _catch_nothing(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    fate.is_lost = True
    return True


def _slow(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    fate.is_slow = True
    fate.is_lost |= chance.random() < 0.05
    return True


def _cut(fate: Fate, step: Step, chance: random.Random, path: str) -> bool:
    """One way only, where the value says so: what is pushed passes, what is pulled does not."""
    if is_met := step.value == "both" or path.endswith(step.value):
        fate.is_lost = True
    return is_met


_MEETINGS = {
    "loss": _loss,
    "late": _late,
    "held": _held,
    "twice": _twice,
    "garbled": _garbles,
    "portal": _catch,
    "slow": _slow,
    "cut": _cut,
    "freeze": _catch_nothing,
}


def _garbled(body: bytes, chance: random.Random) -> bytes:
    """Cut off somewhere, or with two bytes changed."""
    if not body:
        return body
    if chance.random() < 0.5:
        return body[: chance.randrange(len(body))]
    changed = bytearray(body)
    for _ in range(2):
        changed[chance.randrange(len(body))] ^= chance.randrange(1, 256)
    return bytes(changed)


def _portal(chance: random.Random) -> httpx.Response:
    kind = chance.randrange(4)
    if kind == 0:
        return httpx.Response(200, html="<html><body>请先登录校园网</body></html>")
    if kind == 1:
        return httpx.Response(302, headers={"Location": "http://portal.test/"})
    if kind == 2:
        return httpx.Response(200, json={"result": 0, "msg": "请先登录校园网"})
    wrong = {"hub_inc": "x", "acked_seq": 10**6, "chain": "0" * 64, "results": []}
    content = json.dumps(wrong | {"server_time": "2023-04-13T01:00:00.000Z"})
    return httpx.Response(200, content=content, headers={"Content-Type": "application/json"})
