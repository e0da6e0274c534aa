"""Digests of marks: equal on both sides when both hold the same ones."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from shared.wire.meeting import Pile

BUCKETS = 64
_BYTES = 8
EMPTY = "0" * 2 * _BYTES

Key = tuple[int, int, int]
"""Sitting, round, item group."""


def bucket_of(event_id: str) -> int:
    return sha256(event_id.encode()).digest()[0] % BUCKETS


def piles(marks: Mapping[Key, Iterable[str]]) -> list[Pile]:
    """A count and the XOR of the ids' hashes in 64 buckets, for each pile of event ids."""
    return [_pile(key, ids) for key, ids in sorted(marks.items())]


def unequal(one: Pile | None, other: Pile | None) -> list[int]:
    """The buckets that differ; a pile that is missing is an empty one."""
    first, second = _buckets(one), _buckets(other)
    return [n for n in range(BUCKETS) if first[n] != second[n]]


def _pile(key: Key, ids: Iterable[str]) -> Pile:
    sums, count = [0] * BUCKETS, 0
    for event_id in ids:
        digest = sha256(event_id.encode()).digest()
        sums[digest[0] % BUCKETS] ^= int.from_bytes(digest[:_BYTES], "big")
        count += 1
    buckets = [f"{total:0{2 * _BYTES}x}" for total in sums]
    return Pile(sitting=key[0], round=key[1], group_id=key[2], count=count, buckets=buckets)


def _buckets(pile: Pile | None) -> list[str]:
    if pile is None:
        return [EMPTY] * BUCKETS
    # Whatever a node sends: exactly so many, so that none is left uncompared.
    return [*pile.buckets[:BUCKETS], *[""] * (BUCKETS - len(pile.buckets))]
