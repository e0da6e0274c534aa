"""A hub with districts, people, performances with fake videos and nodes; and marks to give it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from msgspec import structs
from sqlite_utils import Database

import hub.schema
from hub.store import accounts, exam, holdings, meta, nodes, performances, sittings, tasks, videos
from hub.store.accounts import Listed
from hub.store.exam import Exam
from hub.store.performances import Performance
from hub.store.sittings import SittingKind
from hub.store.tasks import Task
from hub.store.videos import NewVideo
from hub.work.allocate import allocate
from hub.work.receive_mark import receive_mark
from hub.work.sittings import prepare
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.policy import Policy
from shared.rules.rubric import Role, Stage
from shared.wire.messages import Event, EventResult, MarkBody, NodeStatus
from tests.makers import NINE, a_store

EXAM_NAME = "2023全市监测"
ADMIN = "市级管理员"
ANTHEM, SONG = 1, 2
"""Item groups: 中学音乐-国歌 and 中学音乐-选唱."""


def a_hub(
    folder: Path,
    *,
    districts: int = 4,
    markers: int = 3,
    leaders: int = 1,
    works: int = 3,
    policy: Policy | None = None,
) -> Store:
    """Every district has a node, so many middle-school markers and leaders, and so many
    performances in each of the two item groups, each with a video.
    """
    store = a_store(folder / "hub.db", hub.schema.migrations)
    with store.writing() as db:
        meta.ensure_identity(db)
        frame = Exam(EXAM_NAME, "2023-04-13", "2023-04-14", policy or Policy())
        exam.put_exam(db, frame, NINE)
        exam.put_group(db, Stage.MIDDLE, "国歌", 1)
        exam.put_group(db, Stage.MIDDLE, "选唱", 2)
        names = [f"第{number}区" for number in range(1, districts + 1)]
        exam.put_districts(db, names)
        accounts.add_many(db, _people(range(1, districts + 1), markers, leaders))
        add_performances(db, districts, works)
        for number, name in enumerate(names, 1):
            add_node(db, f"{name}节点", number)
    return store


def _people(districts: Iterable[int], markers: int, leaders: int) -> list[Listed]:
    return [
        a_person(district, Role.MARKER if index < markers else Role.LEADER, index)
        for district in districts
        for index in range(markers + leaders)
    ]


def a_person(district: int, role: Role, index: int = 99, **changes: object) -> Listed:
    person = Listed(
        phone=f"199{district:04d}{index:04d}",
        name=f"王{district}{index}",
        district_id=district,
        role=role,
        scope=Stage.MIDDLE,
        capacity=100,
        state="active",
    )
    return replace(person, **changes)  # type: ignore[arg-type]


def add_performances(db: Database, districts: int, works: int) -> None:
    number = 0
    made = []
    for group in (ANTHEM, SONG):
        for district in range(1, districts + 1):
            for _ in range(works):
                number += 1
                made.append(a_performance(db, number, district, group))
    performances.put_many(db, made)


def a_performance(db: Database, number: int, district: int, group: int) -> Performance:
    video = NewVideo(
        sha256=sha256(str(number).encode()).hexdigest(),
        bytes=1000,
        duration_ms=84_000,
        width=480,
        height=360,
        peaks="80" * 240,
        loudness_db=-20.0,
    )
    return Performance(
        id=number,
        code=f"ZX-{number:06X}",
        student=f"S{number:05d}",
        school=f"第{district}区学校",
        district_id=district,
        item_group_id=group,
        file_name=f"{number}.mp4",
        video_id=videos.add(db, video),
    )


def add_node(db: Database, name: str, district: int) -> None:
    nodes.invite(db, name, district, "0" * 64, stamp(NINE))
    node = nodes.by_name(db, name)
    assert node is not None
    nodes.enrol(db, node.id, "00" * 32, "nonce", "inc", NINE)
    hear_of(db, node.id, NINE)


def hear_of(db: Database, node_id: int, moment: datetime, pending: int = 0, **said: object) -> None:
    status = NodeStatus(
        app_version="0.1.0",
        pending_events=pending,
        videos_wanted=0,
        videos_ready=0,
        videos_failed=0,
        cache_bytes=0,
        disk_free_bytes=0,
        people_online=0,
        clock_offset_ms=0,
        last_push_ms=0,
    )
    nodes.seen(db, node_id, "127.0.0.1", structs.replace(status, **said), moment)


def an_allocated_hub(folder: Path, kind: SittingKind = "formal", **hub: object) -> Store:
    store = a_hub(folder, **hub)  # type: ignore[arg-type]
    with store.writing() as db:
        sitting = prepare(db, kind, ADMIN, NINE)
        allocate(db, sitting.id, ADMIN, NINE)
    return store


def hold_everywhere(db: Database, performance: int, *districts: int) -> None:
    """The nodes of these districts report that they hold the performance's video."""
    digest = sha256(str(performance).encode()).hexdigest()
    for node in nodes.all_nodes(db):
        if node.district_id in districts:
            holdings.change(db, node.id, [digest], [])


def live_task(db: Database, performance: int, round: int) -> Task | None:
    """The task of a round that was not withdrawn, in the newest sitting that has any."""
    sitting = sittings.current(db)
    assert sitting is not None
    found = tasks.of_performance(db, sitting.id, performance)
    return next((t for t in found if t.round == round and t.state != "withdrawn"), None)


def the_task(db: Database, performance: int, round: int) -> Task:
    found = live_task(db, performance, round)
    assert found is not None, f"no task in round {round}"
    return found


def an_event_id(number: int) -> str:
    return f"{number:032x}"


def give(
    db: Database,
    task: Task,
    levels: str = "333333",
    *,
    number: int | None = None,
    **changes: object,
) -> EventResult:
    """A mark for this task as its node would push it; `number` makes the event's id."""
    body = MarkBody(
        task_id=task.id,
        gen=task.gen,
        account_id=task.account_id,
        levels=levels,
        given_at=stamp(NINE),
        spent_ms=60_000,
        heard_percent=100,
    )
    for name, value in changes.items():
        setattr(body, name, value)
    event = Event(
        event_id=an_event_id(number if number is not None else task.id),
        sitting=task.sitting_id,
        kind="mark",
        v=1,
        body="",
    )
    node = next(n for n in nodes.all_nodes(db) if n.district_id == task.district_id)
    return receive_mark(db, event, body, node, NINE + timedelta(minutes=1))


def give_both(db: Database, performance: int, first: str, second: str) -> None:
    """Rounds 1 and 2."""
    for number, levels in ((1, first), (2, second)):
        give(db, the_task(db, performance, number), levels)
