"""How far the city is: counted at most once a second for all nodes that ask."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from hub.store import announcements, loads, sittings
from hub.work.milestones import facts
from shared.rules.rounds import milestones_reached
from shared.wire.messages import RoundProgress

KEPT_S = 1.0


@dataclass(frozen=True, slots=True)
class CityNow:
    rounds: list[RoundProgress]
    done: list[str]
    """Milestones that are true now."""


class City:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted_at = float("-inf")
        self._announced: int | None = None
        self._now = CityNow([], [])

    def look(self, db: Database, moment: datetime) -> CityNow:
        newest = next((said.id for said in announcements.recent(db, 1)), None)
        with self._lock:
            # Whoever is woken by "round 3 has ended" must not be told that it has not.
            if newest != self._announced or time.monotonic() - self._counted_at >= KEPT_S:
                self._now = _count(db, moment)
                self._counted_at, self._announced = time.monotonic(), newest
            return self._now


def _count(db: Database, moment: datetime) -> CityNow:
    """Of the open sitting, or of the one that was closed last: people still wait in the labs."""
    sitting = sittings.current(db)
    if sitting is None or sitting.state not in ("open", "closed"):
        return CityNow([], [])
    rounds = [
        RoundProgress(round=number, total=load.total, done=load.done)
        for number, load in loads.by_round(db, sitting.id).items()
    ]
    return CityNow(rounds, [m.value for m in milestones_reached(facts(db, sitting.id, moment))])
