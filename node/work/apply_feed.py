"""Takes over one page of the hub's feed, together with the cursor that says so."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from node.store import accounts, announcements, exam, meta, outbox, sessions, tasks, videos
from node.work.drop_trial import drop_trial
from node.work.offer_again import offer_given_back
from node.work.purge import take_order
from shared.wire.messages import (
    AccountCard,
    AnnouncementCard,
    ExamCard,
    FeedItem,
    GroupCard,
    PullAnswer,
    SittingCard,
    TaskCard,
)

# Tasks need their group and their sitting's state to be known first.
_ORDER: tuple[type, ...] = (
    ExamCard,
    SittingCard,
    GroupCard,
    AccountCard,
    TaskCard,
    AnnouncementCard,
)


@dataclass(frozen=True, slots=True)
class Applied:
    is_restart: bool
    """The hub began a new life: nothing was applied, the feed starts again from 0."""
    tasks: int
    wiped: tuple[int, ...]
    """Sittings that were dropped just now."""


def apply_feed(db: Database, answer: PullAnswer, asked_inc: str, moment: datetime) -> Applied:
    """Every item may come twice; the same page again changes nothing."""
    if answer.hub_inc != asked_inc:
        restart(db, answer.hub_inc, moment)
        return Applied(True, 0, ())
    snapshot = meta.snapshot(db)
    wiped: list[int] = []
    for item in sorted(answer.items, key=lambda item: _ORDER.index(type(item))):
        if isinstance(item, SittingCard) and _wipe(db, item, moment):
            wiped.append(item.sitting)
        _apply(db, item, snapshot, moment)
    meta.put_cursor(db, answer.hub_inc, answer.after)
    if not answer.more and meta.end_snapshot(db):
        _sweep(db, snapshot)
    return Applied(False, sum(isinstance(i, TaskCard) for i in answer.items), tuple(wiped))


def restart(db: Database, hub_inc: str, moment: datetime) -> None:
    """The hub began a new life: it may lack what it had confirmed, so offer it everything."""
    meta.begin_snapshot(db, hub_inc)
    outbox.align(db, 1)
    offer_given_back(db, moment)


def _sweep(db: Database, snapshot: int) -> None:
    """The feed keeps one row of each thing, so by its end it has named all that there is."""
    tasks.withdraw_unnamed(db, snapshot)
    accounts.disable_unnamed(db, snapshot)
    exam.close_unnamed(db, snapshot)
    announcements.drop_unnamed(db, snapshot)


def _wipe(db: Database, card: SittingCard, moment: datetime) -> bool:
    """Whether something was to be dropped, or at least to be reported."""
    if card.state != "wiped":
        return False
    if card.kind != "trial":
        raise ValueError(f"the hub ordered sitting {card.sitting} wiped, which is no trial")
    return drop_trial(db, card.sitting, moment) is not None


def _apply(db: Database, item: FeedItem, snapshot: int, moment: datetime) -> None:
    match item:
        case ExamCard():
            exam.put_exam(db, item)
            if item.archived:
                outbox.prune(db)
            take_order(db, item.purge)
        case SittingCard():
            exam.put_sitting(db, item, snapshot)
        case GroupCard():
            _take_group(db, item)
        case AccountCard():
            _take_account(db, item, snapshot)
        case TaskCard():
            _take_task(db, item, snapshot, moment)
        case AnnouncementCard():
            announcements.put(db, item, snapshot)


def _take_account(db: Database, card: AccountCard, snapshot: int) -> None:
    held = accounts.account(db, card.account_id)
    if held is not None and held.phone != card.phone:
        # Another person has it now: whoever is signed in with it marks no more in that one's name.
        sessions.end_all_of(db, card.account_id)
    accounts.put(db, card, snapshot)


def _take_group(db: Database, card: GroupCard) -> None:
    if card.model is not None:
        videos.want(db, card.model)
    exam.put_group(db, card)


def _take_task(db: Database, card: TaskCard, snapshot: int, moment: datetime) -> None:
    sitting = exam.sitting(db, card.sitting)
    if sitting is not None and sitting.state == "wiped":
        return
    videos.want(db, card.video)
    tasks.put(db, card, moment, snapshot)
