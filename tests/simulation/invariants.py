"""What must be true of every world once it has healed, by name."""

import sqlite3
from collections import Counter
from collections.abc import Iterator

from sqlite_utils import Database

from hub.store import audit, events, sittings
from hub.work.verify import verify
from node.store import meta, outbox
from shared.wire import chain
from tests.simulation.lab import Lab
from tests.simulation.people import Confirmed
from tests.simulation.world import World

STANDINGS = {
    "applied": {"counted", "replaced"},
    "surplus": {"surplus"},
    "refused": {"refused"},
}


def check(world: World) -> None:
    """Adds to the story's findings, each with the name of the law that is broken."""
    if world.hub.is_up:
        for law in (
            every_saved_mark_is_on_the_hub,
            every_reported_mark_is_on_the_hub,
            a_mark_counts_for_what_its_marker_saw,
            one_counted_mark_per_slot,
            nobody_counts_twice_on_a_performance,
            node_and_hub_agree_on_marks,
            node_and_hub_agree_on_tasks,
            nothing_of_a_wiped_trial_is_left,
            the_record_adds_up,
            files_and_chains_are_whole,
            nothing_is_left_to_report,
            the_hub_knows_every_history,
        ):
            for finding in law(world):
                world.story.findings.append(f"{law.__name__}: {finding}")
    for finding in world.hub.unexpected:
        world.story.findings.append(f"no_unexpected_exception: {finding}")


def every_saved_mark_is_on_the_hub(world: World) -> Iterator[str]:
    """Counted, replaced, surplus, refused, quarantined, or of a wiped trial."""
    with world.hub.store.reading() as db:
        wiped = _wiped(db)
        for mark in world.confirmed.values():
            if mark.sitting in wiped or world.is_beyond_help(mark):
                continue
            if not _holds(db, mark.event_id):
                yield f"{_said(mark)} is lost"


def every_reported_mark_is_on_the_hub(world: World) -> Iterator[str]:
    with world.hub.store.reading() as db:
        wiped = _wiped(db)
        for lab in _living(world):
            for row in lab.look(lambda at: list(at.conn.execute("SELECT * FROM mark"))):
                if row["result"] is None or row["sitting_id"] in wiped:
                    continue
                if not _holds(db, row["event_id"]):
                    yield f"{lab.name} shows {row['event_id'][:16]} as {row['result']}"


def a_mark_counts_for_what_its_marker_saw(world: World) -> Iterator[str]:
    with world.hub.store.reading() as db:
        rows = db.conn.execute(
            "SELECT m.event_id, m.sitting_id, p.code, m.round, m.account_id, m.levels"
            " FROM mark m JOIN performance p ON p.id = m.performance_id"
        )
        for event_id, *held in rows:
            mark = world.confirmed.get(event_id)
            if mark is None:
                continue
            seen = [mark.sitting, mark.performance, mark.round, mark.account_id, mark.levels]
            if seen != held:
                yield f"{_said(mark)} counts for {held}, not for {seen}"


def one_counted_mark_per_slot(world: World) -> Iterator[str]:
    with world.hub.store.reading() as db:
        counted = Counter(
            tuple(row)
            for row in db.conn.execute(
                "SELECT sitting_id, performance_id, round FROM mark WHERE standing = 'counted'"
            )
        )
    yield from (f"{slot} has {n} counted marks" for slot, n in counted.items() if n > 1)


def nobody_counts_twice_on_a_performance(world: World) -> Iterator[str]:
    with world.hub.store.reading() as db:
        counted = Counter(
            tuple(row)
            for row in db.conn.execute(
                "SELECT sitting_id, performance_id, account_id FROM mark WHERE standing = 'counted'"
            )
        )
    yield from (f"{who} counts {n} times" for who, n in counted.items() if n > 1)


def node_and_hub_agree_on_marks(world: World) -> Iterator[str]:
    """Each mark of a node stands on the hub as the node says, and the hub has no others of it."""
    with world.hub.store.reading() as db:
        wiped = _wiped(db)
        standing = dict(map(tuple, db.conn.execute("SELECT event_id, standing FROM mark")))
        for lab in _living(world):
            own = lab.look(
                lambda at: {
                    row["event_id"]: row
                    for row in at.conn.execute("SELECT event_id, sitting_id, result FROM mark")
                }
            )
            for event_id, row in own.items():
                if row["sitting_id"] in wiped:
                    yield f"{lab.name} still holds {event_id[:16]} of a wiped trial"
                    continue
                held = standing.get(event_id)
                expected = STANDINGS.get(row["result"] or "", {None})
                if held not in expected:
                    yield f"{lab.name} says {row['result']} of {event_id[:16]}, the hub {held}"
            for mark in world.confirmed.values():
                if mark.lab != lab.name or mark.sitting in wiped or mark.event_id in own:
                    continue
                if not world.is_beyond_help(mark):
                    yield f"{lab.name} has forgotten {_said(mark)}"


