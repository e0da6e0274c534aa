"""A hand-out that the hub forgot when it was put back in time, known again by its own seal."""

from datetime import datetime

from sqlite_utils import Database

from hub.store import feed, performances, seals, slots, tasks
from hub.store.tasks import NewTask, Task
from shared.wire.messages import Event, MarkBody


def adopt_task(db: Database, event: Event, body: MarkBody, moment: datetime) -> Task | None:
    """The task again, as one that was taken back: its mark fills the slot if that is still free.

    A slot that was forgotten, too, is there again and waits for this mark.
    """
    given = seals.opened(seals.key(db), body.seal, body.task_id, event.sitting, body.account_id)
    if given is None:
        return None
    performance = performances.performance(db, given.performance_id)
    if performance is None:
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
