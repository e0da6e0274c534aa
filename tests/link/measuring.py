"""What one exam costs on the wire, with the cache and without it."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.link.exam import Size, an_exam
from tests.link.streaming import stream_all
from tests.link.wires import a_wire

WIRE_MBIT = 300
REVISED = 12


@dataclass(frozen=True, slots=True)
class Result:
    distinct_bytes: int
    """Of the videos that the node's tasks need, each counted once."""
    cached_bytes: int
    """At the node's interface, both directions, for the whole exam."""
    streamed_bytes: int
    """The same, with every view coming from the hub."""
    streamed_mbit: float
    views: int
    rounds: dict[int, int]
    sync_s: list[float]
    """How long marks took to the hub while the wire was full."""

    @property
    def share(self) -> float:
        return self.cached_bytes / self.distinct_bytes


def measure(folder: Path, size: Size, mbit: int = WIRE_MBIT) -> Result:
    """NoWires where this machine does not let us.

    An interface counts what the kernel hands it, in pieces of up to 64 KB with one head each. On
    a cable every 1,448 bytes have a head of 66 of their own: 4.6 % more, with and without a cache.
    """
    with a_wire(mbit) as wire, an_exam(wire, folder, size) as exam:
        # The node is enrolled, and its first videos are on their way; nothing was watched yet.
        exam.mark_everything()
        cached = wire.counted()
        with ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            streaming = pool.submit(stream_all, wire, folder / "node" / "node.db", exam.views)
            sync_s = exam.revise(REVISED)
            streaming.result()
            took_s = time.monotonic() - began
        streamed = wire.counted().since(cached)
    return Result(
        distinct_bytes=exam.distinct_bytes,
        cached_bytes=cached.total,
        streamed_bytes=streamed.total,
        streamed_mbit=streamed.received * 8 / took_s / 1e6,
        views=len(exam.views),
        rounds=dict(sorted(exam.rounds.items())),
        sync_s=sync_s,
    )
