"""The district's quality as the city last told it, and the own marks that it points at."""

from dataclasses import dataclass
from sqlite3 import Row

import msgspec
from sqlite_utils import Database

from node.store import meta
from shared.wire.quality import QualityAnswer

KEY = "quality"


@dataclass(frozen=True, slots=True)
class OwnClip:
    """A marker's own levels: what others gave is not on this node."""

    task_id: int
    performance: str
    item_group_id: int
    account_id: int
    round: int
    levels: str
    video_sha256: str
    is_video_ready: bool


def keep(db: Database, answer: QualityAnswer) -> None:
    meta.put(db, KEY, msgspec.json.encode(answer).decode())


def drop(db: Database) -> None:
    meta.put(db, KEY, "")


def kept(db: Database, sitting_id: int) -> QualityAnswer | None:
    """None: the city has said nothing of this sitting yet."""
    try:
        answer = msgspec.json.decode(meta.get(db, KEY) or "", type=QualityAnswer)
    except msgspec.DecodeError:
        # Nothing, or what another version of the program kept: the city is asked again.
        return None
    return answer if answer.sitting == sitting_id else None


def own_clips(db: Database, sitting_id: int, account_id: int, codes: list[str]) -> list[OwnClip]:
    """In the order of the codes; those whose mark was given here and counts in rounds 1 and 2."""
    rows = db.conn.execute(
        """
        SELECT task.id, task.performance, task.item_group_id, task.account_id, task.round,
               mark.levels, task.video_sha256, video.state = 'ready'
          FROM task JOIN mark ON mark.event_id = task.mark_id
                    JOIN video ON video.sha256 = task.video_sha256
         WHERE task.account_id = ? AND task.sitting_id = ? AND task.round < 3
           AND task.performance IN (SELECT value FROM json_each(?))
        """,
        (account_id, sitting_id, msgspec.json.encode(codes).decode()),
    )
    found = [_clip(row) for row in rows]
    return sorted(found, key=lambda clip: codes.index(clip.performance))


def _clip(row: Row) -> OwnClip:
    values = [*row]
    values[-1] = bool(values[-1])
    return OwnClip(*values)
