"""Handings: in order, every task given and taken, with all that the choice was made from."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlite_utils import Database

from shared.rules.choosing import Asked

HandingKind = Literal["given", "dealt", "taken", "kept", "hand"]
"""dealt: in a supplement, with others at once; kept: a task taken back was done after all;
hand: an account's standing changed."""


@dataclass(frozen=True, slots=True)
class Handing:
    seq: int
    kind: HandingKind
    ref: int
    """The task; of a hand the account."""
    detail: str
    """JSON. given: [gen, districts that held the video, accounts that might not take it,
    districts of the other of rounds 1 and 2]; hand: [role, scope, district, capacity, state];
    else empty.
    """


@dataclass(frozen=True, slots=True)
class Downloads:
    """Of the tasks of rounds 3 and 4: how many cost no new download."""

    tasks: int
    near: int


@dataclass(frozen=True, slots=True)
class Given:
    """A task that was handed out, and what its holder was chosen from."""

    task_id: int
    gen: int
    near: Collection[int]
    asked: Asked
    is_near: bool | None
    """None in rounds 1 and 2, whose videos are downloaded before they begin."""

    @property
    def detail(self) -> str:
        asked = self.asked
        parts = [self.gen, sorted(self.near), sorted(asked.already), sorted(asked.partners)]
        return msgspec.json.encode(parts).decode()


def given(db: Database, sitting_id: int, news: Sequence[Given]) -> None:
    """In this order."""
    db.conn.executemany(
        """
        INSERT INTO handing (sitting_id, kind, ref, detail, is_near) VALUES (?, 'given', ?, ?, ?)
        """,
        [(sitting_id, new.task_id, new.detail, new.is_near) for new in news],
    )


def downloads(db: Database, sitting_id: int) -> Downloads:
    row = db.conn.execute(
        """
        SELECT count(*), coalesce(sum(is_near), 0) FROM handing
        WHERE sitting_id = ? AND is_near IS NOT NULL
        """,
        (sitting_id,),
    ).fetchone()
    return Downloads(row[0], row[1])


def dealt(db: Database, sitting_id: int, task_ids: Sequence[int]) -> None:
    db.conn.executemany(
        "INSERT INTO handing (sitting_id, kind, ref, detail) VALUES (?, 'dealt', ?, '')",
        [(sitting_id, id) for id in task_ids],
    )


def taken(db: Database, sitting_id: int, task_id: int) -> None:
    _add(db, sitting_id, "taken", task_id, "")


def kept(db: Database, sitting_id: int, task_id: int) -> None:
    _add(db, sitting_id, "kept", task_id, "")


def hand(db: Database, sitting_id: int, account_id: int, standing: str) -> None:
    _add(db, sitting_id, "hand", account_id, standing)


def handed_on(db: Database, sitting_id: int) -> set[int]:
    """Tasks that were no part of the first deal."""
    rows = db.conn.execute(
        "SELECT ref FROM handing WHERE sitting_id = ? AND kind IN ('given', 'dealt')",
        (sitting_id,),
    )
    return {row[0] for row in rows}


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
