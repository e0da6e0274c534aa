"""A hub of a whole city for the benchmarks: people, performances, nodes, an allocated sitting."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

import hub.schema
from hub.schema import EVERY_DISTRICT
from hub.store import accounts, exam, feed, meta, nodes, performances
from hub.store.accounts import Listed
from hub.store.exam import Exam
from hub.store.performances import Performance
from hub.work.allocate import allocate
from hub.work.sittings import prepare
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.policy import Policy
from shared.rules.rubric import Role, Stage

NINE = datetime(2023, 4, 13, 1, 0, tzinfo=UTC)
WHO = "基准"
ITEMS = ("国歌", "选唱")


@dataclass(frozen=True, slots=True)
class City:
    works: int
    markers: int
    districts: int
    leaders_per_stage: int = 2
    """In each district."""


def build(folder: Path, city: City, policy: Policy | None = None) -> Store:
    """Everything up to the moment when marking may begin."""
    store = Store(folder / "hub.db", hub.schema.migrations)
    with store.writing() as db:
        meta.ensure_identity(db)
        frame = Exam("监测", "2023-04-13", "2023-04-14", policy or Policy())
        exam.put_exam(db, frame, NINE)
        for position, (stage, item) in enumerate(((s, i) for s in Stage for i in ITEMS), 1):
            exam.put_group(db, stage, item, position)
        exam.put_districts(db, [f"第{number}区" for number in range(1, city.districts + 1)])
        accounts.add_many(db, _people(city))
        _add_performances(db, city)
        for district in range(1, city.districts + 1):
            add_node(db, district)
        _tell_of_everything(db)
    with store.writing() as db:
        allocate(db, prepare(db, "formal", WHO, NINE).id, WHO, NINE)
    return store


def _tell_of_everything(db: Database) -> None:
    """As the import does it: nodes hear of groups and people before they hear of tasks."""
    feed.append(db, EVERY_DISTRICT, "exam", 1)
    feed.append_many(db, [(EVERY_DISTRICT, "group", group.id) for group in exam.groups(db)])
    feed.append_many(db, [(a.district_id, "account", a.id) for a in accounts.everyone(db)])


def add_node(db: Database, district: int) -> None:
    name = f"第{district}区节点"
    nodes.invite(db, name, district, "0" * 64, stamp(NINE))
    node = nodes.by_name(db, name)
    if node is None:
        raise LookupError(name)
    nodes.enrol(db, node.id, "00" * 32, "nonce", "inc", NINE)


def _people(city: City) -> Iterator[Listed]:
    leaders = 2 * city.leaders_per_stage * city.districts
    stages = tuple(Stage)
    for number in range(city.markers + leaders):
        yield Listed(
            phone=f"199{number:08d}",
            name=f"王{number}",
            district_id=1 + number // len(stages) % city.districts,
            role=Role.MARKER if number < city.markers else Role.LEADER,
            scope=stages[number % len(stages)],
            capacity=100,
            state="active",
        )


def _add_performances(db: Database, city: City) -> None:
    """Each with a video of its own; peaks as they are kept, 480 characters."""
    rng = random.Random(0)
    groups = [group.id for group in exam.groups(db)]
    db.conn.executemany(
        """
        INSERT INTO video (id, sha256, bytes, duration_ms, width, height, peaks, loudness_db)
        VALUES (?, ?, 3000000, 84000, 480, 360, ?, -20.0)
        """,
        (
            (number, sha256(str(number).encode()).hexdigest(), rng.randbytes(240).hex())
            for number in range(1, city.works + 1)
        ),
    )
    performances.put_many(
        db,
        (
            Performance(
                id=number,
                code=f"ZX-{number:06X}",
                student=f"S{number:08d}",
                school=f"第{number % 900}学校",
                district_id=1 + number // len(groups) % city.districts,
                item_group_id=groups[number % len(groups)],
                file_name=f"{number}.mp4",
                video_id=number,
            )
            for number in range(1, city.works + 1)
        ),
    )
