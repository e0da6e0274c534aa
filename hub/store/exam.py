"""The exam's frame: its name, days and policies, the item groups with rubrics, the districts."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec
from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.rules.policy import Policy
from shared.rules.rubric import Stage, group_label

Descriptors = Mapping[str, Mapping[str, str]]
"""descriptors[criterion][level as text] = the words of the rubric."""


@dataclass(frozen=True, slots=True)
class Exam:
    name: str
    first_day: str
    """ISO, like last_day."""
    last_day: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Group:
    id: int
    stage: Stage
    item: str
    position: int

    @property
    def label(self) -> str:
        return group_label(self.stage, self.item)


@dataclass(frozen=True, slots=True)
class Attachments:
    """What markers of an item group may compare with."""

    lyrics: str
    model_file: str
    """Of the model singing, in the city's folder of videos."""
    model_video_id: int | None


@dataclass(frozen=True, slots=True)
class District:
    id: int
    name: str
    position: int


def exam(db: Database) -> Exam | None:
    row = db.conn.execute("SELECT name, first_day, last_day, policies FROM exam").fetchone()
    if row is None:
        return None
    policy = msgspec.json.decode(row["policies"], type=Policy)
    return Exam(row["name"], row["first_day"], row["last_day"], policy)


def policy(db: Database) -> Policy:
    found = exam(db)
    return found.policy if found else Policy()


def put_exam(db: Database, exam: Exam, moment: datetime) -> bool:
    """Whether anything changed."""
    changed = db.conn.execute(
        """
        INSERT INTO exam (id, name, first_day, last_day, policies, imported_at)
        VALUES (1, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
          name = excluded.name, first_day = excluded.first_day, last_day = excluded.last_day,
          policies = excluded.policies, imported_at = excluded.imported_at
        WHERE exam.name <> excluded.name OR exam.first_day <> excluded.first_day
           OR exam.last_day <> excluded.last_day OR exam.policies <> excluded.policies
        """,
        (
            exam.name,
            exam.first_day,
            exam.last_day,
            msgspec.json.encode(asdict(exam.policy)).decode(),
            stamp(moment),
        ),
    )
    return changed.rowcount > 0


def groups(db: Database) -> list[Group]:
    """In the order in which a marker works through them."""
    rows = db.conn.execute("SELECT id, stage, item, position FROM item_group ORDER BY position, id")
    return [Group(r["id"], Stage(r["stage"]), r["item"], r["position"]) for r in rows]


def stage_of_group(db: Database, group_id: int) -> Stage:
    row = db.conn.execute("SELECT stage FROM item_group WHERE id = ?", (group_id,)).fetchone()
    return Stage(row["stage"])


def put_group(db: Database, stage: Stage, item: str, position: int) -> bool:
    """Whether it is new or its position changed."""
    changed = db.conn.execute(
        """
        INSERT INTO item_group (stage, item, position) VALUES (?, ?, ?)
        ON CONFLICT (stage, item) DO UPDATE SET position = excluded.position
        WHERE item_group.position <> excluded.position
        """,
        (stage.value, item, position),
    )
    return changed.rowcount > 0


def attachments(db: Database, group_id: int) -> Attachments:
    row = db.conn.execute(
        "SELECT lyrics, model_file, model_video_id FROM item_group WHERE id = ?", (group_id,)
    ).fetchone()
    return Attachments(*row)


def put_attachments(db: Database, group_id: int, wanted: Attachments) -> bool:
    """Whether anything changed."""
    if attachments(db, group_id) == wanted:
        return False
    db.conn.execute(
        "UPDATE item_group SET lyrics = ?, model_file = ?, model_video_id = ? WHERE id = ?",
        (wanted.lyrics, wanted.model_file, wanted.model_video_id, group_id),
    )
    return True


def descriptors(db: Database, group_id: int) -> dict[str, dict[str, str]]:
    rows = db.conn.execute(
        """
        SELECT criterion, level, text FROM descriptor WHERE item_group_id = ?
        ORDER BY criterion, level DESC
        """,
        (group_id,),
    )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["criterion"], {})[str(row["level"])] = row["text"]
    return found


def put_descriptors(db: Database, group_id: int, words: Descriptors) -> bool:
    """Replace the rubric of a group; whether anything changed."""
    if descriptors(db, group_id) == words:
        return False
    db.conn.execute("DELETE FROM descriptor WHERE item_group_id = ?", (group_id,))
    db.conn.executemany(
        "INSERT INTO descriptor (item_group_id, criterion, level, text) VALUES (?, ?, ?, ?)",
        [
            (group_id, criterion, int(level), text)
            for criterion, by_level in words.items()
            for level, text in by_level.items()
        ],
    )
    return True


def districts(db: Database) -> list[District]:
    rows = db.conn.execute("SELECT id, name, position FROM district ORDER BY position, id")
    return [District(r["id"], r["name"], r["position"]) for r in rows]


def put_districts(db: Database, names: Iterable[str]) -> int:
    """Add districts, or move them to the order given; how many are new or moved."""
    changed = 0
    for position, name in enumerate(names, 1):
        changed += db.conn.execute(
            """
            INSERT INTO district (name, position) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET position = excluded.position
            WHERE district.position <> excluded.position
            """,
            (name, position),
        ).rowcount
    return changed
