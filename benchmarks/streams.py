"""Many players in one cheap thread: the kernel throws the bytes away, so that only servers work."""

import random
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

DISCARD_BYTES = 1 << 20
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


def draw(load: Load, seconds: float) -> Drawn:
    """As much as comes."""
    return _run(load, seconds, pause_s=0.0)


def play(load: Load, mbit: float, seconds: float) -> Drawn:
    """Each player asks for its next range when the last one has been watched."""
    return _run(load, seconds, pause_s=load.span * 8 / (mbit * 1e6))


def _run(load: Load, seconds: float, pause_s: float) -> Drawn:
    selector, rubbish = selectors.DefaultSelector(), bytearray(DISCARD_BYTES)
    players = [_player(load, number, pause_s) for number in range(load.clients)]
    idle = list(players)
    for player in players:
        selector.register(player.connection, selectors.EVENT_READ, player)
    began = time.monotonic()
    while (moment := time.monotonic() - began) < seconds:
        for player in [p for p in idle if p.due <= moment]:
            idle.remove(player)
            player.ask(load)
        for key, _ in selector.select(0.01):
            player = key.data
            if player.take(rubbish):
                player.due += pause_s
                idle.append(player)
    taken = time.monotonic() - began
    selector.close()
    for player in players:
        player.connection.close()
    return Drawn(sum(player.total for player in players), taken)


def _player(load: Load, number: int, pause_s: float) -> _Player:
    stream = load.streams[number % len(load.streams)]
    connection = socket.create_connection(("127.0.0.1", stream.port))
    connection.setblocking(False)
    chance = random.Random(number)
    return _Player(stream, connection, chance, due=chance.random() * pause_s)
