"""Whatever the order of marks, revisions, exceptions and take-backs of several nodes, the hub ends
where a simple model of the rules ends; and the same order again ends in the same state.
"""

import shutil
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlite_utils import Database

import hub.schema
from hub.store import accounts, marks, nodes, outcomes, performances, slots, tasks
from hub.store.tasks import Task
from hub.work.hand_out import hand_out_waiting, take_back
from hub.work.receive_events import receive
from hub.work.verify import verify
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.policy import Policy
from shared.rules.rubric import CRITERIA, MarkException, Role, from_mask, levels_to_text
from shared.wire import chain
from shared.wire.messages import Event, HoldingBody, MarkBody, PushAnswer, PushRequest
from tests.hub.makers import an_allocated_hub, an_event_id
from tests.hub.model import Model, Paper, Person, ending
from tests.makers import NINE

WORKS = (1, 2)
"""So few that everything happens to the same ones."""
LEVELS = st.sampled_from(["332101", "322101", "312101", "322100", "032100", "233333"])
EXCEPTIONS = st.sampled_from(["", "", "", "", "no_picture", "incomplete", "off_topic"])
POLICIES = st.builds(
    Policy,
    tolerance=st.sampled_from([0, 0, 1]),
    three_distinct=st.sampled_from(["leader", "median"]),
)


_FOLDERS: list[TemporaryDirectory[str]] = []
"""Kept until the tests end."""


@cache
def an_untouched_hub(policy: Policy) -> Path:
    """Three districts of two markers and a leader; rounds 1 and 2 allocated."""
    _FOLDERS.append(TemporaryDirectory())
    folder = Path(_FOLDERS[-1].name)
    an_allocated_hub(folder, districts=3, markers=2, works=1, policy=policy).close()
    return folder


def a_copy(folder: Path, policy: Policy) -> Store:
    for file in an_untouched_hub(policy).iterdir():
        shutil.copy(file, folder / file.name)
    return Store(folder / "hub.db", hub.schema.migrations)


Key = tuple[int, int]
"""Work and round."""


class Lab:
    """A district's node: what it was told, what it has given, what it has not handed in yet."""

    def __init__(self, node: nodes.Node) -> None:
        self.node = node
        self.told: dict[int, Task] = {}
        self.last_mark: dict[int, str] = {}
        self.outbox: list[Event] = []
        self.seq, self.head = 0, chain.START

    def request(self, count: int) -> PushRequest:
        batch, head = self.outbox[:count], self.head
        for event in batch:
            head = chain.link(head, event.event_id, chain.body_hash(event.body))
        return PushRequest(node_inc="inc", from_seq=self.seq + 1, chain=head, events=batch)


