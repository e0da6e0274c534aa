"""The published record (记录.json): all that anybody needs to check outcomes and allocation.

Its format is described in record.md, beside this file.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from sqlite_utils import Database

from hub.store import audit, corrections, exam, handings, marks, outcomes, performances, tasks
from hub.store.sittings import Sitting
from hub.work.allocate import RECORD
from hub.work.supplement import RECORD as MORE
from shared.kit.refusal import Refusal
from shared.rules.policy import Policy, policy_hash
from shared.rules.rubric import CRITERIA, levels_to_text

FORMAT = "shengping-record"
VERSION = 2

SHOWN = ("prepare_sitting", "allocate", RECORD, "supplement", MORE, "close_sitting")
"""Entries of the audit log that name nobody: what they say is published too."""


def write_record(db: Database, sitting: Sitting, target: Path) -> int:
    """How many marks it holds. Row by row: a city's record does not fit into memory twice."""
    if sitting.state != "closed":
        raise Refusal("not_closed", "场次结束后才公开随机种子，请在结束后导出记录")
    part = target.with_name(target.name + ".part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.write("{\n")
        for name, value in _head(db, sitting).items():
            file.write(f"{_text(name)}: {_text(value)},\n")
        counts = {name: _write_rows(file, name, rows) for name, rows in _tables(db, sitting)}
        file.write(f'"counts": {_text(counts)}\n}}\n')
    part.replace(target)
    return counts["marks"]


def _head(db: Database, sitting: Sitting) -> dict[str, Any]:
    entry = next(e for e in audit.of_action(db, RECORD) if e.detail["sitting"] == sitting.id)
    policy = entry.detail["policy"]
    named = exam.exam(db)
    return {
        "format": FORMAT,
        "version": VERSION,
        "exam": named.name if named else "",
        "policy": policy,
        "policy_hash": policy_hash(Policy(**policy)),
        "sitting": {
            "id": sitting.id,
            "kind": sitting.kind,
            "seed": sitting.seed,
            "seed_hash": sitting.seed_hash,
            "opened_at": sitting.opened_at,
            "closed_at": sitting.closed_at,
        },
        "audit_head": audit.head(db),
        "supplements": [
            {"number": e.detail["number"], "tasks": e.detail["tasks"], "groups": _more_groups(e)}
            for e in audit.of_action(db, MORE)
            if e.detail["sitting"] == sitting.id
        ],
        "criteria": [criterion.value for criterion in CRITERIA],
        "groups": [
            {"id": g.id, "stage": g.stage.value, "item": g.item, "hands": _hands(entry, g.id)}
            for g in exam.groups(db)
        ],
    }


def _hands(entry: audit.Entry, group_id: int) -> list[list[int]]:
    return next((g["hands"] for g in entry.detail["groups"] if g["group"] == group_id), [])


def _more_groups(entry: audit.Entry) -> list[dict[str, Any]]:
    return [{"id": group["group"], "hands": group["hands"]} for group in entry.detail["groups"]]


def _tables(db: Database, sitting: Sitting) -> Iterator[tuple[str, Iterable[list[Any]]]]:
    """Every table, its rows in order; no name, no school and no phone."""
    allocated = performances.allocated(db)
    yield (
        "performances",
        (
            [p.id, p.code, p.item_group_id, p.district_id]
            for p in performances.every(db)
            if p.id in allocated
        ),
    )
    yield "tasks", (_task(task) for task in tasks.of_sitting(db, sitting.id))
    yield (
        "handings",
        (
            [h.kind, h.ref, json.loads(h.detail or "[]")]
            for h in handings.of_sitting(db, sitting.id)
        ),
    )
    yield (
        "corrections",
        ([c.performance_id, c.last_task, c.at] for c in corrections.of_sitting(db, sitting.id)),
    )
    yield "marks", (_mark(mark) for mark in marks.every(db, sitting.id))
    yield "outcomes", (_outcome(outcome) for outcome in outcomes.of_sitting(db, sitting.id))
    yield "audit", (_link(link) for link in audit.links(db))


def _link(link: audit.Link) -> list[Any]:
    """Only an entry that names nobody says what it says."""
    if link.is_bare:
        return [link.id, link.at, link.action, None, None, link.hash, None, None]
    shown = [link.detail_salt, link.detail] if link.action in SHOWN else [None, None]
    return [link.id, link.at, link.action, link.who_hash, link.detail_hash, link.hash, *shown]


def _task(task: tasks.Task) -> list[Any]:
    return [
        task.id,
        task.performance_id,
        task.round,
        task.account_id,
        task.position,
        task.state,
    ]


def _mark(mark: marks.Mark) -> list[Any]:
    return [
        mark.event_id,
        mark.task_id,
        mark.performance_id,
        mark.round,
        mark.account_id,
        levels_to_text(mark.levels),
        mark.exception.value if mark.exception else None,
        mark.revises,
        mark.received_at,
        mark.standing,
    ]


def _outcome(outcome: outcomes.Outcome) -> list[Any]:
    decided = [outcome.decided.get(criterion) for criterion in CRITERIA]
    return [
        outcome.performance_id,
        outcome.state,
        [str(d.level) if d else None for d in decided],
        [list(d.rounds) if d else None for d in decided],
        [d.rule.value if d else None for d in decided],
        outcome.exception.value if outcome.exception else None,
        list(outcome.exception_rounds),
    ]


def _write_rows(file: TextIO, name: str, rows: Iterable[list[Any]]) -> int:
    file.write(f"{_text(name)}: [")
    count = 0
    for count, row in enumerate(rows, 1):
        file.write(("" if count == 1 else ",") + "\n" + _text(row))
    file.write("\n],\n")
    return count


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
