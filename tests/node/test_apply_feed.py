"""The feed's pages: taken over with their cursor, harmless when they come twice."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import node.schema
from node.store import accounts, announcements, exam, marks, meta, outbox, sessions, tasks, videos
from node.work.apply_feed import Applied, apply_feed
from shared.kit.store import Store
from shared.rules.rubric import Role
from shared.wire.codes import Code
from shared.wire.messages import EventResult, FeedItem, PullAnswer, WipedBody
from tests.makers import (
    ANTHEM,
    CHEN,
    FORMAL,
    NINE,
    SONG,
    TRIAL,
    WANG,
    a_group_card,
    a_phone,
    a_sitting_card,
    a_store,
    a_task_card,
    a_video_card,
    an_account_card,
    an_announcement_card,
    an_exam_card,
)
from tests.node.standin_hub import enrolled, give


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path / "node.db", node.schema.migrations)
    enrolled(opened)
    yield opened
    opened.close()


def a_page(*items: FeedItem, after: int = 1, hub_inc: str = "hub-1") -> PullAnswer:
    return PullAnswer(
        hub_inc=hub_inc,
        after=after,
        more=False,
        items=list(items),
        city=[],
        city_done=[],
        server_time="2023-04-13T01:00:00.000Z",
    )


def apply(store: Store, *items: FeedItem, after: int = 1, hub_inc: str = "hub-1") -> Applied:
    with store.writing() as db:
        return apply_feed(db, a_page(*items, after=after, hub_inc=hub_inc), "hub-1", NINE)


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as db:
        return {name: [tuple(row) for row in db.table(name).rows_where()] for name in TABLES}


TABLES = ("exam", "sitting", "item_group", "descriptor", "account", "task", "video", "announcement")
# Tasks before their group and their sitting: a page's order must not matter.
FULL_PAGE = (
    a_task_card(),
    a_task_card(2, video=a_video_card(b"another")),
    an_announcement_card(),
    an_account_card(),
    a_group_card(),
    a_sitting_card(),
    an_exam_card(tolerance=1, combine="mean"),
)


def test_a_page_is_taken_over_together_with_the_cursor(store: Store) -> None:
    assert apply(store, *FULL_PAGE, after=41).tasks == 2
    with store.reading() as db:
        link = meta.link(db)
        assert link is not None and link.feed_after == 41
        assert exam.policy(db).combine == "mean"
        assert [g.label for g in exam.groups(db)] == ["中学音乐-选唱"]
        assert exam.descriptors(db)[SONG]["pitch"]["3"]
        assert tasks.task(db, 1) is not None
        assert videos.totals(db).wanted == 2
        assert len(announcements.for_role(db, Role.MARKER)) == 1
        sitting = exam.open_sitting(db)
        assert sitting is not None and sitting.kind == "formal"


def test_the_same_page_twice_changes_nothing(store: Store) -> None:
    apply(store, *FULL_PAGE)
    before = everything(store)
    apply(store, *FULL_PAGE)
    assert everything(store) == before


def test_an_older_hand_out_does_not_undo_a_newer_one(store: Store) -> None:
    apply(store, *FULL_PAGE, a_task_card(gen=3, criteria=2))
    apply(store, a_task_card(gen=2, criteria=63))
    with store.reading() as db:
        task = tasks.task(db, 1)
    assert task is not None and (task.gen, task.criteria) == (3, 2)


def test_a_page_that_fails_leaves_the_cursor_where_it_was(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        apply(store, a_sitting_card(), a_task_card(group_id=ANTHEM), after=9)
    with store.reading() as db:
        link = meta.link(db)
        assert link is not None and link.feed_after == 0
        assert exam.open_sitting(db) is None


def test_a_password_changed_here_outlives_an_older_card(store: Store) -> None:
    apply(store, an_account_card())
    with store.writing() as db:
        assert accounts.set_password(db, WANG, "own", 1)
        assert not accounts.set_password(db, WANG, "late", 1)
    apply(store, an_account_card(name="王一"))
    apply(store, an_account_card(password_hash="reset", password_version=2))
    with store.reading() as db:
        account = accounts.account(db, WANG)
    assert account is not None
    assert (account.name, account.password_hash) == ("王一一", "reset")


def test_a_restored_hub_is_read_from_the_start_and_offered_everything(store: Store) -> None:
    apply(store, *FULL_PAGE, after=41)
    give(store, "e" * 32, 1)
    with store.writing() as db:
        outbox.ack(db, [], 1)
    assert apply(store, after=9, hub_inc="hub-2").is_restart
    with store.reading() as db:
        link = meta.link(db)
        assert link is not None
        assert (link.hub_inc, link.feed_after) == ("hub-2", 0)
        assert outbox.pending_count(db) == 1


# --- the end of a trial ---------------------------------------------------------------------


def a_trial_with_a_mark(store: Store) -> None:
    trial = (
        a_sitting_card(TRIAL),
        a_task_card(sitting=TRIAL),
        an_announcement_card(sitting=TRIAL),
    )
    apply(store, an_exam_card(), a_group_card(), an_account_card(), *trial)
    with store.writing() as db:
        announcements.add_receipt(db, 1, WANG, NINE)
    give(store, "e" * 32, 1)


def test_a_wiped_trial_leaves_nothing_and_is_reported_once(store: Store) -> None:
    a_trial_with_a_mark(store)
    assert apply(store, a_sitting_card(TRIAL, "wiped")).wiped == (TRIAL,)
    assert apply(store, a_sitting_card(TRIAL, "wiped")).wiped == ()
    with store.reading() as db:
        assert tasks.task(db, 1) is None
        assert marks.mark(db, "e" * 32) is None
        assert announcements.for_role(db, Role.MARKER) == []
        rows = outbox.pending(db, 10)
    assert [row.kind for row in rows] == ["mark", "wiped"]
    body = msgspec.json.decode(rows[1].body, type=WipedBody)
    assert (body.sitting, body.marks, body.tasks) == (TRIAL, 1, 1)


def test_a_report_of_a_wipe_that_the_hub_set_aside_is_made_again(store: Store) -> None:
    """As happens to a lab whose secret was over; it enrols again, and is told again."""
    for result, reports in (("quarantined", 2), ("applied", 2)):
        apply(store, a_sitting_card(TRIAL, "wiped"))
        with store.writing() as db:
            last = outbox.after(db, 0, 10)[-1]
            outbox.ack(db, [EventResult(event_id=last.event_id, code=Code(result))], last.seq)
        apply(store, a_sitting_card(TRIAL, "wiped"))
        with store.reading() as db:
            assert [row.kind for row in outbox.after(db, 0, 10)] == ["wiped"] * reports


def test_late_tasks_of_a_wiped_trial_are_not_taken(store: Store) -> None:
    a_trial_with_a_mark(store)
    apply(store, a_sitting_card(TRIAL, "wiped"), a_task_card(5, sitting=TRIAL))
    apply(store, a_sitting_card(TRIAL, "open"))
    with store.reading() as db:
        assert tasks.task(db, 5) is None
        assert exam.open_sitting(db) is None


def test_wiping_a_trial_keeps_the_formal_marks(store: Store) -> None:
    a_trial_with_a_mark(store)
    apply(store, a_sitting_card(TRIAL, "closed"), a_sitting_card(), a_task_card(2))
    give(store, "f" * 32, 2)
    apply(store, a_sitting_card(TRIAL, "wiped"))
    with store.reading() as db:
        assert marks.mark(db, "f" * 32) is not None
        assert tasks.task(db, 2) is not None


def test_an_order_to_wipe_a_formal_sitting_is_not_obeyed(store: Store) -> None:
    apply(store, *FULL_PAGE)
    give(store, "f" * 32, 1)
    with pytest.raises(ValueError, match="no trial"):
        apply(store, a_sitting_card(FORMAL, "wiped"))
    disguised = msgspec.structs.replace(a_sitting_card(FORMAL, "wiped"), kind="trial")
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        apply(store, disguised)
    with store.reading() as db:
        assert marks.mark(db, "f" * 32) is not None


def test_who_is_signed_in_is_signed_out_when_the_account_is_another_persons(store: Store) -> None:
    apply(store, *FULL_PAGE)
    with store.writing() as db:
        sessions.add(db, "a" * 64, WANG, "127.0.0.1", NINE)
    for phone, is_open in ((a_phone(WANG), True), (a_phone(CHEN), False)):
        apply(store, an_account_card(phone=phone))
        with store.reading() as db:
            assert (sessions.open_of(db, WANG) is not None) == is_open
