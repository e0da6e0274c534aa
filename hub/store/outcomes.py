"""Outcomes: the final level of each criterion, with the rounds and the rule that gave it."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import Literal

from sqlite_utils import Database

from shared.kit.clock import stamp
from shared.rules.agreement import Decision, Rule, Verdict
from shared.rules.rubric import CRITERIA, Criterion, MarkException

OutcomeState = Literal["open", "settled", "exception"]


@dataclass(frozen=True, slots=True)
class Outcome:
    sitting_id: int
    performance_id: int
    state: OutcomeState
    decided: dict[Criterion, Decision]
    """All six when settled, none when it is an exception."""
    exception: MarkException | None
    exception_rounds: tuple[int, ...]
    settled_at: str | None

    def agrees_with(self, verdict: Verdict) -> bool:
        return (
            self.state == _state(verdict)
            and self.decided == verdict.decided
            and self.exception == verdict.exception
            and self.exception_rounds == verdict.exception_rounds
        )


def outcome(db: Database, sitting_id: int, performance_id: int) -> Outcome | None:
    """None until rounds 1 and 2 are both marked."""
    row = db.conn.execute(
        """
        SELECT sitting_id, performance_id, state, levels, rounds, rules, exception, settled_at
        FROM outcome WHERE sitting_id = ? AND performance_id = ?
        """,
        (sitting_id, performance_id),
    ).fetchone()
    return _outcome(row) if row else None


def of_sitting(db: Database, sitting_id: int) -> Iterator[Outcome]:
    """By performance."""
    rows = db.conn.execute(
        """
        SELECT sitting_id, performance_id, state, levels, rounds, rules, exception, settled_at
        FROM outcome WHERE sitting_id = ? ORDER BY performance_id
        """,
        (sitting_id,),
    )
    return (_outcome(row) for row in rows)


def count_by_state(db: Database, sitting_id: int) -> dict[OutcomeState, int]:
    rows = db.conn.execute(
        "SELECT state, count(*) FROM outcome WHERE sitting_id = ? GROUP BY state", (sitting_id,)
    )
    return {row[0]: row[1] for row in rows}


def put(db: Database, sitting_id: int, verdicts: Mapping[int, Verdict], moment: datetime) -> None:
    """By performance. The same again changes nothing, the time of settling least of all."""
    text = stamp(moment)
    db.conn.executemany(
        """
        INSERT INTO outcome
          (sitting_id, performance_id, state, levels, rounds, rules, exception, settled_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (sitting_id, performance_id) DO UPDATE SET
          state = excluded.state, levels = excluded.levels, rounds = excluded.rounds,
          rules = excluded.rules, exception = excluded.exception, settled_at = excluded.settled_at
        WHERE outcome.state <> excluded.state OR outcome.levels <> excluded.levels
           OR outcome.rounds <> excluded.rounds OR outcome.rules <> excluded.rules
           OR coalesce(outcome.exception, '') <> coalesce(excluded.exception, '')
        """,
        [
            (
                sitting_id,
                performance_id,
                _state(verdict),
                *_texts(verdict),
                verdict.exception.value if verdict.exception else None,
                text if verdict.is_final else None,
            )
            for performance_id, verdict in verdicts.items()
        ],
    )


def remove(db: Database, sitting_id: int, performance_id: int) -> None:
    """Of a performance that is marked afresh: an outcome is a function of the counted marks."""
    db.conn.execute(
        "DELETE FROM outcome WHERE sitting_id = ? AND performance_id = ?",
        (sitting_id, performance_id),
    )


def confirmed_exceptions(db: Database, sitting_id: int, limit: int) -> list[Outcome]:
    """The newest first."""
    rows = db.conn.execute(
        """
        SELECT sitting_id, performance_id, state, levels, rounds, rules, exception, settled_at
        FROM outcome WHERE sitting_id = ? AND state = 'exception'
        ORDER BY settled_at DESC, performance_id LIMIT ?
        """,
        (sitting_id, limit),
    )
    return [_outcome(row) for row in rows]


def _state(verdict: Verdict) -> OutcomeState:
    if not verdict.is_final:
        return "open"
    return "exception" if verdict.exception else "settled"


def _texts(verdict: Verdict) -> tuple[str, str, str]:
    """levels, rounds and rules: arrays of six in the order of CRITERIA, null where open.

    An exception has no levels; its rounds are those that confirmed it, in every place.
    """
    if verdict.exception:
        confirmed = [list(verdict.exception_rounds)] * len(CRITERIA)
        nothing = json.dumps([None] * len(CRITERIA))
        return nothing, json.dumps(confirmed), nothing
    found = [_fragments(verdict.decided.get(criterion)) for criterion in CRITERIA]
    levels, rounds, rules = zip(*found, strict=True)
    return f"[{', '.join(levels)}]", f"[{', '.join(rounds)}]", f"[{', '.join(rules)}]"


@cache
def _decision(level: str, by: tuple[int, ...], rule: str) -> Decision:
    """There are few, and a check of everything reads each of them often."""
    return Decision(Fraction(level), by, Rule(rule))


@cache
def _fragments(decision: Decision | None) -> tuple[str, str, str]:
    """As json.dumps writes them; there are few, and each is needed often."""
    if decision is None:
        return "null", "null", "null"
    by = ", ".join(map(str, decision.rounds))
    return f'"{decision.level}"', f"[{by}]", f'"{decision.rule}"'


def _outcome(row: sqlite3.Row) -> Outcome:
    levels, rounds, rules = (json.loads(row[n]) for n in ("levels", "rounds", "rules"))
    exception = MarkException(row["exception"]) if row["exception"] else None
    decided = {
        criterion: _decision(level, tuple(by), rule)
        for criterion, level, by, rule in zip(CRITERIA, levels, rounds, rules, strict=True)
        if level is not None
    }
    return Outcome(
        row["sitting_id"],
        row["performance_id"],
        row["state"],
        decided,
        exception,
        tuple(rounds[0]) if exception else (),
        row["settled_at"],
    )