class Interleavings(RuleBasedStateMachine):
    @initialize(policy=POLICIES)
    def start(self, policy: Policy) -> None:
        self.folder = TemporaryDirectory()
        self.policy = policy
        self.store = a_copy(Path(self.folder.name), policy)
        self.number = 0
        self.moment = NINE
        self.order: list[tuple[str, object]] = []
        """What reached the hub, in its order."""
        with self.store.reading() as db:
            self.labs = [Lab(node) for node in nodes.all_nodes(db)]
            self.model = a_model(db, policy)
        for lab in self.labs:
            self._pull(lab)

    @rule(lab=st.integers(0, 2))
    def pull(self, lab: int) -> None:
        self._pull(self.labs[lab])

    @rule(work=st.sampled_from(WORKS), texts=st.tuples(LEVELS, LEVELS), is_late=st.booleans())
    def first_marks(self, work: int, texts: tuple[str, str], is_late: bool) -> None:
        for number in (1, 2):
            self.mark(work, number, texts[number - 1], "", is_late)

    @rule(
        work=st.sampled_from(WORKS),
        number=st.sampled_from([1, 2, 3, 3, 4, 4]),
        text=LEVELS,
        exception=EXCEPTIONS,
        is_late=st.booleans(),
    )
    def mark(self, work: int, number: int, text: str, exception: str, is_late: bool) -> None:
        """Whoever holds the task marks it, as the node knows it; late ones wait for a push."""
        place = self.model.places.get((work, number))
        if place is None or place.state != "assigned" or place.task is None:
            return
        here = self.lab_of(self.model.jobs[place.task].account)
        if place.task not in here.told:
            self._pull(here)
        if place.task in here.last_mark:
            return
        self._write(here, here.told[place.task], text, exception, "")
        if not is_late:
            self._push(here, len(here.outbox))

    @rule(lab=st.integers(0, 2), pick=st.integers(0, 99), text=LEVELS, exception=EXCEPTIONS)
    def mark_what_may_be_withdrawn(self, lab: int, pick: int, text: str, exception: str) -> None:
        """Somebody marks what the node still believes to be open."""
        here = self.labs[lab]
        believed = [t for t in here.told.values() if t.state == "open"]
        believed = [t for t in believed if t.id not in here.last_mark]
        if believed:
            self._write(here, believed[pick % len(believed)], text, exception, "")

    @rule(pick=st.integers(0, 99), text=LEVELS, exception=EXCEPTIONS, is_late=st.booleans())
    def revise(self, pick: int, text: str, exception: str, is_late: bool) -> None:
        given = [(lab, task) for lab in self.labs for task in sorted(lab.last_mark)]
        if not given:
            return
        here, id = given[pick % len(given)]
        with self.store.reading() as db:
            task = tasks.task(db, id)
        assert task is not None
        self._write(here, task, text, exception, here.last_mark[id])
        if not is_late:
            self._push(here, len(here.outbox))

    @rule(lab=st.integers(0, 2), count=st.integers(1, 4))
    def push(self, lab: int, count: int) -> None:
        self._push(self.labs[lab], count)

    def _push(self, here: Lab, count: int) -> None:
        request = here.request(count)
        if not request.events:
            return
        self._tick()
        with self.store.writing() as db:
            answer = receive(db, here.node, request, self.moment)
            again = receive(db, here.node, request, self.moment)
        assert isinstance(answer, PushAnswer) and isinstance(again, PushAnswer)
        assert [(r.code, r.reason) for r in answer.results] == [
            (r.code, r.reason) for r in again.results
        ]
        here.seq, here.head = answer.acked_seq, answer.chain
        here.outbox = here.outbox[len(request.events) :]
        self.order.append(("push", (here.node, request, self.moment)))
        for event, result in zip(request.events, answer.results, strict=True):
            self._compare(here, event, result.code)

    @rule(pick=st.integers(0, 99))
    def reclaim(self, pick: int) -> None:
        live = [id for id, job in self.model.jobs.items() if job.state == "open"]
        live = [id for id in live if self.model.jobs[id].work in WORKS]
        if not live:
            return
        id = live[pick % len(live)]
        self._tick()
        with self.store.writing() as db:
            task = tasks.task(db, id)
            assert task is not None and take_back(db, task, self.moment)
        self.order.append(("reclaim", (id, self.moment)))
        self.model.reclaim(id)
        job = self.model.jobs[id]
        self._follow(self.model.opened(), job.account)

    @precondition(lambda self: self.model.waiting())
    @rule()
    def try_the_waiting_again(self) -> None:
        self._tick()
        with self.store.writing() as db:
            hand_out_waiting(db, self.moment)
        self.order.append(("waiting", self.moment))
        self._follow(self.model.waiting())

    @rule(lab=st.integers(0, 2), work=st.sampled_from(WORKS), is_gained=st.booleans())
    def hold(self, lab: int, work: int, is_gained: bool) -> None:
        """A node says that its cache gained or lost a video."""
        digest = self._digest(work)
        body = HoldingBody(gained=[digest] if is_gained else [], lost=[] if is_gained else [digest])
        self._queue(self.labs[lab], "holding", body)
        self._push(self.labs[lab], len(self.labs[lab].outbox))

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.store.reading() as db:
            assert hub_state(db) == model_state(self.model)

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.store.reading() as db:
            assert verify(db) == []
            expected = everything(db)
        with TemporaryDirectory() as folder:
            other = a_copy(Path(folder), self.policy)
            with other.writing() as db:
                for kind, what in self.order:
                    repeat(db, kind, what)
                assert everything(db) == expected
            other.close()
        self.store.close()
        self.folder.cleanup()

    def lab_of(self, account: int) -> Lab:
        district = self.model.people[account].district
        return next(lab for lab in self.labs if lab.node.district_id == district)

    def _tick(self) -> None:
        self.moment += timedelta(seconds=1)

    def _pull(self, lab: Lab) -> None:
        with self.store.reading() as db:
            for work in WORKS:
                for task in tasks.of_performance(db, 1, work):
                    if task.district_id == lab.node.district_id:
                        lab.told[task.id] = task

    def _write(self, lab: Lab, task: Task, text: str, exception: str, revises: str) -> None:
        levels = dict(zip(CRITERIA, map(int, text), strict=True))
        asked = {c: levels[c] for c in from_mask(task.criteria)}
        keeps_levels = not exception or (exception == "incomplete" and text[0] == "3")
        body = MarkBody(
            task_id=task.id,
            gen=task.gen,
            account_id=task.account_id,
            levels=levels_to_text(asked if keeps_levels else {}),
            exception=exception,
            given_at=stamp(NINE),
            spent_ms=1000,
            heard_percent=100,
            revises=revises,
        )
        lab.last_mark[task.id] = self._queue(lab, "mark", body)

    def _queue(self, lab: Lab, kind: str, body: msgspec.Struct) -> str:
        self.number += 1
        id = an_event_id(self.number)
        text = msgspec.json.encode(body).decode()
        lab.outbox.append(Event(event_id=id, sitting=1, kind=kind, v=1, body=text))
        return id

    def _compare(self, lab: Lab, event: Event, code: str) -> None:
        """What the model says of this event; and the slots that it opened."""
        if event.kind == "holding":
            body = msgspec.json.decode(event.body, type=HoldingBody)
            for work in WORKS:
                near = self.model.near[work]
                if self._digest(work) in body.gained:
                    near.add(lab.node.district_id)
                if self._digest(work) in body.lost:
                    near.discard(lab.node.district_id)
            return
        mark = msgspec.json.decode(event.body, type=MarkBody)
        levels = {i: int(ch) for i, ch in enumerate(mark.levels) if ch != "-"}
        paper = Paper(event.event_id, mark.task_id, mark.account_id, levels, mark.exception)
        assert code == self.model.arrive(paper, mark.revises), event
        self._follow(self.model.opened())

    def _follow(self, keys: Collection[Key], not_to: int | None = None) -> None:
        """The product's choice for each of these slots must be one that the model allows.

        Within a batch a slot may be handed out, closed, and handed out again: the first new
        task is the answer to the first opening.
        """
        given: list[tuple[int, int, Key]] = []
        with self.store.reading() as db:
            for key in keys:
                ever = tasks.of_performance(db, 1, key[0])
                new = [t for t in ever if t.round == key[1] and t.id not in self.model.jobs]
                given += [(task.id, task.account_id, key) for task in new[:1]]
        for id, account, key in sorted(given):
            assert account in self.model.may_be_given(*key, not_to)
            self.model.give(id, account, *key)
        served = {key[0] for _, _, key in given}
        for key in keys:
            if key[0] not in served:
                assert not self.model.may_be_given(*key, not_to)

    def _digest(self, work: int) -> str:
        with self.store.reading() as db:
            return str(
                db.conn.execute("SELECT sha256 FROM video WHERE id = ?", (work,)).fetchone()[0]
            )


