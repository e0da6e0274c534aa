"""Marks that are here but in no report of ours: the hub gave them back, and has lost them since."""

from datetime import datetime

from sqlite_utils import Database

from node.store import marks, outbox, tasks
from node.work.give_mark import body_of


def offer_given_back(db: Database, moment: datetime) -> None:
    """Reports them anew under their old ids, by which the hub knows those that it still has."""
    for given in marks.own(db):
        if outbox.of_event(db, given.event_id) is not None:
            continue
        task = tasks.task(db, given.task_id)
        body = body_of(given, task.seal if task else "")
        outbox.put(db, given.sitting_id, "mark", 1, body, given.event_id, moment)
