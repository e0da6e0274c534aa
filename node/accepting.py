"""An event loop that goes on taking connections when one of them breaks while it is made.

On Windows asyncio closes the listening socket for good when a PC vanishes in the middle of
connecting (CPython issue 93821); the program would go on, and no browser would reach it.
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

PAUSE_S = 0.05
TRIES_MAX = 200
"""In a row; then something else is wrong, and the service is started again."""

Accepted = tuple[socket.socket, Any]
Answer = asyncio.Future[Accepted]


def accept_again(
    loop: asyncio.AbstractEventLoop,
    accept: Callable[[socket.socket], Answer],
    listener: socket.socket,
) -> Answer:
    """The next connection; one that broke is passed over, and cancelling reaches what waits."""
    return _Accepting(loop, accept, listener).answer


class _Accepting:
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        accept: Callable[[socket.socket], Answer],
        listener: socket.socket,
    ) -> None:
        self._loop, self._accept, self._listener = loop, accept, listener
        self._broken = 0
        self._tried: Answer | None = None
        self.answer: Answer = loop.create_future()
        self.answer.add_done_callback(self._answered)
        self._try()

    def _try(self) -> None:
        if self.answer.done():
            return
        try:
            self._tried = self._accept(self._listener)
        except OSError as error:
            self._failed(error)
        else:
            self._tried.add_done_callback(self._came)

    def _came(self, tried: Answer) -> None:
        error = None if tried.cancelled() else tried.exception()
        if isinstance(error, OSError):
            self._failed(error)
        elif self.answer.done():
            if error is None and not tried.cancelled():
                tried.result()[0].close()
        elif tried.cancelled():
            self.answer.cancel()
        elif error is not None:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(tried.result())

    def _failed(self, error: OSError) -> None:
        self._broken += 1
        if self.answer.done():
            return
        if self._listener.fileno() == -1 or self._broken >= TRIES_MAX:
            self.answer.set_exception(error)
        else:
            self._loop.call_later(PAUSE_S, self._try)

    def _answered(self, answer: Answer) -> None:
        if answer.cancelled() and self._tried is not None:
            self._tried.cancel()


if sys.platform == "win32":

    class _Proactor(asyncio.IocpProactor):
        def accept(self, listener: socket.socket) -> Answer:
            return accept_again(self._loop, super().accept, listener)

    def new_loop() -> asyncio.AbstractEventLoop:
        return asyncio.ProactorEventLoop(_Proactor())

else:

    def new_loop() -> asyncio.AbstractEventLoop:
        # Never uvloop, which Windows has not: what is tested here is what runs there.
        return asyncio.SelectorEventLoop()
