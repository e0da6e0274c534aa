"""A node asks what changed, and fetches videos."""

import asyncio
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from hub.media.shelf import path_of
from hub.schema import EVERY_DISTRICT
from hub.store import accounts, feed, meta, nodes
from hub.store.cards import cards
from hub.work.announce import announce
from hub.work.wipe_trial import wipe_trial
from shared.kit.clock import now
from shared.rules.policy import Policy
from shared.rules.rubric import Role
from shared.wire import paths
from shared.wire.messages import (
    AccountCard,
    AnnouncementCard,
    FeedItem,
    PullRequest,
    SittingCard,
    TaskCard,
)
from tests.hub.door import AtDoor, a_door, a_status, at_door
from tests.hub.makers import ADMIN, EXAM_NAME, an_allocated_hub, give, give_both, the_task
from tests.makers import NINE


def tasks_in(items: list[FeedItem]) -> list[TaskCard]:
    return [item for item in items if isinstance(item, TaskCard)]


async def everything(door: AtDoor) -> list[FeedItem]:
    answer = await door.pull()
    items = answer.items
    while answer.more:
        answer = await door.pull(answer.after)
        items += answer.items
    return items


def test_a_district_gets_its_own_tasks_with_their_videos_and_no_names(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        items = await everything(door)
        with door.store.reading() as db:
            at_home = {a.id for a in accounts.everyone(db) if a.district_id == 1}
            total = db.conn.execute(
                "SELECT count(*) FROM task JOIN account a ON a.id = account_id "
                "WHERE a.district_id = 1"
            ).fetchone()[0]
        cards = tasks_in(items)
        assert len(cards) == total > 0
        assert {card.account_id for card in cards} <= at_home
        assert all(len(card.video.sha256) == 64 for card in cards)
        text = msgspec.json.encode(items).decode()
        assert "S000" not in text and "学校" not in text

    at_door(tmp_path, visit)


def test_nothing_comes_twice_and_nothing_is_left_out_over_many_pages(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.writing() as db:
            feed.append_many(db, [(1, "account", 1)] * 3)
            feed.append_many(db, [(1, "account", 1000 + n) for n in range(1200)])
        answer = await door.pull()
        assert answer.more and await door.pull_all() == feed_end(door)
        assert (await door.pull(feed_end(door))).items == []
        first_page = [item for item in answer.items if isinstance(item, AccountCard)]
        assert len(first_page) <= 1

    at_door(tmp_path, visit)


def feed_end(door: AtDoor) -> int:
    with door.store.reading() as db:
        return feed.last_seq(db)


def test_a_waiting_node_hears_at_once(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        after = await door.pull_all()
        waiting = asyncio.create_task(door.pull(after, wait_s=20))
        await asyncio.sleep(0.1)
        assert not waiting.done()

        def post() -> None:
            with door.store.writing() as db:
                announce(db, "请到机房集合。", "important", EVERY_DISTRICT, (), ADMIN, now())

        await asyncio.to_thread(post)
        answer = await asyncio.wait_for(waiting, 2)
        [item] = answer.items
        assert isinstance(item, AnnouncementCard) and item.text == "请到机房集合。"

    at_door(tmp_path, visit)


def test_other_districts_news_wake_nobody_here(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        after = await door.pull_all()
        waiting = asyncio.create_task(door.pull(after, wait_s=0.4))
        await asyncio.sleep(0.1)
        with door.store.writing() as db:
            feed.append(db, 2, "account", 1)
        await asyncio.sleep(0.1)
        assert not waiting.done()
        answer = await waiting
        assert (answer.items, answer.after) == ([], after)

    at_door(tmp_path, visit)


def test_no_transaction_is_open_while_a_node_waits(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        after = await door.pull_all()
        waiting = asyncio.create_task(door.pull(after, wait_s=20))
        await asyncio.sleep(0.1)
        checkpoint = door.store._writer.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert tuple(checkpoint.fetchone()) == (0, 0, 0)
        door.app.state.bell.stop()
        await waiting

    at_door(tmp_path, visit)


def test_a_shutdown_lets_every_node_go(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        after = await door.pull_all()
        waiting = asyncio.create_task(door.pull(after, wait_s=20))
        await asyncio.sleep(0.1)
        door.app.state.bell.stop()
        assert (await asyncio.wait_for(waiting, 1)).items == []
        assert (await asyncio.wait_for(door.pull(after, wait_s=20), 1)).items == []

    at_door(tmp_path, visit)


def test_what_a_node_says_of_itself_is_kept(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        await door.pull(status=a_status(pending=7))
        with door.store.reading() as db:
            node = nodes.node(db, 1)
            assert node is not None and node.status is not None and node.last_seen_at is not None
            assert node.status.pending_events == 7 == nodes.pending_events(db)
            assert [pending for _, pending in nodes.heartbeats(db, 1, an_hour_ago())] == [7]
            others = {n.id for n in nodes.silent(db, now())}
            assert 1 not in others and 2 in others

    at_door(tmp_path, visit)


def an_hour_ago() -> datetime:
    return now() - timedelta(hours=1)


def test_a_node_of_another_life_of_the_hub_learns_of_it_without_waiting(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        answer = await asyncio.wait_for(door.pull(10**9, wait_s=20, hub_inc="old"), 2)
        with door.store.reading() as db:
            assert answer.hub_inc == meta.hub_inc(db)

    at_door(tmp_path, visit)


def test_the_city_is_counted(tmp_path: Path) -> None:
    async def visit() -> None:
        async with a_door(tmp_path) as door:
            answer = await door.pull()
        assert [(r.round, r.total, r.done) for r in answer.city] == [(1, 8, 1), (2, 8, 0)]
        assert answer.city_done == []

    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        give(db, the_task(db, 1, 1))
    store.close()
    asyncio.run(visit())


def test_a_leader_sees_the_earlier_marks_where_the_policy_says_so(tmp_path: Path) -> None:
    for shows in (True, False):
        folder = tmp_path / str(shows)
        folder.mkdir()
        policy = Policy(leader_sees_marks=shows)
        store = an_allocated_hub(folder, works=1, policy=policy)
        with store.writing() as db:
            give_both(db, 1, "333333", "233333")
            give(db, the_task(db, 1, 3), "1-----", comment="偏低")
            task = the_task(db, 1, 4)
            changes = feed.after(db, task.district_id, 0, 1000)
            seen = cards(db, task.district_id, 0, changes)
        [card] = [card for card in tasks_in(seen) if card.round == 4]
        levels = [(mark.round, mark.levels) for mark in card.earlier]
        assert levels == ([(1, "333333"), (2, "233333"), (3, "1-----")] if shows else [])
        assert all(not c.earlier for c in tasks_in(seen) if c.round < 4)
        store.close()


def test_after_the_wipe_a_node_hears_of_the_sitting_only(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.writing() as db:
            wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        items = await everything(door)
        assert tasks_in(items) == []
        states = [item.state for item in items if isinstance(item, SittingCard)]
        assert states and set(states) == {"wiped"}

    at_door(tmp_path, visit, kind="trial")


def test_who_has_moved_away_is_disabled_here_and_leaves_no_secret(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.writing() as db:
            [person, *_] = accounts.active(db, Role.MARKER, None)
            accounts.set_password(db, person.id, "$argon2id$secret", 1)
            after = feed.last_seq(db)
            feed.append_many(db, [(1, "account", person.id), (2, "account", person.id)])
            db.conn.execute("UPDATE account SET district_id = 2 WHERE id = ?", (person.id,))
        [here] = (await door.pull(after)).items
        door.node = 2
        [there] = (await door.pull(after)).items
        assert isinstance(here, AccountCard) and isinstance(there, AccountCard)
        assert (here.state, here.password_hash) == ("disabled", None)
        assert (there.state, there.password_hash) == ("active", "$argon2id$secret")

    at_door(tmp_path, visit)


def test_a_pull_after_a_push_says_anew_what_is_pending(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        after = await door.pull_all()
        request = PullRequest(hub_inc="", after=0, wait_s=0, status=a_status(pending=3))
        await door.ask(paths.PULL, msgspec.json.encode(request))
        waiting = asyncio.create_task(door.pull(after, wait_s=20, status=a_status(pending=3)))
        await asyncio.sleep(0.1)
        assert (await door.push()).status_code == 200
        await asyncio.wait_for(waiting, 2)

    at_door(tmp_path, visit)


CONTENT = bytes(range(256)) * 40
DIGEST = sha256(b"1").hexdigest()
"""Of performance 1 in these hubs; the file's content does not matter here."""


def test_a_node_fetches_a_video_and_resumes_it(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        put_on_the_shelf(door)
        with door.store.reading() as db:
            door.node = the_task(db, 1, 1).district_id
        whole = await door.ask(paths.VIDEO + DIGEST, method="GET")
        assert (whole.status_code, whole.content) == (200, CONTENT)
        part = await door.ask(paths.VIDEO + DIGEST, method="GET", headers={"Range": "bytes=10000-"})
        assert (part.status_code, part.content) == (206, CONTENT[10000:])
        assert part.headers["content-range"] == f"bytes 10000-10239/{len(CONTENT)}"

    at_door(tmp_path, visit, works=1)


def put_on_the_shelf(door: AtDoor) -> None:
    path = path_of(door.app.state.settings.shelf, DIGEST)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)


def test_a_video_is_for_districts_with_a_task_for_it(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        put_on_the_shelf(door)
        with door.store.reading() as db:
            its = {the_task(db, 1, number).district_id for number in (1, 2)}
        for node in (1, 2, 3, 4):
            door.node = node
            response = await door.ask(paths.VIDEO + DIGEST, method="GET")
            assert response.status_code == (200 if node in its else 404)
        assert (await door.http.get(paths.VIDEO + DIGEST)).status_code == 401

    at_door(tmp_path, visit, works=1)


def test_a_video_that_is_none_or_is_gone_is_not_found(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.reading() as db:
            door.node = the_task(db, 1, 1).district_id
        for name in (DIGEST, "0" * 64, "..%2Fhub.db", DIGEST.upper(), "x"):
            response = await door.ask(paths.VIDEO + name, method="GET")
            assert response.status_code in (401, 404), name

    at_door(tmp_path, visit, works=1)
