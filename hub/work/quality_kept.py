"""The quality of the sitting as it was last measured: measured once for everyone who looks."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlite_utils import Database

from hub.work.assess_quality import Quality, assess
from shared.kit.store import Store

KEPT_LEAST = timedelta(seconds=20)
KEPT_TIMES = 60
"""All marks are read for it: kept for so many times as long as it took, which is minutes for
100,000 performances, and never more than a sixtieth of one processor."""


@dataclass(frozen=True, slots=True)
class _Kept:
    sitting_id: int
    quality: Quality
    until: datetime


_lock = threading.Lock()
_kept: WeakKeyDictionary[Store, _Kept] = WeakKeyDictionary()


def quality_of(store: Store, db: Database, sitting_id: int, moment: datetime) -> Quality:
    with _lock:
        kept = _kept.get(store)
        if kept and kept.sitting_id == sitting_id and moment < kept.until:
            return kept.quality
        begin = time.monotonic()
        found = assess(db, sitting_id, moment)
        took = timedelta(seconds=time.monotonic() - begin)
        until = moment + max(KEPT_LEAST, KEPT_TIMES * took)
        _kept[store] = _Kept(sitting_id, found, until)
        return found


def watched_count(store: Store, sitting_id: int) -> int:
    """Markers with an alert when it was last measured; the overview never waits for it."""
    kept = _kept.get(store)
    if kept is None or kept.sitting_id != sitting_id:
        return 0
    return sum(bool(marker.alerts) for marker in kept.quality.markers)
