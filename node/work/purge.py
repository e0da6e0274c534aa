"""The city orders all cached videos deleted: done once for each order, counted and reported."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from node.store import meta, outbox, videos
from shared.kit.ids import new_id
from shared.wire.messages import Moment, PurgedBody

_ORDERED, _DONE = "purge_ordered", "purge_done"
_VIDEOS, _BYTES = "purge_videos", "purge_bytes"


@dataclass(frozen=True, slots=True)
class Found:
    """What an order found on the disk."""

    videos: int
    bytes: int


def take_order(db: Database, ordered_at: Moment) -> None:
    """The order's moment is its name: later ones are greater, also after the hub was restored."""
    if ordered_at > (meta.get(db, _ORDERED) or ""):
        meta.put(db, _ORDERED, ordered_at)
        meta.put(db, _VIDEOS, "")


def due(db: Database) -> Moment:
    """The order still to be done; empty: none."""
    ordered_at = meta.get(db, _ORDERED) or ""
    return ordered_at if ordered_at > (meta.get(db, _DONE) or "") else ""


def begin(db: Database, found: Found) -> None:
    """Nothing counts as ready any more; what an interrupted purge counted first stays counted."""
    if not meta.get(db, _VIDEOS):
        meta.put(db, _VIDEOS, str(found.videos))
        meta.put(db, _BYTES, str(found.bytes))
    videos.set_all_gone(db)


def finish(db: Database, ordered_at: Moment, moment: datetime) -> None:
    body = PurgedBody(
        ordered_at=ordered_at,
        videos=int(meta.get(db, _VIDEOS) or 0),
        bytes=int(meta.get(db, _BYTES) or 0),
    )
    outbox.put(db, 0, "purged", 1, body, new_id(moment), moment)
    meta.put(db, _DONE, ordered_at)
