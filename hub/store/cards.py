"""What a district's nodes are told: the present state of each thing that changed."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from sqlite_utils import Database

from hub.store import (
    accounts,
    announcements,
    exam,
    marks,
    meta,
    probe_cards,
    purges,
    seals,
    sittings,
    videos,
)
from hub.store.feed import Change, Kind
from shared.rules.rubric import levels_to_text
from shared.wire.messages import (
    AccountCard,
    AnnouncementCard,
    EarlierMark,
    ExamCard,
    FeedItem,
    GroupCard,
    SittingCard,
    TaskCard,
    VideoCard,
)

LEADER_ROUND = 4


def cards(db: Database, district_id: int, after: int, changes: Sequence[Change]) -> list[FeedItem]:
    """One card for each thing among `changes`, the feed's next after `after`.

    What is gone by now has no card. What is referred to comes before what refers to it.
    """
    items: list[FeedItem] = []
    if _refs(changes, "exam"):
        items += _exam(db)
    for sitting_id in _refs(changes, "sitting"):
        items += _sitting(db, sitting_id)
    items += _groups(db, _refs(changes, "group"))
    for account_id in _refs(changes, "account"):
        items += _account(db, account_id, district_id)
    if _refs(changes, "task"):
        items += _tasks(db, district_id, after, changes[-1].seq)
        items += probe_cards.cards(db, district_id, after, changes[-1].seq)
    for announcement_id in _refs(changes, "announcement"):
        items += _announcement(db, announcement_id)
    return items


def _refs(changes: Sequence[Change], kind: Kind) -> list[int]:
    return list(dict.fromkeys(change.ref for change in changes if change.kind == kind))


def _exam(db: Database) -> list[ExamCard]:
    found = exam.exam(db)
    if found is None:
        return []
    purge = purges.last(db)
    return [
        ExamCard(
            name=found.name,
            first_day=found.first_day,
            last_day=found.last_day,
            policies=asdict(found.policy),
            archived=meta.get(db, "archived_at") is not None,
            purge=purge.ordered_at if purge else "",
        )
    ]


def _sitting(db: Database, sitting_id: int) -> list[SittingCard]:
    found = sittings.sitting(db, sitting_id)
    if found is None:
        return []
    return [
        SittingCard(sitting=found.id, kind=found.kind, state=found.state, wipe_at=found.wipe_at)
    ]


def _groups(db: Database, ids: Sequence[int]) -> list[GroupCard]:
    return [
        GroupCard(
            group_id=group.id,
            stage=group.stage.value,
            item=group.item,
            position=group.position,
            descriptors=exam.descriptors(db, group.id),
            lyrics=attached.lyrics,
            model=_model(db, attached.model_video_id),
        )
        for group in exam.groups(db)
        if group.id in ids
        for attached in [exam.attachments(db, group.id)]
    ]


def _model(db: Database, video_id: int | None) -> VideoCard | None:
    found = videos.video(db, video_id) if video_id else None
    if found is None:
        return None
    return VideoCard(
        sha256=found.sha256,
        bytes=found.bytes,
        duration_ms=found.duration_ms,
        peaks=found.peaks,
        loudness_db=found.loudness_db,
    )


def _account(db: Database, account_id: int, district_id: int) -> list[AccountCard]:
    found = accounts.account(db, account_id)
    if found is None:
        return []
    # Who has moved to another district is no longer this one's to let in.
    is_here = found.district_id == district_id
    return [
        AccountCard(
            account_id=found.id,
            phone=found.phone,
            name=found.name,
            role=found.role.value,
            scope=found.scope.value if found.scope else None,
            password_hash=found.password_hash if is_here else None,
            password_version=found.password_version,
            state=found.state if is_here else "disabled",
        )
    ]


def _announcement(db: Database, announcement_id: int) -> list[AnnouncementCard]:
    found = announcements.announcement(db, announcement_id)
    if found is None:
        return []
    return [
        AnnouncementCard(
            announcement_id=found.id,
            sitting=found.sitting_id,
            kind=found.kind,
            strength=found.strength,
            text=found.text,
            roles=[role.value for role in found.roles],
            published_at=found.published_at,
        )
    ]


def _tasks(db: Database, district_id: int, after: int, until: int) -> list[TaskCard]:
    """All tasks of a page of the feed in one query."""
    rows = db.conn.execute(
        """
        SELECT t.id, t.sitting_id, t.performance_id, t.gen, p.code, t.item_group_id, t.round,
               t.account_id, a.phone, t.criteria, t.locked, t.position,
               CASE WHEN a.district_id = ? THEN t.state ELSE 'withdrawn' END AS state,
               v.sha256, v.bytes, v.duration_ms, v.peaks, v.loudness_db
        FROM task t
        JOIN performance p ON p.id = t.performance_id
        JOIN video v       ON v.id = p.video_id
        JOIN account a     ON a.id = t.account_id
        WHERE t.id IN (SELECT ref FROM feed
                       WHERE district_id = ? AND seq > ? AND seq <= ? AND kind = 'task')
        ORDER BY t.position, t.id
        """,
        (district_id, district_id, after, until),
    ).fetchall()
    shows_marks, key = exam.policy(db).leader_sees_marks, seals.key(db)
    return [_task(row, _earlier(db, row) if shows_marks else [], key) for row in rows]


def _earlier(db: Database, row: sqlite3.Row) -> list[EarlierMark]:
    """What a leader may compare: the counted marks of the rounds before, without names."""
    if row["round"] != LEADER_ROUND or row["state"] == "withdrawn":
        return []
    counted = marks.counted(db, row["sitting_id"], row["performance_id"])
    return [
        EarlierMark(
            round=number,
            levels=levels_to_text(mark.levels),
            exception=mark.exception.value if mark.exception else "",
            comment=mark.comment,
        )
        for number, mark in counted.items()
        if number < LEADER_ROUND
    ]


def _task(row: sqlite3.Row, earlier: list[EarlierMark], key: bytes) -> TaskCard:
    video = VideoCard(
        sha256=row["sha256"],
        bytes=row["bytes"],
        duration_ms=row["duration_ms"],
        peaks=row["peaks"],
        loudness_db=row["loudness_db"],
    )
    return TaskCard(
        task_id=row["id"],
        sitting=row["sitting_id"],
        gen=row["gen"],
        performance=row["code"],
        group_id=row["item_group_id"],
        round=row["round"],
        account_id=row["account_id"],
        criteria=row["criteria"],
        state=row["state"],
        locked=bool(row["locked"]),
        position=row["position"],
        video=video,
        earlier=earlier,
        seal=seals.seal(key, _hand_out(row)),
    )


def _hand_out(row: sqlite3.Row) -> seals.HandOut:
    return seals.HandOut(
        task_id=row["id"],
        sitting_id=row["sitting_id"],
        account_id=row["account_id"],
        phone=row["phone"],
        performance_id=row["performance_id"],
        video_sha256=row["sha256"],
        round=row["round"],
        criteria=row["criteria"],
        gen=row["gen"],
    )