def a_model(db: Database, policy: Policy) -> Model:
    people = {a.id: Person(a.district_id, a.role is Role.LEADER) for a in accounts.everyone(db)}
    homes = {p.id: p.district_id for p in performances.every(db)}
    model = Model(people, homes, policy.tolerance, policy.three_distinct == "median")
    for work in homes:
        for task in tasks.of_performance(db, 1, work):
            model.deal(task.id, task.account_id, work, task.round)
    return model


def repeat(db: Database, kind: str, what: object) -> None:
    """One step again, one event at a time."""
    match kind, what:
        case "push", (nodes.Node() as node, PushRequest() as request, datetime() as moment):
            receive(db, node, request, moment)
        case "reclaim", (int(id), datetime() as moment):
            task = tasks.task(db, id)
            assert task is not None
            take_back(db, task, moment)
        case _, datetime() as moment:
            hand_out_waiting(db, moment)


def hub_state(db: Database) -> list[str]:
    return sorted(map(str, _hub_facts(db)))


def _hub_facts(db: Database) -> Iterator[tuple[object, ...]]:
    for work in WORKS:
        for number, slot in slots.of_performance(db, 1, work).items():
            asked = frozenset(CRITERIA.index(c) for c in from_mask(slot.criteria))
            shown = asked if slot.state in ("waiting", "assigned") else frozenset[int]()
            yield "slot", work, number, slot.state, slot.task_id, sorted(shown)
        for task in tasks.of_performance(db, 1, work):
            yield "task", task.id, task.account_id, task.round, task.state
        found = outcomes.outcome(db, 1, work)
        if found:
            levels = {CRITERIA.index(c): int(d.level) for c, d in found.decided.items()}
            exception = found.exception.value if found.exception else ""
            yield "outcome", work, sorted(levels.items()), exception
    for mark in marks.every(db, 1):
        yield "mark", mark.event_id, mark.standing


def model_state(model: Model) -> list[str]:
    return sorted(map(str, _model_facts(model)))


def _model_facts(model: Model) -> Iterator[tuple[object, ...]]:
    for (work, number), place in model.places.items():
        if work in WORKS:
            shown = place.criteria if place.state in ("waiting", "assigned") else ()
            yield "slot", work, number, place.state, place.task, sorted(shown)
    for id, job in model.jobs.items():
        if job.work in WORKS:
            yield "task", id, job.account, job.round, job.state
    for work in WORKS:
        found = ending(model.counted(work), model.tolerance, model.median)
        if found:
            yield "outcome", work, sorted(found.levels.items()), found.exception
    for paper in model.papers:
        yield "mark", paper.id, paper.standing


def everything(db: Database) -> list[tuple[object, ...]]:
    """All that the hub's order decides."""
    return [
        tuple(row)
        for sql in (
            "SELECT * FROM task ORDER BY id",
            "SELECT * FROM slot ORDER BY performance_id, round",
            "SELECT * FROM mark ORDER BY event_id",
            "SELECT * FROM outcome ORDER BY performance_id",
            "SELECT * FROM load ORDER BY account_id, item_group_id, round",
            "SELECT * FROM hand ORDER BY account_id",
            "SELECT kind, ref, detail FROM handing ORDER BY seq",
        )
        for row in db.conn.execute(sql)
    ]


def test_every_interleaving_ends_where_the_model_ends() -> None:
    assert set(MarkException) == {"no_picture", "incomplete", "off_topic"}
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=25,
            stateful_step_count=60,
            deadline=None,
            # Shrinking takes minutes; a seed printed is enough to look at a failure.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