def node_and_hub_agree_on_tasks(world: World) -> Iterator[str]:
    with world.hub.store.reading() as db:
        rows = db.conn.execute(
            "SELECT t.id, t.state, t.gen, t.locked, t.criteria, t.account_id, a.district_id, p.code"
            " FROM task t JOIN account a ON a.id = t.account_id"
            " JOIN performance p ON p.id = t.performance_id"
        ).fetchall()
    for lab in _living(world):
        expected = {r[0]: (*tuple(r[1:6]), r[7]) for r in rows if r[6] == lab.district}
        held = lab.look(
            lambda at: {
                r[0]: tuple(r[1:])
                for r in at.conn.execute(
                    "SELECT id, state, gen, locked, criteria, account_id, performance FROM task"
                )
            }
        )
        for id in sorted(expected.keys() | held.keys()):
            here, there = held.get(id), expected.get(id)
            states = {found[0] for found in (here, there) if found}
            if here != there and states != {"withdrawn"}:
                yield f"{lab.name} task {id}: node {here}, hub {there}"


def nothing_of_a_wiped_trial_is_left(world: World) -> Iterator[str]:
    with world.hub.store.reading() as db:
        for sitting in _wiped(db):
            for table in ("mark", "task", "slot", "load", "outcome"):
                left = db.table(table).count_where("sitting_id = ?", [sitting])
                if left:
                    yield f"{left} rows in {table} of sitting {sitting}"
            late = "sitting_id = ? AND kind IN ('mark', 'fault')"
            if kept := db.table("event").count_where(late, [sitting]):
                yield f"{kept} events of sitting {sitting}"
            confirmed = sittings.wipe_confirmations(db, sitting)
            if len(confirmed) < world.plan.nodes:
                yield f"only {len(confirmed)} nodes say that they wiped sitting {sitting}"


def the_record_adds_up(world: World) -> Iterator[str]:
    with world.hub.store.reading() as db:
        yield from verify(db)


def files_and_chains_are_whole(world: World) -> Iterator[str]:
    for name, store in [("hub", world.hub.store)] + [(x.name, x.store) for x in _living(world)]:
        with store.reading() as db:
            said = db.conn.execute("PRAGMA integrity_check").fetchone()[0]
            broken = db.conn.execute("PRAGMA foreign_key_check").fetchall()
        if said != "ok" or broken:
            yield f"{name}: {said}, {len(broken)} broken references"
    with world.hub.store.reading() as db:
        if (broken_at := audit.broken_at(db)) is not None:
            yield f"audit is broken at {broken_at}"
    for lab in _living(world):
        yield from lab.look(_broken_chain)


def nothing_is_left_to_report(world: World) -> Iterator[str]:
    for lab in _living(world):
        if lab.pending:
            yield f"{lab.name} still has {lab.pending} events to report: {lab.problem}"


def the_hub_knows_every_history(world: World) -> Iterator[str]:
    """Event by event: what a node numbered and chained is what the hub has under that number."""
    for lab in _living(world):
        with lab.store.reading() as db:
            inc, link, last = meta.node_inc(db), meta.link(db), outbox.last_seq(db)
            own = (last, outbox.chain_at(db, last))
        if link is None:
            continue
        with world.hub.store.reading() as db:
            held = events.stream(db, link.node_id, inc or "")
        twins = sum(other.district == lab.district for other in world.labs) > 1
        if twins and last < held.acked_seq:
            # A clone that has had nothing to report since the other one did.
            continue
        if own != (held.acked_seq, held.chain):
            yield f"{lab.name} is at {own}, the hub knows {held}"


def _broken_chain(db: Database) -> list[str]:
    head, last = chain.START, 0
    for row in db.conn.execute("SELECT seq, event_id, body, chain FROM outbox ORDER BY seq"):
        head = chain.link(head, row["event_id"], chain.body_hash(row["body"]))
        if row["seq"] != last + 1 or row["chain"] != head:
            return [f"outbox is broken at {row['seq']}"]
        last = row["seq"]
    return []


def _holds(db: Database, event_id: str) -> bool:
    """As a mark, or put aside for a person."""
    found: sqlite3.Row | None = db.conn.execute(
        "SELECT 1 FROM mark WHERE event_id = ?"
        " UNION SELECT 1 FROM event WHERE event_id = ? AND result = 'quarantined'",
        (event_id, event_id),
    ).fetchone()
    return found is not None


def _wiped(db: Database) -> set[int]:
    return {s.id for s in sittings.all_sittings(db) if s.state == "wiped"}


def _living(world: World) -> list[Lab]:
    return [lab for lab in world.labs if lab.is_up and not lab.is_gone]


def _said(mark: Confirmed) -> str:
    return f"mark {mark.event_id[:16]} of {mark.lab} for {mark.performance} round {mark.round}"
