"""The books after a rehearsal: what the nodes confirmed against what the hub holds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from hub.store import loads, marks, outcomes, probes, sittings
from hub.work.verify import verify
from shared.kit.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Books:
    works: int
    marks_submitted: int
    """Marks that a node confirmed as saved, revisions included, without those of probes."""
    probes_submitted: int
    """Reference clips and second looks: on the hub as well, and no marks."""
    marks_on_hub: int
    lost: int
    """Confirmed by a node, but not on the hub."""
    duplicated: int
    """Counted more than once for the same slot or the same person."""
    unknown: int
    """On the hub, but confirmed to nobody."""
    round3_tasks: int
    round4_tasks: int
    settled: int
    exceptions: int
    open: int
    findings: tuple[str, ...]
    """What the recomputation from the marks finds wrong."""

    @property
    def balance(self) -> bool:
        return (
            self.lost == self.duplicated == self.unknown == self.open == 0
            and self.settled + self.exceptions == self.works
            and not self.findings
        )


def close_books(db: Database, works: int, saved: Sequence[str]) -> Books:
    sitting = sittings.current(db)
    if sitting is None:
        raise Refusal("no_sitting", "还没有场次，无法对账。")
    probed = set(saved) & probes.event_ids(db, sitting.id)
    given = set(saved) - probed
    on_hub = list(marks.every(db, sitting.id))
    ids = {mark.event_id for mark in on_hub}
    states = Counter(outcome.state for outcome in outcomes.of_sitting(db, sitting.id))
    handed_out = loads.by_round(db, sitting.id)
    counted = [mark for mark in on_hub if mark.standing == "counted"]
    return Books(
        works=works,
        marks_submitted=len(given),
        probes_submitted=len(probed),
        marks_on_hub=len(ids),
        lost=len(given - ids),
        duplicated=(len(on_hub) - len(ids))
        + _repeats((mark.performance_id, mark.round) for mark in counted)
        + _repeats((mark.performance_id, mark.account_id) for mark in counted),
        unknown=len(ids - given),
        round3_tasks=handed_out[3].total if 3 in handed_out else 0,
        round4_tasks=handed_out[4].total if 4 in handed_out else 0,
        settled=states["settled"],
        exceptions=states["exception"],
        open=works - states["settled"] - states["exception"],
        findings=tuple(verify(db)),
    )


def _repeats(keys: Iterable[tuple[int, int]]) -> int:
    counts = Counter(keys)
    return sum(count - 1 for count in counts.values())
