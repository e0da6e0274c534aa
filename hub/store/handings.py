"""Handings: in order, every task given and taken, with all that the choice was made from."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

HandingKind = Literal["given", "taken", "kept", "hand"]
"""kept: a task taken back was done after all; hand: an account's standing changed."""


@dataclass(frozen=True, slots=True)
class Handing:
    seq: int
    kind: HandingKind
    ref: int
    """The task; of a hand the account."""
    detail: str
    """JSON. given: [districts that held the video, who may not have it back or null];
    hand: [role, scope, district, capacity, state]; else empty.
    """


def given(
    db: Database, sitting_id: int, task_id: int, near: Collection[int], not_to: int | None
) -> None:
    _add(db, sitting_id, "given", task_id, json.dumps([sorted(near), not_to]))


def taken(db: Database, sitting_id: int, task_id: int) -> None:
    _add(db, sitting_id, "taken", task_id, "")


def kept(db: Database, sitting_id: int, task_id: int) -> None:
    _add(db, sitting_id, "kept", task_id, "")


def hand(db: Database, sitting_id: int, account_id: int, standing: str) -> None:
    _add(db, sitting_id, "hand", account_id, standing)


def of_sitting(db: Database, sitting_id: int) -> Iterator[Handing]:
    """In order."""
    rows = db.conn.execute(
        "SELECT seq, kind, ref, detail FROM handing WHERE sitting_id = ? ORDER BY seq",
        (sitting_id,),
    )
    return (Handing(*row) for row in rows)


def _add(db: Database, sitting_id: int, kind: HandingKind, ref: int, detail: str) -> None:
    db.conn.execute(
        "INSERT INTO handing (sitting_id, kind, ref, detail) VALUES (?, ?, ?, ?)",
        (sitting_id, kind, ref, detail),
    )
