"""The exam as the node knows it: policies, sittings, item groups and their rubrics."""

from dataclasses import dataclass

import msgspec
from sqlite_utils import Database

from shared.rules.policy import Policy
from shared.rules.rubric import Stage, group_label
from shared.wire.messages import ExamCard, GroupCard, SittingCard


@dataclass(frozen=True, slots=True)
class Exam:
    name: str
    first_day: str
    last_day: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Sitting:
    id: int
    kind: str
    """trial | formal"""
    state: str
    """prepared | open | closed | wiped"""
    wipe_at: str | None


@dataclass(frozen=True, slots=True)
class Group:
    id: int
    stage: Stage
    item: str
    position: int
    label: str
    lyrics: str
    model_sha256: str | None
    """Of the model singing, where the city gave one."""


def exam(db: Database) -> Exam | None:
    row = db.conn.execute("SELECT name, first_day, last_day, policies FROM exam").fetchone()
    if row is None:
        return None
    # A policy that this version does not know yet is passed over.
    policy = msgspec.json.decode(row["policies"], type=Policy)
    return Exam(row["name"], row["first_day"], row["last_day"], policy)


def policy(db: Database) -> Policy:
    known = exam(db)
    return Policy() if known is None else known.policy


def sitting(db: Database, sitting_id: int) -> Sitting | None:
    row = db.conn.execute(
        "SELECT id, kind, state, wipe_at FROM sitting WHERE id = ?", (sitting_id,)
    ).fetchone()
    return None if row is None else Sitting(**dict(row))


def sittings(db: Database) -> list[Sitting]:
    return [
        Sitting(*row) for row in db.conn.execute("SELECT id, kind, state, wipe_at FROM sitting")
    ]


def open_sitting(db: Database) -> Sitting | None:
    row = db.conn.execute(
        "SELECT id, kind, state, wipe_at FROM sitting WHERE state = 'open' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else Sitting(**dict(row))


def current_sitting(db: Database) -> Sitting | None:
    """The open one, else the newest."""
    row = db.conn.execute(
        "SELECT id, kind, state, wipe_at FROM sitting ORDER BY state = 'open' DESC, id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else Sitting(**dict(row))


def groups(db: Database) -> list[Group]:
    rows = db.conn.execute(
        "SELECT id, stage, item, position, lyrics, model_sha256 FROM item_group"
        " ORDER BY position, id"
    ).fetchall()
    return [
        Group(
            row["id"],
            Stage(row["stage"]),
            row["item"],
            row["position"],
            group_label(Stage(row["stage"]), row["item"]),
            row["lyrics"],
            row["model_sha256"],
        )
        for row in rows
    ]


def descriptors(db: Database) -> dict[int, dict[str, dict[str, str]]]:
    """By item group, criterion and level as text."""
    rows = db.conn.execute(
        "SELECT item_group_id, criterion, level, text FROM descriptor"
        " ORDER BY item_group_id, criterion, level DESC"
    ).fetchall()
    found: dict[int, dict[str, dict[str, str]]] = {}
    for row in rows:
        of_group = found.setdefault(row["item_group_id"], {})
        of_group.setdefault(row["criterion"], {})[str(row["level"])] = row["text"]
    return found


def put_exam(db: Database, card: ExamCard) -> None:
    db.conn.execute(
        "INSERT INTO exam (id, name, first_day, last_day, policies) VALUES (1, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, first_day = excluded.first_day,"
        "   last_day = excluded.last_day, policies = excluded.policies",
        (card.name, card.first_day, card.last_day, msgspec.json.encode(card.policies).decode()),
    )


def put_sitting(db: Database, card: SittingCard, named_in: int = 0) -> None:
    """A wiped sitting stays wiped, whatever arrives late."""
    db.conn.execute(
        "INSERT INTO sitting (id, kind, state, wipe_at, named_in) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, wipe_at = excluded.wipe_at,"
        "   named_in = excluded.named_in"
        " WHERE sitting.state <> 'wiped'",
        (card.sitting, card.kind, card.state, card.wipe_at, named_in),
    )


def close_unnamed(db: Database, snapshot: int) -> int:
    """A sitting that the hub no longer knows goes on for nobody."""
    return db.conn.execute(
        "UPDATE sitting SET state = 'closed' WHERE named_in < ? AND state IN ('prepared', 'open')",
        (snapshot,),
    ).rowcount


def put_group(db: Database, card: GroupCard) -> None:
    db.conn.execute(
        "INSERT INTO item_group (id, stage, item, position, lyrics, model_sha256)"
        " VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, item = excluded.item,"
        "   position = excluded.position, lyrics = excluded.lyrics,"
        "   model_sha256 = excluded.model_sha256",
        (
            *(card.group_id, card.stage, card.item, card.position, card.lyrics),
            card.model.sha256 if card.model else None,
        ),
    )
    db.conn.execute("DELETE FROM descriptor WHERE item_group_id = ?", (card.group_id,))
    db.conn.executemany(
        "INSERT INTO descriptor (item_group_id, criterion, level, text) VALUES (?, ?, ?, ?)",
        [
            (card.group_id, criterion, int(level), text)
            for criterion, by_level in card.descriptors.items()
            for level, text in by_level.items()
        ],
    )
