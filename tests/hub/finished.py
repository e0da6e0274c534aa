"""A small rehearsal played to its end in the hub alone, and pages read as tables of words."""

import random
import re
from html.parser import HTMLParser
from pathlib import Path

from sqlite_utils import Database

from hub.store import announcements, nodes, probes, references, sittings, tasks
from hub.store.tasks import Task
from hub.work.announce import announce
from hub.work.milestones import announce_reached
from hub.work.seed_probes import seed_probes
from hub.work.sittings import close
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA, MarkException
from shared.wire.messages import MarkBody
from tests.hub.makers import ADMIN, an_allocated_hub, an_event_id, give, hear_of
from tests.makers import NINE

SEED = 2023
REVISION = 1_000_000
PROBED = 2_000_000
REFERENCES, EXPERTS = range(1, 9), "323232"


def one(db: Database, sql: str, *parameters: object) -> int:
    """The one number that it selects; 0 where there is none."""
    return int(db.conn.execute(sql, parameters).fetchone()[0] or 0)


def a_finished_hub(folder: Path, works: int = 8) -> Store:
    """Every round marked, with exceptions and changed minds; announced, read, and closed."""
    store = an_allocated_hub(folder, districts=4, markers=2, leaders=1, works=works)
    chance = random.Random(SEED)
    with store.writing() as db:
        for performance in REFERENCES:
            references.put(db, performance, EXPERTS, "专家组商定", ADMIN, NINE)
        seed_probes(db, NINE)
        answer_probes(db, chance)
        while open_tasks := _open(db):
            for task in open_tasks:
                _mark(db, task, chance)
        for node in nodes.all_nodes(db):
            hear_of(db, node.id, NINE)
        announce_reached(db, NINE)
        said = announce(db, "请各区县清点人数", "important", 0, [], ADMIN, NINE)
        for account in range(1, 6):
            announcements.put_receipt(db, said, account, stamp(NINE))
        sitting = sittings.open_sitting(db)
        assert sitting is not None
        close(db, sitting.id, ADMIN, NINE)
    return store


def answer_probes(db: Database, chance: random.Random) -> None:
    rows = db.conn.execute("SELECT id, account_id FROM probe ORDER BY account_id, id").fetchall()
    for place, (id, account) in enumerate(rows):
        levels = "".join(
            level if chance.random() < 0.8 else str(3 - int(level)) for level in EXPERTS
        )
        body = MarkBody(
            task_id=id,
            gen=1,
            account_id=account,
            levels=levels,
            given_at=stamp(NINE),
            spent_ms=60_000,
            heard_percent=90,
        )
        probes.add_mark(db, an_event_id(PROBED + place), body, 1, NINE)
        probes.set_done(db, id)


def _open(db: Database) -> list[Task]:
    rows = db.conn.execute("SELECT id FROM task WHERE state = 'open' ORDER BY id").fetchall()
    found = [tasks.task(db, row[0]) for row in rows]
    return [task for task in found if task is not None]


def _mark(db: Database, task: Task, chance: random.Random) -> None:
    spent = chance.randrange(20_000, 120_000)
    habits = {"spent_ms": spent, "heard_percent": chance.randrange(40, 101)}
    if chance.random() < 0.06:
        exception = chance.choice(list(MarkException)).value
        give(db, task, "------", exception=exception, **habits)
        return
    give(db, task, _levels(task, chance), **habits)
    if task.round == 1 and chance.random() < 0.2:
        number, first = REVISION + task.id, an_event_id(task.id)
        give(db, task, _levels(task, chance), number=number, revises=first, **habits)


def _levels(task: Task, chance: random.Random) -> str:
    """Around a truth of the performance, one in five off by one."""
    truth = random.Random(task.performance_id)
    levels = ""
    for criterion in CRITERIA:
        level = truth.choice((3, 3, 2, 2, 1))
        if chance.random() < 0.2:
            level = min(3, max(0, level + chance.choice((-1, 1))))
        levels += str(level) if task.criteria & criterion.bit else "-"
    return levels


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.tables[-1][-1][-1] += data


def tables(html: str) -> list[list[list[str]]]:
    """Each table as rows of words, its head and foot among them."""
    reader = _Tables()
    reader.feed(html)
    return [[[" ".join(cell.split()) for cell in row] for row in t] for t in reader.tables]


def words(html: str) -> str:
    """All that is read on a page, in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())
