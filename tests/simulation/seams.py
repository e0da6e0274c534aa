"""Where the product meets chance, time and threads: there the simulation takes their place."""

import os
import random
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import anyio.to_thread
import httpx

import node.uplink.backoff
import shared.kit.clock
import shared.kit.ids
import shared.kit.store
from tests.makers import NINE
from tests.simulation.disk import SimConnection
from tests.simulation.loop import VirtualLoop

PACKAGES = ("hub.", "node.", "shared.")


class Clock:
    """One machine's clock: the world's time, and how far off it is set."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.off = timedelta()

    def now(self) -> datetime:
        return NINE + timedelta(seconds=self._loop.time()) + self.off


CLOCK: ContextVar[Clock] = ContextVar("CLOCK")
"""Of the machine that the running code belongs to."""


class SimDatetime(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return CLOCK.get().now()

    @staticmethod
    def fromisoformat(text: str) -> datetime:  # type: ignore[override]
        return datetime.fromisoformat(text)


async def inline(func: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    """In the place of a thread: at once, and in a known order."""
    return func(*args)


@contextmanager
def deterministic(loop: VirtualLoop, chance: random.Random) -> Iterator[None]:
    """Inside, the product's code draws everything from `loop` and `chance`."""
    sim_time = SimpleNamespace(
        monotonic=loop.time, time=loop.time, sleep=lambda seconds: None, perf_counter=loop.time
    )
    sim_secrets = SimpleNamespace(
        token_hex=lambda n: chance.randbytes(n).hex(),
        choice=chance.choice,
        compare_digest=secrets.compare_digest,
        token_urlsafe=lambda n: chance.randbytes(n).hex(),
    )
    sim_sqlite = SimpleNamespace(**vars(sqlite3) | {"connect": SimConnection.connect})
    with ExitStack() as seams:

        def change(module: Any, name: str, instead: Any) -> None:
            seams.enter_context(patch.object(module, name, instead))

        for module in [m for name, m in sys.modules.items() if name.startswith(PACKAGES)]:
            if getattr(module, "time", None) is time:
                change(module, "time", sim_time)
            if getattr(module, "secrets", None) is secrets:
                change(module, "secrets", sim_secrets)
        change(shared.kit.clock, "datetime", SimDatetime)
        change(shared.kit.ids, "os", SimpleNamespace(urandom=chance.randbytes))
        change(shared.kit.store, "sqlite3", sim_sqlite)
        change(node.uplink.backoff, "random", SimpleNamespace(uniform=chance.uniform))
        change(anyio.to_thread, "run_sync", inline)
        change(os, "fsync", lambda handle: None)
        # The hub sets none; looking for them is a tenth of every exchange.
        change(httpx.Cookies, "extract_cookies", lambda jar, response: None)
        yield
