"""A hand-out that the hub forgot when it was put back in time, known again by its own seal."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import accounts, feed, performances, seals, slots, tasks, videos
from hub.store.performances import Performance
from hub.store.seals import Claim
from hub.store.tasks import NewTask, Task
from shared.wire.messages import Event, MarkBody


def adopt_task(db: Database, event: Event, body: MarkBody, moment: datetime) -> Task | None:
    """The task again, as one that was taken back: its mark fills the slot if that is still free.

    A slot that was forgotten, too, is there again and waits for this mark.
    """
    claim = seals.claim_of(body.seal)
    performance = performances.performance(db, claim.performance_id) if claim else None
    if claim is None or performance is None:
        return None
    given = _hand_out(db, event, body, claim, performance)
    if given is None or not seals.is_ours(seals.key(db), body.seal, given):
        return None
    new = NewTask(
        sitting_id=given.sitting_id,
        performance_id=given.performance_id,
        item_group_id=performance.item_group_id,
        round=given.round,
        account_id=given.account_id,
        criteria=given.criteria,
        gen=given.gen,
        position=tasks.ADOPTED,
    )
    tasks.adopt(db, given.task_id, new, moment)
    present = slots.of_performance(db, given.sitting_id, given.performance_id)
    # Rounds 1 and 2 were dealt together: where one was forgotten, so was the other.
    for number in (1, 2) if given.round < 3 else (given.round,):
        if number not in present:
            slots.wait(db, given.sitting_id, given.performance_id, number, given.criteria, moment)
    adopted = tasks.task(db, given.task_id)
    if adopted is not None:
        # Its node may still show it as open.
        feed.append(db, adopted.district_id, "task", adopted.id)
    return adopted


def _hand_out(
    db: Database, event: Event, body: MarkBody, claim: Claim, performance: Performance
) -> seals.HandOut | None:
    """What the seal claims, of the person and the video that are here under these ids now."""
    video = videos.video(db, performance.video_id) if performance.video_id else None
    account = accounts.account(db, body.account_id)
    if video is None or account is None:
        return None
    return seals.HandOut(
        task_id=body.task_id,
        sitting_id=event.sitting,
        account_id=account.id,
        phone=account.phone,
        performance_id=claim.performance_id,
        video_sha256=video.sha256,
        round=claim.round,
        criteria=claim.criteria,
        gen=claim.gen,
    )
