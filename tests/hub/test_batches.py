"""Many events in one batch end just where the same events end that are handed in one by one."""

import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

import hub.schema
from hub.store import nodes, tasks
from hub.store.nodes import Node
from hub.store.tasks import Task
from hub.work.hand_out import take_back
from hub.work.receive_events import receive
from hub.work.verify import verify
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.policy import Policy
from shared.rules.rubric import CRITERIA, from_mask, levels_to_text
from shared.wire import chain
from shared.wire.messages import Event, HoldingBody, MarkBody, PushAnswer, PushRequest
from tests.hub.makers import an_allocated_hub
from tests.makers import NINE

TABLES = (
    *("mark", "slot", "task", "outcome", "load", "hand", "handing", "node_stream", "holding"),
    *("event", "fault", "feed"),
)
WITHOUT = {"feed": ("seq",)}
"""Only what changed is compared, not in which order the nodes are told."""
TURNS = 12


class Lab:
    """A node that hands in whatever comes to its mind, some of it nonsense."""

    def __init__(self, node: Node, rng: random.Random) -> None:
        self.node, self.rng = node, rng
        self.given: list[tuple[Task, str]] = []
        self.events: list[Event] = []
        self.seq, self.head = 0, chain.START

    def batch(self, db: Database) -> list[Event]:
        held = [
            task
            for account in db.conn.execute(
                "SELECT id FROM account WHERE district_id = ?", (self.node.district_id,)
            )
            for task in tasks.open_of_account(db, account[0], 1)
        ]
        chosen = self.rng.sample(held, min(len(held), self.rng.randint(1, 25)))
        made = [event for task in chosen for event in self._events(task)]
        self.rng.shuffle(made)
        return made or [self._event("holding", 0, HoldingBody(gained=[], lost=[]))]

    def _events(self, task: Task) -> Iterator[Event]:
        first = self._event("mark", 1, self._mark(task))
        self.given.append((task, first.event_id))
        yield first
        if self.rng.random() < 0.5:
            yield self._odd(task, first)

    def _odd(self, task: Task, first: Event) -> Event:
        """Something that comes after, and is not as it should be; or revises an earlier mark."""
        earlier, mark_id = self.rng.choice(self.given)
        another = self._event("mark", 1, self._mark(task))
        replace = msgspec.structs.replace
        return self.rng.choice(
            (
                first,
                another,
                replace(first, body=first.body.replace("60000", "60001")),
                replace(another, body="{}"),
                replace(another, sitting=7),
                self._event("mark", 1, self._mark(task, account_id=task.account_id + 1)),
                self._event("mark", 1, self._mark(task, levels="3-3333")),
                self._event("mark", 1, self._mark(task, task_id=999_999)),
                self._event("mark", 1, self._mark(earlier, revises=mark_id)),
                self._event("mark", 1, self._mark(earlier, revises=mark_id)),
            )
        )

    def _mark(self, task: Task, **changes: object) -> MarkBody:
        asked = from_mask(task.criteria)
        levels = {c: self.rng.choice([3, 3, 3, 2]) for c in CRITERIA if c in asked}
        body = MarkBody(
            task_id=task.id,
            gen=task.gen,
            account_id=task.account_id,
            levels=levels_to_text(levels),
            given_at=stamp(NINE),
            spent_ms=60_000,
            heard_percent=100,
        )
        if self.rng.random() < 0.1:
            body.levels, body.exception = "------", self.rng.choice(["no_picture", "off_topic"])
        for name, value in changes.items():
            setattr(body, name, value)
        return body

    def _event(self, kind: str, sitting: int, body: msgspec.Struct) -> Event:
        text = msgspec.json.encode(body).decode()
        id = f"{self.rng.getrandbits(128):032x}"
        return Event(event_id=id, sitting=sitting, kind=kind, v=1, body=text)


def hand_in(db: Database, lab: Lab, batch: Sequence[Event], seq: int, head: str) -> list[str]:
    for event in batch:
        head = chain.link(head, event.event_id, chain.body_hash(event.body))
    request = PushRequest(node_inc="inc", from_seq=seq + 1, chain=head, events=[*batch])
    answer = receive(db, lab.node, request, NINE)
    assert isinstance(answer, PushAnswer), answer
    return [f"{result.event_id} {result.code} {result.reason}" for result in answer.results]


def contents(db: Database) -> dict[str, list[str]]:
    return {
        table: sorted(
            repr([value for name, value in row.items() if name not in WITHOUT.get(table, ())])
            for row in db[table].rows
        )
        for table in TABLES
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_batch_at_once_is_as_its_events_one_by_one(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr("secrets.token_hex", lambda size: rng.randbytes(size).hex())
    policy = Policy(placement=rng.choice(["spread", "together"]), tolerance=rng.choice([0, 0, 1]))
    (tmp_path / "other").mkdir()
    an_allocated_hub(tmp_path, works=4, policy=policy).close()
    shutil.copy(tmp_path / "hub.db", tmp_path / "other" / "hub.db")
    at_once = Store(tmp_path / "hub.db", hub.schema.migrations)
    singly = Store(tmp_path / "other" / "hub.db", hub.schema.migrations)
    with at_once.reading() as db:
        labs = [Lab(node, rng) for node in nodes.all_nodes(db)]
    for _ in range(TURNS):
        lab = rng.choice(labs)
        with at_once.reading() as db:
            batch = lab.batch(db)
        with at_once.writing() as db, singly.writing() as other:
            answers = hand_in(db, lab, batch, lab.seq, lab.head)
            answers_singly = []
            for event in batch:
                answers_singly += hand_in(other, lab, [event], lab.seq, lab.head)
                digest = chain.body_hash(event.body)
                lab.seq, lab.head = lab.seq + 1, chain.link(lab.head, event.event_id, digest)
            assert answers == answers_singly
            if rng.random() < 0.5 and (held := tasks.open_of_account(db, rng.randint(1, 16), 1)):
                for each in (db, other):
                    take_back(each, held[0], NINE)
            assert contents(db) == contents(other)
    with at_once.reading() as db:
        assert verify(db) == []
        marked = db.conn.execute("SELECT count(*) FROM mark WHERE round > 2").fetchone()[0]
    assert marked > 0, "the batches never came to rounds 3 and 4"
    at_once.close()
    singly.close()
