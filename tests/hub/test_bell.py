"""The bell wakes those whom a commit concerns, at once, and nobody else."""

import asyncio
import time
from pathlib import Path

import hub.schema
from hub.api.bell import Bell
from hub.schema import EVERY_DISTRICT
from hub.store import feed
from shared.kit.store import Store
from tests.hub.door import AtDoor, at_door
from tests.makers import a_store


def tell(store: Store, district_id: int) -> None:
    with store.writing() as db:
        feed.append(db, district_id, "account", 1)


async def is_woken(waiting: "asyncio.Task[None]") -> bool:
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    return bool(done)


def test_a_commit_from_any_thread_wakes_its_district(tmp_path: Path) -> None:
    async def run() -> None:
        store = a_store(tmp_path / "hub.db", hub.schema.migrations)
        bell = Bell(store)
        mine = asyncio.create_task(bell.wait(1, bell.turn(1), 5))
        other = asyncio.create_task(bell.wait(2, bell.turn(2), 5))
        await asyncio.sleep(0)
        await asyncio.to_thread(tell, store, 1)
        assert await is_woken(mine) and not other.done()
        await asyncio.to_thread(tell, store, EVERY_DISTRICT)
        assert await is_woken(other)
        bell.stop()
        store.close()

    asyncio.run(run())


def test_a_commit_between_the_look_and_the_wait_is_not_missed(tmp_path: Path) -> None:
    async def run() -> None:
        store = a_store(tmp_path / "hub.db", hub.schema.migrations)
        bell = Bell(store)
        turn = bell.turn(1)
        await asyncio.to_thread(tell, store, 1)
        await asyncio.sleep(0.01)
        await asyncio.wait_for(bell.wait(1, turn, 5), 0.1)
        store.close()

    asyncio.run(run())


def test_a_wait_ends_when_its_time_is_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async def run() -> None:
        store = a_store(tmp_path / "hub.db", hub.schema.migrations)
        bell = Bell(store)
        await bell.wait(1, bell.turn(1), 0.01)
        waiting = asyncio.create_task(bell.wait(1, bell.turn(1), 5))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert not bell._waiting[1]
        store.close()

    asyncio.run(run())


def test_a_commit_that_concerns_no_node_wakes_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        store = a_store(tmp_path / "hub.db", hub.schema.migrations)
        bell = Bell(store)
        waiting = asyncio.create_task(bell.wait(1, bell.turn(1), 5))
        await asyncio.sleep(0)

        def write() -> None:
            with store.writing() as db:
                db.conn.execute("INSERT INTO meta (key, value) VALUES ('a', 'b')")

        await asyncio.to_thread(write)
        assert not await is_woken(waiting)
        bell.stop()
        assert await is_woken(waiting)
        store.close()

    asyncio.run(run())


def test_forty_waiting_nodes_hear_of_a_commit_in_no_time(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> float:
        visitors = [AtDoor(door.http, door.app, node=node) for node in range(1, 41)]
        known = [(v, await v.pull_all()) for v in visitors]
        waiting = [asyncio.create_task(v.pull(after, wait_s=20)) for v, after in known]
        await asyncio.sleep(1.5)
        assert not any(w.done() for w in waiting)
        began = time.perf_counter()
        await asyncio.to_thread(tell, door.store, EVERY_DISTRICT)
        answers = await asyncio.gather(*waiting)
        took = time.perf_counter() - began
        assert all(len(answer.items) == 1 for answer in answers)
        return took

    took = at_door(tmp_path, visit, districts=40, markers=1, works=1)
    print(f"40 nodes woken and answered within {took * 1000:.0f} ms")
    # About 50 ms on a quiet machine; the bound leaves room for a busy one.
    assert took < 1.0


def test_a_commit_looks_at_what_is_new_however_long_the_feed_is(tmp_path: Path) -> None:
    store = a_store(tmp_path / "hub.db", hub.schema.migrations)
    with store.writing() as db:
        feed.append_many(db, [(n % 40, "task", n) for n in range(4_000)])
        last = feed.last_seq(db)
        feed.append(db, 7, "task", 1)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with store.reading() as db:
        feed.heads(db, last)
        db.conn.set_progress_handler(count, 1)
        heads = feed.heads(db, last)
        db.conn.set_progress_handler(None, 1)
    store.close()
    assert heads == {7: last + 1}
    assert steps < 200, "of SQLite's own machine"
