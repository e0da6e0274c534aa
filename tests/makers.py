"""The cast and makers with good defaults: say only what matters to the test.

王一一 and 陈二二 mark, 李三三 leads, 赵四四 is a district's lead, 孙五五 its technician.
"""

import functools
import tempfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from sqlite_utils.migrations import Migrations

import node.schema
from node.store import accounts, exam, meta, tasks, videos
from shared.kit.store import Store
from shared.rules.rubric import ALL_CRITERIA, CRITERIA, LEVELS, Role, Stage, to_mask
from shared.wire.messages import (
    AccountCard,
    AnnouncementCard,
    ExamCard,
    GroupCard,
    SittingCard,
    TaskCard,
    VideoCard,
)

NINE = datetime(2023, 4, 13, 1, 0, tzinfo=UTC)
"""Nine in the morning of the first day, Beijing time."""

TRIAL, FORMAL = 1, 2
ANTHEM, SONG = 1, 2
"""Item groups: 中学音乐-国歌 and 中学音乐-选唱."""

WANG, CHEN, LI, ZHAO, SUN = 1, 2, 3, 4, 5
NAMES = {WANG: "王一一", CHEN: "陈二二", LI: "李三三", ZHAO: "赵四四", SUN: "孙五五"}
ROLES = {
    WANG: Role.MARKER,
    CHEN: Role.MARKER,
    LI: Role.LEADER,
    ZHAO: Role.LEAD,
    SUN: Role.TECHNICIAN,
}
LEVELS_GOOD = "332333"


def a_phone(account_id: int) -> str:
    return f"1990000{account_id:04d}"


def an_exam_card(**policies: str | int | bool) -> ExamCard:
    return ExamCard(
        name="2023全市监测", first_day="2023-04-13", last_day="2023-04-14", policies=policies
    )


def a_sitting_card(sitting: int = FORMAL, state: str = "open") -> SittingCard:
    return msgspec.convert(
        {
            "type": "sitting",
            "sitting": sitting,
            "kind": "trial" if sitting == TRIAL else "formal",
            "state": state,
            "wipe_at": None,
        },
        SittingCard,
    )


def a_group_card(group_id: int = SONG) -> GroupCard:
    words = {c.value: {str(n): f"{c.label}第{n}级" for n in LEVELS} for c in CRITERIA}
    return GroupCard(
        group_id=group_id,
        stage=Stage.MIDDLE,
        item="国歌" if group_id == ANTHEM else "选唱",
        position=group_id,
        descriptors=words,
    )


def an_account_card(account_id: int = WANG, **changes: object) -> AccountCard:
    role = ROLES[account_id]
    card = AccountCard(
        account_id=account_id,
        phone=a_phone(account_id),
        name=NAMES[account_id],
        role=role,
        scope=Stage.MIDDLE if role in (Role.MARKER, Role.LEADER) else None,
        password_hash=None,
        password_version=0,
        state="active",
    )
    return msgspec.structs.replace(card, **changes)


def a_video_card(content: bytes = b"a video") -> VideoCard:
    return VideoCard(
        sha256=sha256(content).hexdigest(),
        bytes=len(content),
        duration_ms=84_000,
        peaks="80" * 240,
        loudness_db=-20.0,
    )


def a_task_card(task_id: int = 1, **changes: object) -> TaskCard:
    card = TaskCard(
        task_id=task_id,
        sitting=FORMAL,
        gen=1,
        performance=f"ZX-{task_id:06X}",
        group_id=SONG,
        round=1,
        account_id=WANG,
        criteria=to_mask(ALL_CRITERIA),
        state="open",
        locked=False,
        position=task_id,
        video=a_video_card(),
    )
    return msgspec.structs.replace(card, **changes)


def an_announcement_card(announcement_id: int = 1, **changes: object) -> AnnouncementCard:
    card = AnnouncementCard(
        announcement_id=announcement_id,
        sitting=FORMAL,
        kind="manual",
        strength="normal",
        text="下午 13:30 继续阅卷。",
        roles=[],
        published_at="2023-04-13T01:00:00.000Z",
    )
    return msgspec.structs.replace(card, **changes)


def a_store(path: Path, migrations: Migrations) -> Store:
    """A new one; its tables are made once for all tests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_made_once(migrations))
    return Store(path, migrations)


@functools.cache
def _made_once(migrations: Migrations) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        Store(path, migrations).close()
        return path.read_bytes()


def a_node_store(folder: Path, *task_cards: TaskCard, **policies: str | int | bool) -> Store:
    """An enrolled node with the whole cast, an open formal sitting and the given tasks."""
    store = a_store(folder / "node.db", node.schema.migrations)
    with store.writing() as db:
        exam.put_exam(db, an_exam_card(**policies))
        exam.put_sitting(db, a_sitting_card())
        for group in (ANTHEM, SONG):
            exam.put_group(db, a_group_card(group))
        for account_id in NAMES:
            accounts.put(db, an_account_card(account_id))
        for card in task_cards:
            videos.want(db, card.video)
            tasks.put(db, card, NINE)
            videos.set_ready(db, card.video.sha256, NINE)
    return store


def enrol(store: Store, hub_url: str = "http://127.0.0.1:9") -> None:
    with store.writing() as db:
        meta.put_node_inc(db, "1")
        meta.put_link(
            db,
            meta.Link(
                hub_url=hub_url,
                node_id=1,
                node_name="渝北一号机房",
                district="渝北区",
                hub_id="h" * 32,
                hub_inc="1",
                secret="ab" * 32,
                feed_after=0,
            ),
        )
