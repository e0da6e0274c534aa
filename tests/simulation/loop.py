"""An asyncio loop without real time: it runs what is ready, then jumps to the next timer."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

Handler = Callable[[dict[str, Any]], None]


class Serial:
    """Sets of futures are walked in the order of their hashes: these must not be addresses."""

    _numbers = itertools.count()


class SerialFuture(asyncio.Future[Any]):
    def __init__(self, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._serial = next(Serial._numbers)

    def __hash__(self) -> int:
        return self._serial


class SerialTask(asyncio.Task[Any]):
    def __init__(self, coro: Any, **settings: Any) -> None:
        self._serial = next(Serial._numbers)
        super().__init__(coro, **settings)

    def __hash__(self) -> int:
        return self._serial


class Stuck(Exception):
    """Nothing is ready and no timer is set: the simulated world would wait for ever."""


class _NoSockets:
    """In the place of a selector: nothing comes from outside, so waiting is jumping ahead."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Stuck
        self._loop.jump(timeout)
        return []


class VirtualLoop(asyncio.base_events.BaseEventLoop):
    """Deterministic: first come, first served, one thread, and time that nobody waits for."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = _NoSockets(self)
        Serial._numbers = itertools.count()
        self.set_task_factory(lambda loop, coro, **rest: SerialTask(coro, loop=loop, **rest))

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += max(seconds, 0.0)

    def create_future(self) -> Any:
        return SerialFuture(loop=self)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """At once and here: threads would come in an order of their own."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except StopIteration as error:
            raise RuntimeError("a thread's work ended with StopIteration") from error
        except BaseException as error:
            done.set_exception(error)
        return done

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        return self.call_soon(callback, *args, context=context)

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""
