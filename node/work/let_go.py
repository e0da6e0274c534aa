"""Videos leave the node: the record says so before the file goes, and the hub hears of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from node.store import outbox, videos
from shared.kit.ids import new_id
from shared.wire.messages import HoldingBody

LOST_PER_EVENT = 1000
"""One event has to fit into one push."""


def let_go(db: Database, lost: Sequence[str], moment: datetime) -> None:
    """A video that counts as ready is always there: the files are removed after the commit."""
    for sha256 in lost:
        videos.set_gone(db, sha256)
    for first in range(0, len(lost), LOST_PER_EVENT):
        body = HoldingBody(gained=[], lost=list(lost[first : first + LOST_PER_EVENT]))
        outbox.put(db, 0, "holding", 1, body, new_id(moment), moment)
