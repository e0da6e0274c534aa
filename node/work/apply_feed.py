"""Takes over one page of the hub's feed, together with the cursor that says so."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from node.store import accounts, announcements, exam, meta, outbox, tasks, videos
from node.work.drop_trial import drop_trial
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
        # A restored hub may lack what it had confirmed: offer it everything again.
        meta.put_cursor(db, answer.hub_inc, 0)
        outbox.align(db, 1)
        return Applied(True, 0, ())
    wiped: list[int] = []
    for item in sorted(answer.items, key=lambda item: _ORDER.index(type(item))):
        if isinstance(item, SittingCard) and _is_wiped_now(db, item):
            drop_trial(db, item.sitting, moment)
            wiped.append(item.sitting)
        _apply(db, item, moment)
    meta.put_cursor(db, answer.hub_inc, answer.after)
    return Applied(False, sum(isinstance(i, TaskCard) for i in answer.items), tuple(wiped))


def _is_wiped_now(db: Database, card: SittingCard) -> bool:
    if card.state != "wiped":
        return False
    if card.kind != "trial":
        raise ValueError(f"the hub ordered sitting {card.sitting} wiped, which is no trial")
    known = exam.sitting(db, card.sitting)
    return known is None or known.state != "wiped"


def _apply(db: Database, item: FeedItem, moment: datetime) -> None:
    match item:
        case ExamCard():
            exam.put_exam(db, item)
        case SittingCard():
            exam.put_sitting(db, item)
        case GroupCard():
            exam.put_group(db, item)
        case AccountCard():
            accounts.put(db, item)
        case TaskCard():
            _take_task(db, item, moment)
        case AnnouncementCard():
            announcements.put(db, item)


def _take_task(db: Database, card: TaskCard, moment: datetime) -> None:
    sitting = exam.sitting(db, card.sitting)
    if sitting is not None and sitting.state == "wiped":
        return
    videos.want(db, card.video)
    tasks.put(db, card, moment)
