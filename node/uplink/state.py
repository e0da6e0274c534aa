"""What the uplink knows of the link right now, and what it tells the status page of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, TypeVar

import msgspec

from node.uplink.clock import HubClock
from shared.wire.messages import PullAnswer, RoundProgress
from shared.wire.paths import EVENTS_PER_PUSH

P = ParamSpec("P")
T = TypeVar("T")

PUSH, PULL, VIDEO = "push", "pull", "video"
"""The three loops, and the kinds of exchange."""


@dataclass(frozen=True, slots=True)
class UplinkView:
    is_enrolled: bool
    is_connected: bool
    last_contact_at: datetime | None
    rtt_ms: int | None
    clock_offset_ms: int
    pending: int
    last_problem: str
    """Chinese; empty while all is well."""
    video_problem: str
    video_bytes_per_s: int
    city: list[RoundProgress]
    city_done: list[str]
    differs: int
    """So many marks differ from the hub's (对账); -1: not compared yet."""


class City(msgspec.Struct):
    """How far the city is, as the hub last said."""

    rounds: list[RoundProgress] = []
    done: list[str] = []


@dataclass(slots=True)
class LinkState:
    """Owned by the event loop; other threads only read single values."""

    clock: HubClock = field(default_factory=HubClock)
    is_connected: bool = False
    last_contact_at: datetime | None = None
    rtt_ms: int | None = None
    last_push_ms: int = 0
    events_per_push: int = EVENTS_PER_PUSH
    """What the hub takes at most."""
    problem: str = ""
    video_problem: str = ""
    video_bytes_per_s: int = 0
    city: City = field(default_factory=City)
    pending_reported: int = 0
    is_met: bool = False
    """Said hello, and nothing has come up since that asks for another one."""
    is_compared: bool = False
    """Compared marks with the hub, and it is not yet time to do it again."""
    differs: int = -1
    """So many marks differ from the hub's; -1: not compared yet."""
    is_measuring: bool = False
    """The line is being measured: videos leave it alone."""
    push_is_idle: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while events are on their way: videos then leave them the link."""

    def reached(self, moment: datetime) -> None:
        self.is_connected = True
        self.last_contact_at = moment
        self.problem = ""

    def lost(self, name: str, problem: str) -> bool:
        """Whether this is news. A video that broke off does not yet mean that the hub is away."""
        if name == VIDEO:
            is_news, self.video_problem = self.video_problem != problem, problem
            return is_news
        is_news = self.is_connected or self.problem != problem
        self.is_connected, self.problem = False, problem
        return is_news

    def hear(self, answer: PullAnswer) -> None:
        self.city = City(answer.city, answer.city_done)


async def finish(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run in a thread, and even when cancelled wait for its end.

    A write that goes on behind our back would meet a store that is closed.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
