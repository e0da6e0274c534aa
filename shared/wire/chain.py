"""The chain hash over a node's outbox: shows a rewound or forked history."""

from hashlib import sha256

START = "0" * 64


def body_hash(body: str) -> str:
    return sha256(body.encode()).hexdigest()


def link(previous: str, event_id: str, body_sha256: str) -> str:
    return sha256(f"{previous}{event_id}{body_sha256}".encode()).hexdigest()
