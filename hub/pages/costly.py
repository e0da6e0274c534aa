"""What the overview counts that is costly: counted once in a while, for everyone who looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from sqlite_utils import Database

from hub.pages import charts
from hub.store import counts, events, outcomes, performances, sittings
from hub.store.counts import Disagreement
from hub.store.outcomes import OutcomeState
from hub.work.foresee import Foresight, foresee
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.rubric import MarkException

KEPT_S = 10
"""How often it is counted afresh, in the background once the service runs."""
FORESEEN_S = 60
"""A forecast moves slowly, and of all this it takes the longest."""
STALE_S = 60
"""Older than this it is counted while somebody waits for the page."""
LATE = timedelta(minutes=1)
"""A batch is in the database at most so long after the moment that its marks carry."""
QUARANTINED_MAX = 100


@dataclass(frozen=True, slots=True)
class Costly:
    counted_at: datetime
    arrivals: Sequence[counts.Arrivals]
    """Of today."""
    disagreement: Disagreement
    exceptions: Mapping[MarkException, int]
    chart: charts.LineChart
    today: Mapping[int, int]
    """Marks by round since midnight."""
    by_state: Mapping[OutcomeState, int]
    """Outcomes."""
    without_video: int
    quarantined: int
    faults: int
    """Reported since midnight."""
    ahead: Foresight | None
    """None while nothing is known of how people agree."""
    foreseen_at: datetime


_KEPT: WeakKeyDictionary[Store, tuple[int, Costly | None]] = WeakKeyDictionary()


def costly_of(
    store: Store, db: Database, sitting_id: int, moment: datetime, age_max_s: float = STALE_S
) -> Costly:
    """As it was counted at most so many seconds ago."""
    kept_for, kept = _KEPT.get(store, (0, None))
    if kept_for != sitting_id:
        kept = None
    if kept and 0 <= (moment - kept.counted_at).total_seconds() < age_max_s:
        return kept
    fresh = _count_costly(db, sitting_id, kept, moment)
    _KEPT[store] = (sitting_id, fresh)
    return fresh


def recount(store: Store, moment: datetime) -> None:
    """For the timetable: so that nobody waits for it."""
    with store.reading() as db:
        sitting = sittings.current(db)
        costly_of(store, db, sitting.id if sitting else 0, moment, age_max_s=0)


def _arrivals(
    db: Database, sitting_id: int, kept: Costly | None, moment: datetime
) -> list[counts.Arrivals]:
    """Of today; spans that were over when they were counted are not counted again."""
    midnight = _midnight_of(moment)
    since = max(midnight, charts.span_of(kept.counted_at - LATE)) if kept else midnight
    known = [
        a
        for a in (kept.arrivals if kept else ())
        if _span_text(midnight) <= a.span and a.span < _span_text(since)
    ]
    return [*known, *counts.arrivals(db, sitting_id, since)]


def _span_text(moment: datetime) -> str:
    return stamp(moment)[:15]


def _midnight_of(moment: datetime) -> datetime:
    """The last one here, not in London."""
    return moment.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


def _count_costly(db: Database, sitting_id: int, kept: Costly | None, moment: datetime) -> Costly:
    arrivals = _arrivals(db, sitting_id, kept, moment)
    today: dict[int, int] = {}
    for arrival in arrivals:
        today[arrival.round] = today.get(arrival.round, 0) + arrival.count
    begin = moment - timedelta(hours=1)
    if arrivals:
        first = datetime.fromisoformat(arrivals[0].span + "0").replace(tzinfo=UTC)
        begin = max(min(first, begin), moment - timedelta(hours=12))
    return Costly(
        moment,
        arrivals,
        counts.disagreement(db, sitting_id),
        counts.exceptions(db, sitting_id),
        charts.pace(arrivals, begin, moment),
        today,
        outcomes.count_by_state(db, sitting_id),
        performances.count_without_video(db),
        len(events.quarantined(db, QUARANTINED_MAX)),
        counts.count_faults(db, _midnight_of(moment)),
        *_foreseen(db, sitting_id, kept, moment),
    )


def _foreseen(
    db: Database, sitting_id: int, kept: Costly | None, moment: datetime
) -> tuple[Foresight | None, datetime]:
    if kept and kept.ahead and 0 <= (moment - kept.foreseen_at).total_seconds() < FORESEEN_S:
        return kept.ahead, kept.foreseen_at
    return foresee(db, sitting_id), moment
