"""Breaks the product on purpose, to show that the campaign would notice.

`python -m tests.simulation.mutations` runs them all and says how many worlds each one took.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from sqlite_utils import Database

import hub.store.events
import hub.store.feed
import hub.store.marks
import hub.store.sittings
import hub.work.fill_slots
import hub.work.receive_event
import hub.work.receive_events
import hub.work.receive_mark
import hub.work.revise_mark
import node.uplink.meet
import node.uplink.pull
import node.uplink.push
import node.uplink.reconcile
from hub.store.sittings import Sitting
from node.store import meta, outbox
from node.work.apply_feed import apply_feed
from shared.kit.store import Store
from tests.simulation.disk import Killed, SimConnection
from tests.simulation.plan import plan_of
from tests.simulation.world import Story, play

WORLDS_MAX = 25
LATER_S = 2.0


@dataclass(frozen=True, slots=True)
class Mutation:
    name: str
    break_it: Callable[[], AbstractContextManager[Any]]
    kinds: tuple[str, ...]
    """The faults under which it shows."""
    has_trial: bool = False


def first_red(mutation: Mutation, worlds: int = WORLDS_MAX) -> Story | None:
    """The first world in which the broken product is found out; None when it never is."""
    for seed in range(worlds):
        plan = plan_of(seed, mutation.kinds)
        with mutation.break_it():
            story = play(replace(plan, has_trial=mutation.has_trial))
        if story.findings:
            return story
    return None


def _commits_are_not_synced() -> AbstractContextManager[Any]:
    lies = {
        "PRAGMA synchronous = FULL": "PRAGMA synchronous = NORMAL",
        "PRAGMA synchronous": "SELECT 2",
    }
    return patch.object(SimConnection, "lies", lies)


@contextmanager
def _outbox_in_a_transaction_of_its_own() -> Iterator[None]:
    really = outbox.put

    def later(db: Database, *event: Any) -> int:
        def put() -> None:
            try:
                db.conn.execute("BEGIN IMMEDIATE")
                really(db, *event)
                db.conn.commit()
            except Killed:
                return

        asyncio.get_running_loop().call_later(LATER_S, put)
        return 0

    with patch.object(outbox, "put", later):
        yield


@contextmanager
def _no_event_is_known_again() -> Iterator[None]:
    with ExitStack() as changes:
        changes.enter_context(patch.object(hub.store.events, "known", lambda db, id: None))
        changes.enter_context(patch.object(hub.store.events, "known_of", lambda db, ids: {}))
        changes.enter_context(patch.object(hub.work.receive_events, "_is_forked", _never))
        unknown = _Renamed(hub.store.marks, mark=lambda db, id: None, known=lambda db, ids: set())
        changes.enter_context(patch.object(hub.work.receive_mark, "marks", unknown))
        yield


@contextmanager
def _cursor_before_the_items() -> Iterator[None]:
    def in_two_parts(db: Database, answer: Any, asked_inc: str, *rest: Any) -> Any:
        if answer.hub_inc == asked_inc:
            meta.put_cursor(db, answer.hub_inc, answer.after)
            db.conn.commit()
            db.conn.execute("BEGIN IMMEDIATE")
        return apply_feed(db, answer, asked_inc, *rest)

    with patch.object(node.uplink.pull, "apply_feed", in_two_parts):
        yield


@contextmanager
def _a_wiped_sitting_is_as_good_as_a_closed_one() -> Iterator[None]:
    really = hub.store.sittings.sitting

    def closed(db: Database, id: int) -> Sitting | None:
        found = really(db, id)
        return replace(found, state="closed") if found and found.state == "wiped" else found

    renamed = _Renamed(hub.store.sittings, sitting=closed)
    with patch.object(hub.work.receive_event, "sittings", renamed):
        yield


@contextmanager
def _histories_are_not_compared() -> Iterator[None]:
    with ExitStack() as changes:
        changes.enter_context(patch.object(hub.work.receive_events, "_is_forked", _never))
        for module in (node.uplink.push, node.uplink.meet, node.uplink.reconcile):
            changes.enter_context(patch.object(module, "begin_new_life", lambda *args: None))
        yield


@contextmanager
def _a_late_mark_counts_as_well() -> Iterator[None]:
    really = Store.__init__

    def without_laws(self: Store, *args: Any) -> None:
        really(self, *args)
        for index in ("mark_one_per_slot", "mark_one_per_person", "task_one_live_per_slot"):
            self._writer.conn.execute(f"DROP INDEX IF EXISTS {index}")

    with ExitStack() as changes:
        changes.enter_context(patch.object(Store, "__init__", without_laws))
        changes.enter_context(patch.object(hub.work.fill_slots, "_fills", lambda *args: True))
        yield


@contextmanager
def _rows_are_acked_when_they_are_sent() -> Iterator[None]:
    really = node.uplink.push.Pusher._take

    def forgetting(self: Any) -> Any:
        batch = really(self)
        if batch is not None:
            with self._store.writing() as db:
                outbox.ack(db, [], batch.rows[-1].seq)
        return batch

    with patch.object(node.uplink.push.Pusher, "_take", forgetting):
        yield


def _a_revision_is_never_too_late() -> AbstractContextManager[Any]:
    return patch.object(hub.work.revise_mark, "_too_late", lambda *args: "")


def _a_revision_is_not_settled() -> AbstractContextManager[Any]:
    return patch.object(hub.work.revise_mark, "settle", lambda *args: None)


@contextmanager
def _who_lost_a_task_is_not_told() -> Iterator[None]:
    really = hub.store.feed.append

    def silent(db: Database, district_id: int, kind: Any, ref: int) -> None:
        if kind != "task":
            really(db, district_id, kind, ref)

    with patch.object(hub.store.feed, "append", silent):
        yield


def _never(*args: object) -> bool:
    return False


class _Renamed:
    """A module in which some names stand for something else."""

    def __init__(self, module: Any, **others: Any) -> None:
        self.__dict__.update(vars(module) | others)


MUTATIONS = (
    Mutation("synchronous NORMAL", _commits_are_not_synced, ("power_node", "power_hub")),
    Mutation("outbox outside", _outbox_in_a_transaction_of_its_own, ("kill_node", "power_node")),
    Mutation("no dedupe on the hub", _no_event_is_known_again, ("loss", "twice", "late")),
    Mutation("cursor before items", _cursor_before_the_items, ("kill_node", "power_node")),
    Mutation(
        "sitting not checked",
        _a_wiped_sitting_is_as_good_as_a_closed_one,
        ("cut", "held", "swizzle"),
        has_trial=True,
    ),
    Mutation("no chain check", _histories_are_not_compared, ("node_turned_back", "cloned")),
    Mutation("late mark counts twice", _a_late_mark_counts_as_well, ("take_back", "cut")),
    Mutation("acked when sent", _rows_are_acked_when_they_are_sent, ("loss", "cut", "kill_hub")),
    Mutation("revision never too late", _a_revision_is_never_too_late, ("cut", "held")),
    Mutation("revision not settled", _a_revision_is_not_settled, ("loss",)),
    Mutation("feed row forgotten", _who_lost_a_task_is_not_told, ("take_back",)),
)


def main() -> int:
    missed = 0
    for mutation in MUTATIONS:
        story = first_red(mutation)
        if story is None:
            missed += 1
            print(f"MISSED   {mutation.name}")
        else:
            print(f"seed {story.plan.seed:3}  {mutation.name}: {story.findings[0][:110]}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
