"""What a rehearsal measures besides its books: downloads saved, and how good the forecast was."""

from dataclasses import dataclass

from sqlite_utils import Database

from hub.store import handings, sittings
from hub.work.look_back import foretold


@dataclass(frozen=True, slots=True)
class ForecastError:
    compared_percent: int
    """When the forecast was made: so many performances had both first marks."""
    round: int
    expected: float
    low: float
    high: float
    came: int
    error_percent: float
    held: bool
    """Whether what came lies in the interval."""


@dataclass(frozen=True, slots=True)
class Measures:
    later_tasks: int
    """Tasks of rounds 3 and 4 that were handed out."""
    later_tasks_cached: int
    """Of them, those whose district held the video already: no new download."""
    cached_percent: float | None
    forecasts: tuple[ForecastError, ...]


def measure(db: Database) -> Measures:
    sitting = sittings.current(db)
    sitting_id = sitting.id if sitting else 0
    saved = handings.downloads(db, sitting_id)
    return Measures(
        saved.tasks,
        saved.near,
        round(100 * saved.near / saved.tasks, 1) if saved.tasks else None,
        tuple(
            ForecastError(
                compared_percent=round(100 * one.compared),
                round=one.round,
                expected=round(one.said.expected, 1),
                low=round(one.said.low, 1),
                high=round(one.said.high, 1),
                came=one.came,
                error_percent=round(100 * one.error, 1),
                held=one.held,
            )
            for one in foretold(db, sitting_id)
        ),
    )
