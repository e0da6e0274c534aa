"""Marks per second that the hub takes in, with every decision on rounds 3 and 4.

Run: python -m benchmarks.ingest [--marks 10000 100000] [--holdings]
One million: --marks 1000000 takes half an hour; with --filled 98 of 100 performances are marked
in bulk before (they agree, see filling.py), and the time is taken of the rest: some minutes.
"""

import argparse
import random
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlite_utils import Database

from benchmarks.city import NINE, City, build
from benchmarks.filling import fill
from hub.pages import glance
from hub.store import loads, nodes, outcomes
from hub.store.nodes import Node
from hub.work.receive_events import receive
from hub.work.verify import verify
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA, from_mask, levels_to_text
from shared.wire import chain
from shared.wire.messages import Event, HoldingBody, MarkBody, PushAnswer, PushRequest
from shared.wire.paths import EVENTS_PER_PUSH_MAX

AGREEMENT = 0.79
TRUTH = 0.887
"""How often a mark is the true level: two marks are then equal in 79 % of criteria."""
LOOKS = 20
PROGRESS_EVERY = 100_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A task as a node knows it."""

    id: int
    performance: int
    account: int
    criteria: int
    gen: int
    video: str


@dataclass(slots=True)
class Lab:
    """A district's node: what it has to do, and how far its stream is known."""

    node: Node
    todo: deque[Asked] = field(default_factory=deque)
    feed_after: int = 0
    seq: int = 0
    head: str = chain.START


@dataclass(slots=True)
class Tally:
    marks: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    """Without the waiting for the disk and for whatever else the machine does."""
    slowest_batch_s: float = 0.0


class Marking:
    """Every node in turn pushes a full batch, until nobody has anything left to do."""

    def __init__(self, store: Store, folder: Path, *, with_holdings: bool) -> None:
        self.store = store
        self.folder = folder
        self.with_holdings = with_holdings
        self.rng = random.Random(1)
        self.tally = Tally()
        self.events = 0
        self.moment = NINE
        with store.reading() as db:
            self.labs = [Lab(node) for node in nodes.all_nodes(db)]

    def run(self, marks: int) -> Tally:
        """Until so many marks are in, or nobody has anything to do."""
        told, before = PROGRESS_EVERY, Tally()
        while self.tally.marks < marks:
            busy = [lab for lab in self.labs if self._push_batch(lab)]
            if not busy:
                break
            if self.tally.marks >= told:
                before = self._tell(before)
                told += PROGRESS_EVERY
        return self.tally

    def _tell(self, before: Tally) -> Tally:
        """Whether it slows down while the database grows."""
        now = replace(self.tally)
        marks, cpu = now.marks - before.marks, now.cpu_s - before.cpu_s
        print(
            f"  ... {now.marks:,} marks; of the last {marks:,} each took"
            f" {1e3 * (now.seconds - before.seconds) / marks:.2f} ms,"
            f" {1e3 * cpu / marks:.2f} ms of processor; {_mib(self.folder):,.0f} MiB; overview"
            f" {overview_ms(self.store, self.moment)[1]:.0f} ms",
            flush=True,
        )
        return now

    def _push_batch(self, lab: Lab) -> bool:
        if len(lab.todo) < EVENTS_PER_PUSH_MAX:
            self._pull(lab)
        asked = [lab.todo.popleft() for _ in range(min(EVENTS_PER_PUSH_MAX, len(lab.todo)))]
        if not asked:
            return False
        self._hand_in(lab, [self._mark(task) for task in asked])
        self.tally.marks += len(asked)
        return True

    def _hand_in(self, lab: Lab, batch: Sequence[Event]) -> None:
        before = lab.head
        for event in batch:
            before = chain.link(before, event.event_id, chain.body_hash(event.body))
        request = PushRequest(node_inc="inc", from_seq=lab.seq + 1, chain=before, events=[*batch])
        self.moment += timedelta(milliseconds=20)
        started, cpu = time.perf_counter(), time.process_time()
        with self.store.writing() as db:
            answer = receive(db, lab.node, request, self.moment)
        taken = time.perf_counter() - started
        if not isinstance(answer, PushAnswer) or any(r.code != "applied" for r in answer.results):
            raise RuntimeError(f"the hub refused: {answer}")
        lab.seq, lab.head = answer.acked_seq, answer.chain
        self.tally.seconds += taken
        self.tally.cpu_s += time.process_time() - cpu
        self.tally.slowest_batch_s = max(self.tally.slowest_batch_s, taken)

    def _pull(self, lab: Lab) -> None:
        """New tasks, those of later rounds first; and the lab reports that it has the videos."""
        with self.store.reading() as db:
            fresh = list(_new_tasks(db, lab))
        if not fresh:
            return
        lab.todo.extendleft(reversed(fresh)) if lab.feed_after else lab.todo.extend(fresh)
        with self.store.reading() as db:
            lab.feed_after = max(lab.feed_after, _last_seq(db))
        if self.with_holdings:
            body = HoldingBody(gained=[task.video for task in fresh], lost=[])
            self._hand_in(lab, [self._event("holding", 0, body)])

    def _mark(self, task: Asked) -> Event:
        body = MarkBody(
            task_id=task.id,
            gen=task.gen,
            account_id=task.account,
            levels=self._levels(task),
            given_at=stamp(NINE),
            spent_ms=60_000,
            heard_percent=100,
        )
        return self._event("mark", 1, body)

    def _event(self, kind: str, sitting: int, body: msgspec.Struct) -> Event:
        self.events += 1
        return Event(
            event_id=f"{self.events:032x}",
            sitting=sitting,
            kind=kind,
            v=1,
            body=msgspec.json.encode(body).decode(),
        )

    def _levels(self, task: Asked) -> str:
        given = {}
        for place, criterion in enumerate(CRITERIA):
            level = (task.performance * 7 + place * 3) % 4
            if self.rng.random() > TRUTH:
                level = (level + self.rng.randint(1, 3)) % 4
            given[criterion] = level
        return levels_to_text({c: given[c] for c in from_mask(task.criteria)})


