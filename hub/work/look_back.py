"""Look back: what the forecast would have said earlier, beside what came."""

from dataclasses import dataclass

from sqlite_utils import Database

from hub.store import foresight
from shared.rules import forecast
from shared.rules.forecast import Estimate

MOMENTS = (0.1, 0.25, 0.5)
"""Shares of the performances that had both first marks by then."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """One forecast, and how it turned out."""

    compared: float
    """The share of performances that had been compared."""
    round: int
    said: Estimate
    came: int

    @property
    def error(self) -> float:
        """Relative; against 1 where nothing came."""
        return (self.said.expected - self.came) / max(self.came, 1)

    @property
    def held(self) -> bool:
        return self.said.low <= self.came <= self.said.high


def foretold(db: Database, sitting_id: int) -> list[Foretold]:
    """Of a sitting whose rounds have ended; nothing of one that has hardly begun."""
    ends = foresight.seen_by_group(db, sitting_id)
    found = []
    for share in MOMENTS:
        seen = foresight.seen_when(db, sitting_id, share)
        ahead = forecast.forecasts(seen, {}).values()
        if not ahead:
            continue
        third = forecast.total([f.third for f in ahead])
        leader = forecast.total([f.leader for f in ahead])
        found.append(Foretold(share, 3, third, sum(end.third for end in ends.values())))
        found.append(Foretold(share, 4, leader, sum(end.leader for end in ends.values())))
    return found
