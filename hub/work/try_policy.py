"""Try a policy (试算) on the marks so far: what would change, and nothing is written."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from sqlite_utils import Database

from hub.store import exam, loads, marks
from hub.store.marks import Mark
from hub.work.settle import verdict_on
from shared.rules.agreement import Verdict
from shared.rules.policy import Policy
from shared.rules.rubric import Criterion


@dataclass(frozen=True, slots=True)
class Needs:
    """What one policy asks for."""

    third: int
    """Of the performances with both first marks, those that need a third."""
    leader: int
    """Those known to need a leader."""
    settled: int
    """Those that the marks there are settle."""


@dataclass(frozen=True, slots=True)
class Effect:
    compared: int
    """Performances with both first marks, of those looked at."""
    one_in: int
    """1 when every performance was looked at."""
    now: Needs
    then: Needs
    changed: int
    """Settled under both, but not with the same levels."""
    changed_levels: Mapping[Criterion, int]


def try_policy(db: Database, sitting_id: int, policy: Policy, works_max: int) -> Effect:
    """Looks at about `works_max` performances at most, evenly chosen."""
    first = loads.by_round(db, sitting_id).get(1)
    one_in = max(1, -(-(first.done if first else 0) // works_max))
    present = exam.policy(db)
    now, then = Counter[str](), Counter[str]()
    changed_levels = Counter[Criterion]()
    compared = changed = 0
    rows = marks.sampled(db, sitting_id, one_in)
    for _, of_one in groupby(rows, key=lambda mark: mark.performance_id):
        given = {mark.round: mark for mark in of_one}
        if not given.keys() >= {1, 2}:
            continue
        compared += 1
        is_now, is_then = verdict_on(given, present), verdict_on(given, policy)
        _count(now, given, is_now, present)
        _count(then, given, is_then, policy)
        others = _differing(is_now, is_then)
        changed += bool(others)
        changed_levels.update(others)
    return Effect(compared, one_in, _needs(now), _needs(then), changed, changed_levels)


def _count(
    counts: Counter[str], given: Mapping[int, Mark], verdict: Verdict, policy: Policy
) -> None:
    """Under another policy a round-3 mark may be there that would not have been asked for."""
    first = verdict_on({r: given[r] for r in (1, 2)}, policy)
    before = verdict_on({r: m for r, m in given.items() if r < 4}, policy)
    counts["third"] += first.next_round == 3
    counts["leader"] += (first.next_round == 4) or (3 in given and before.next_round == 4)
    counts["settled"] += verdict.is_final


def _needs(counts: Counter[str]) -> Needs:
    return Needs(counts["third"], counts["leader"], counts["settled"])


def _differing(one: Verdict, other: Verdict) -> list[Criterion]:
    """Of two final verdicts."""
    if not (one.is_final and other.is_final):
        return []
    return [
        criterion
        for criterion in one.decided
        if criterion in other.decided
        and one.decided[criterion].level != other.decided[criterion].level
    ]
