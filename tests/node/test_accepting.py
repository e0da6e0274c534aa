"""Taking connections goes on when one breaks while it is made (what Windows does to asyncio)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from node import accepting
from node.accepting import Answer, accept_again, new_loop
from node.app import create_app
from node.serving import configured
from node.settings import NodeSettings

VANISHED = OSError(64, "the specified network name is no longer available")


class Door:
    """Accepts as a proactor does: each time a future, which may break."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.asked: list[Answer] = []
        self.raises = False

    def accept(self, listener: socket.socket) -> Answer:
        if self.raises:
            raise VANISHED
        self.asked.append(self._loop.create_future())
        return self.asked[-1]

    async def asked_times(self, count: int) -> Answer:
        async with asyncio.timeout(10):
            while len(self.asked) < count:
                await asyncio.sleep(0.01)
        return self.asked[count - 1]


def play(script: Callable[[Door, socket.socket], Awaitable[None]]) -> None:
    async def running() -> None:
        with socket.socket() as listener:
            await script(Door(asyncio.get_running_loop()), listener)

    asyncio.run(running())


def test_a_pc_that_vanishes_while_it_connects_does_not_close_the_door() -> None:
    async def script(door: Door, listener: socket.socket) -> None:
        answer = accept_again(asyncio.get_running_loop(), door.accept, listener)
        (await door.asked_times(1)).set_exception(VANISHED)
        (await door.asked_times(2)).set_exception(VANISHED)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            (await door.asked_times(3)).set_result((ours, "pc 7"))
            assert (await answer)[1] == "pc 7"

    play(script)


def test_an_end_reaches_what_waits_and_drops_what_came_too_late() -> None:
    async def script(door: Door, listener: socket.socket) -> None:
        answer = accept_again(asyncio.get_running_loop(), door.accept, listener)
        waiting = await door.asked_times(1)
        answer.cancel()
        await asyncio.sleep(0)
        assert waiting.cancelled()

    play(script)


def test_a_closed_door_and_one_that_never_opens_are_not_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accepting, "PAUSE_S", 0.0)

    async def script(door: Door, listener: socket.socket) -> None:
        door.raises = True
        loop = asyncio.get_running_loop()
        with pytest.raises(OSError, match="network name"):
            await accept_again(loop, door.accept, listener)
        listener.close()
        door.raises = False
        answer = accept_again(loop, door.accept, listener)
        (await door.asked_times(1)).set_exception(VANISHED)
        with pytest.raises(OSError, match="network name"):
            await answer

    play(script)


def test_the_service_runs_on_this_loop() -> None:
    loop = new_loop()
    try:
        factory = configured(create_app(NodeSettings())).get_loop_factory()
        assert factory is not None
        made = factory()
        made.close()
        assert type(made) is type(loop)
    finally:
        loop.close()


def test_nothing_but_a_lost_connection_is_passed_over() -> None:
    async def script(door: Door, listener: socket.socket) -> None:
        answer = accept_again(asyncio.get_running_loop(), door.accept, listener)
        (await door.asked_times(1)).set_exception(ValueError("a bug"))
        with pytest.raises(ValueError, match="a bug"):
            await answer

    play(script)
