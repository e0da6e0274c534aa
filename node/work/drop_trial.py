"""The end of a trial on this node: all of it goes, and the hub is told how much it was."""

from datetime import datetime

from sqlite_utils import Database

from node.store import announcements, marks, meta, outbox, quality, tasks
from shared.wire.chain import body_hash
from shared.wire.messages import WipedBody


def drop_trial(db: Database, sitting_id: int, moment: datetime) -> WipedBody | None:
    """Outbox rows stay, since the hub needs them without gaps; it drops what is in them.

    None when it was done and reported before, in this life of the hub's database and of ours.
    """
    # The same id each time: a wipe is reported once, however often the hub orders it. But what
    # the hub set aside, since another node was thought to speak, it still waits for.
    again = outbox.wipes_set_aside(db, sitting_id)
    which = f"{meta.node_inc(db)} {meta.get(db, 'hub_inc')} {sitting_id} {again}"
    event_id = body_hash(f"wiped {which}")[:32]
    if outbox.of_event(db, event_id) is not None:
        return None
    dropped_marks = marks.drop_sitting(db, sitting_id)
    dropped_tasks = tasks.drop_sitting(db, sitting_id)
    announcements.drop_sitting(db, sitting_id)
    quality.drop(db)
    body = WipedBody(sitting=sitting_id, marks=dropped_marks, tasks=dropped_tasks)
    outbox.put(db, 0, "wiped", 1, body, event_id, moment)
    return body