def _new_tasks(db: Database, lab: Lab) -> Iterator[Asked]:
    rows = db.conn.execute(
        """
        SELECT t.id, t.performance_id, t.account_id, t.criteria, t.gen, v.sha256
        FROM task t JOIN performance p ON p.id = t.performance_id JOIN video v ON v.id = p.video_id
        WHERE t.state = 'open' AND t.id IN (
          SELECT ref FROM feed WHERE district_id = ? AND seq > ? AND kind = 'task')
        ORDER BY t.position, t.id
        """,
        (lab.node.district_id, lab.feed_after),
    )
    return (Asked(*row) for row in rows)


def _last_seq(db: Database) -> int:
    return int(db.conn.execute("SELECT max(seq) FROM feed").fetchone()[0])


def _mib(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir()) / 2**20


def overview_ms(store: Store, moment: datetime) -> tuple[float, float]:
    """The first look, and the median of the next ones."""
    taken = []
    for number in range(LOOKS):
        started = time.perf_counter()
        glance.look(store, moment + timedelta(seconds=number))
        taken.append((time.perf_counter() - started) * 1000)
    return taken[0], sorted(taken[1:])[LOOKS // 2]


def measure(marks: int, markers: int, *, with_holdings: bool, check: bool, is_filled: bool) -> None:
    city = City(works=max(marks // 2, 40), markers=markers, districts=40)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        store = build(Path(folder), city)
        if is_filled:
            with store.writing() as db:
                print(f"{fill(db, 1):,} marks written in bulk")
        built = time.perf_counter() - started
        marking = Marking(store, Path(folder), with_holdings=with_holdings)
        tally = marking.run(10 * marks)
        first, usual = overview_ms(store, marking.moment)
        size = _mib(Path(folder))
        with store.reading() as db:
            _report(db, city, tally)
            print(
                f"  ready after {built:.0f} s; database {size:,.0f} MiB; overview first"
                f" {first:.0f} ms, then {usual:.0f} ms"
            )
            if check:
                print("  verify:", verify(db) or "全部一致")
        store.close()


def _report(db: Database, city: City, tally: Tally) -> None:
    rounds = {r: load.total for r, load in loads.by_round(db, 1).items()}
    states = outcomes.count_by_state(db, 1)
    print(
        f"{city.works:,} performances, {city.markers:,} markers: {tally.marks:,} marks in"
        f" {tally.seconds:.1f} s = {tally.marks / tally.seconds:,.0f} a second"
        f" ({tally.seconds / tally.marks * 1e3:.3f} ms each, of it"
        f" {tally.cpu_s / tally.marks * 1e3:.3f} ms of processor,"
        f" slowest batch {tally.slowest_batch_s * 1e3:.0f} ms)"
    )
    print(f"  tasks by round {rounds}; outcomes {states}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--marks", type=int, nargs="+", default=[10_000, 100_000])
    options.add_argument("--markers", type=int, default=2_000)
    options.add_argument("--holdings", action="store_true")
    options.add_argument("--filled", action="store_true")
    options.add_argument("--verify", action="store_true")
    chosen = options.parse_args()
    for marks in chosen.marks:
        measure(
            marks,
            chosen.markers,
            with_holdings=chosen.holdings,
            check=chosen.verify,
            is_filled=chosen.filled,
        )


if __name__ == "__main__":
    main()
