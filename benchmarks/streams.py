"""Many players in one cheap thread: the kernel throws the bytes away, so that only servers work."""

import random
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

DISCARD_BYTES = 1 << 20
WARM_UP_S = 0.3
_RIGHT = (b"200", b"206")


@dataclass(frozen=True, slots=True)
class Stream:
    port: int
    path: str
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    streams: Sequence[Stream]
    clients: int
    size: int
    """Of each file."""
    span: int
    """Of each range; 0: whole files."""


@dataclass(frozen=True, slots=True)
class Drawn:
    bytes: int
    seconds: float
    cpu_s: float


@dataclass(slots=True)
class _Player:
    stream: Stream
    connection: socket.socket
    chance: random.Random
    head: bytes = b""
    left: int = -1
    """Of the body; -1: the head has not come."""
    due: float = 0.0
    total: int = field(default=0)

    def ask(self, load: Load) -> None:
        lines = [f"GET {self.stream.path} HTTP/1.1", "Host: lab"]
        if self.stream.cookie:
            lines.append(f"Cookie: {self.stream.cookie}")
        if load.span:
            start = self.chance.randrange(load.size - load.span)
            lines.append(f"Range: bytes={start}-{start + load.span - 1}")
        self.head, self.left = b"", -1
        self.connection.send("\r\n".join([*lines, "", ""]).encode())

    def take(self, rubbish: bytearray) -> bool:
        """Whether the answer is complete."""
        if self.left < 0:
            self._take_head()
        else:
            most = min(self.left, len(rubbish))
            count = self.connection.recv_into(rubbish, most, socket.MSG_TRUNC)
            if count == 0:
                raise ConnectionError("the server closed the connection in the middle")
            self.left -= count
            self.total += count
        return self.left == 0

    def _take_head(self) -> None:
        self.head += self.connection.recv(4096)
        head, found, body = self.head.partition(b"\r\n\r\n")
        if not found:
            return
        if head[9:12] not in _RIGHT:
            raise ConnectionError(head.decode())
        start = head.lower().index(b"content-length:") + 15
        self.left = int(head[start:].split(b"\r\n")[0]) - len(body)
        self.total += len(body)


def draw(load: Load, seconds: float, spent: Callable[[], float]) -> Drawn:
    """As much as comes, to players that stay connected; what they begin with is not counted.

    `spent`: the servers' CPU seconds so far.
    """
    with _crowd(load, pause_s=0.0) as crowd:
        crowd.run(WARM_UP_S)
        bytes_before, spent_before, began = crowd.total, spent(), time.monotonic()
        crowd.run(seconds)
        taken, cpu_s = time.monotonic() - began, spent() - spent_before
        return Drawn(crowd.total - bytes_before, taken, cpu_s)


def play(load: Load, mbit: float, seconds: float) -> None:
    """Each player asks for its next range when the last one has been watched."""
    with _crowd(load, pause_s=load.span * 8 / (mbit * 1e6)) as crowd:
        crowd.run(seconds)


class _Crowd:
    """Players of one load, who go on wherever they were."""

    def __init__(self, load: Load, players: Sequence[_Player], pause_s: float) -> None:
        self._load, self._players, self._pause_s = load, players, pause_s
        self._idle = list(players)
        self._rubbish = bytearray(DISCARD_BYTES)
        self._began = time.monotonic()

    @property
    def total(self) -> int:
        return sum(player.total for player in self._players)

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for player in self._players:
                selector.register(player.connection, selectors.EVENT_READ, player)
            while (moment := time.monotonic()) < end:
                self._ask(moment - self._began)
                for key, _ in selector.select(0.01):
                    self._take(key.data)

    def _ask(self, moment: float) -> None:
        for player in [p for p in self._idle if p.due <= moment]:
            self._idle.remove(player)
            player.ask(self._load)

    def _take(self, player: _Player) -> None:
        if player.take(self._rubbish):
            player.due += self._pause_s
            self._idle.append(player)


@contextmanager
def _crowd(load: Load, pause_s: float) -> Iterator[_Crowd]:
    players = [_player(load, number, pause_s) for number in range(load.clients)]
    try:
        yield _Crowd(load, players, pause_s)
    finally:
        for player in players:
            player.connection.close()


def _player(load: Load, number: int, pause_s: float) -> _Player:
    stream = load.streams[number % len(load.streams)]
    connection = socket.create_connection(("127.0.0.1", stream.port))
    connection.setblocking(False)
    chance = random.Random(number)
    return _Player(stream, connection, chance, due=chance.random() * pause_s)
