"""A mark that the hub gives back to a node that lost it, or that learns what became of it."""

from sqlite_utils import Database

from node.store import marks, tasks
from shared.wire.meeting import MarkCard


def take_back(db: Database, card: MarkCard) -> None:
    """One whose task is not here (a wiped trial, another district's by now) is passed over."""
    if tasks.task(db, card.task_id) is None:
        return
    marks.take_back(db, card)
    if card.is_standing:
        tasks.answer(db, card.task_id, card.event_id, card.gen)
