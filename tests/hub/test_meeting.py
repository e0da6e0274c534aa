"""Hello, comparison and history at the hub's door."""

from pathlib import Path
from typing import TypeVar

import msgspec

from hub.store import hellos, marks, tasks
from shared.wire import chain, digest, paths
from shared.wire.meeting import (
    CompareAnswer,
    CompareRequest,
    HelloAnswer,
    HelloRequest,
    HistoryAnswer,
    HistoryRequest,
)
from shared.wire.messages import HoldingBody, MarkBody, NodeStatus, PullRequest
from tests.hub.door import AtDoor, a_status, an_event, answer_of, at_door

T = TypeVar("T")
EMPTY = HoldingBody(gained=[], lost=[])


async def told(door: AtDoor, path: str, request: msgspec.Struct, kind: type[T]) -> T:
    response = await door.ask(path, msgspec.json.encode(request))
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=kind)


async def hello(door: AtDoor, **changes: object) -> HelloAnswer:
    request = HelloRequest(
        hub_id="",
        hub_inc="",
        node_inc="inc",
        boot_id="boot",
        acked_seq=0,
        last_seq=0,
        protocol_min=1,
        protocol_max=1,
        caps=[],
        app_version="0.1.0",
        schema=2,
    )
    return await told(door, paths.HELLO, msgspec.structs.replace(request, **changes), HelloAnswer)


def test_the_hub_says_how_far_it_holds_this_life_of_the_node(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        assert (await hello(door)).acked_seq == 0
        pushed = answer_of(await door.push(an_event("holding", EMPTY)))
        met = await hello(door)
        assert (met.acked_seq, met.chain) == (1, pushed.chain)
        other = await hello(door, node_inc="another")
        assert (other.acked_seq, other.chain) == (0, chain.START)
        assert not met.is_suspended and met.protocol_min <= 1 <= met.protocol_max

    at_door(tmp_path, visit)


def test_a_hello_of_a_later_version_is_understood(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        body = {
            **{"hub_id": "", "hub_inc": "", "node_inc": "i", "boot_id": "b", "acked_seq": 0},
            **{"last_seq": 0, "protocol_min": 1, "protocol_max": 9, "caps": ["later"]},
            **{"app_version": "9.0", "schema": 99, "something_new": {"a": 1}},
        }
        answer = await door.ask(paths.HELLO, msgspec.json.encode(body))
        assert answer.status_code == 200

    at_door(tmp_path, visit)


def test_a_program_too_far_apart_gets_no_new_work_but_hands_in_its_marks(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        await hello(door, protocol_min=7, protocol_max=9)
        pull = PullRequest(hub_inc="", after=0, wait_s=0, status=a_status())
        refused = await door.ask(paths.PULL, msgspec.json.encode(pull))
        assert (refused.status_code, refused.json()["code"]) == (426, "update")
        assert answer_of(await door.push(an_event("holding", EMPTY))).acked_seq == 1
        await hello(door)
        assert (await door.ask(paths.PULL, msgspec.json.encode(pull))).status_code == 200

    at_door(tmp_path, visit)


async def marked(door: AtDoor) -> tuple[str, tuple[int, int, int]]:
    """A mark of this node; its id and its pile."""
    with door.store.reading() as db:
        task = next(t for n in range(1, 99) if (t := tasks.task(db, n)) and t.district_id == 1)
    body = MarkBody(
        task_id=task.id,
        gen=task.gen,
        account_id=task.account_id,
        levels="333333",
        given_at="2023-04-13T01:30:00.000Z",
        spent_ms=1,
        heard_percent=100,
    )
    event = an_event("mark", body, sitting=task.sitting_id)
    assert answer_of(await door.push(event)).results[0].code == "applied"
    return event.event_id, (task.sitting_id, task.round, task.item_group_id)


async def compare(
    door: AtDoor, acked: int, ids: dict[tuple[int, int, int], list[str]]
) -> CompareAnswer:
    request = CompareRequest(node_inc="inc", acked_seq=acked, piles=digest.piles(ids))
    return await told(door, paths.COMPARE, request, CompareAnswer)


def test_equal_marks_are_found_equal(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        event_id, key = await marked(door)
        answer = await compare(door, 1, {key: [event_id]})
        assert (answer.is_comparable, answer.differs, answer.differences) == (True, 0, [])
        with door.store.reading() as db:
            assert hellos.comparisons(db)[1].differs == 0

    at_door(tmp_path, visit)


def test_a_mark_on_one_side_only_is_named(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        event_id, key = await marked(door)
        lost = await compare(door, 1, {})
        assert lost.differs == 1 and lost.differences[0].event_ids == [event_id]
        [bucket] = lost.differences[0].buckets
        assert bucket == digest.bucket_of(event_id)
        more = await compare(door, 1, {key: [event_id, "f" * 32]})
        assert more.differs == 1
        with door.store.reading() as db:
            assert hellos.out_of_step(db) == ["第1区节点"]

    at_door(tmp_path, visit)


def test_while_events_are_on_their_way_nothing_is_compared(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        await marked(door)
        assert not (await compare(door, 0, {})).is_comparable
        with door.store.reading() as db:
            assert hellos.comparisons(db) == {}

    at_door(tmp_path, visit)


def test_a_nodes_marks_are_given_back_page_by_page(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        event_id, _ = await marked(door)
        page = await told(door, paths.HISTORY, HistoryRequest(after=""), HistoryAnswer)
        [card] = page.marks
        assert (card.event_id, card.code, card.is_own, card.is_standing) == (
            event_id,
            "applied",
            True,
            True,
        )
        assert not page.more
        rest = await told(door, paths.HISTORY, HistoryRequest(after=event_id), HistoryAnswer)
        assert rest.marks == []
        other = AtDoor(door.http, door.app, node=2)
        theirs = await told(other, paths.HISTORY, HistoryRequest(after=""), HistoryAnswer)
        assert theirs.marks == [], "another district's"
        with door.store.reading() as db:
            assert marks.mark(db, event_id) is not None

    at_door(tmp_path, visit)


def test_digests_find_every_single_difference() -> None:
    ids = [f"{n:032x}" for n in range(300)]
    [whole] = digest.piles({(1, 1, 1): ids})
    for n in range(300):
        [less] = digest.piles({(1, 1, 1): ids[:n] + ids[n + 1 :]})
        assert digest.unequal(whole, less) == [digest.bucket_of(ids[n])]
    assert digest.unequal(whole, whole) == []
    assert digest.unequal(None, None) == []
    assert len(digest.unequal(whole, None)) == len({digest.bucket_of(one) for one in ids})
    whole.buckets = whole.buckets[:3]
    assert len(digest.unequal(whole, digest.piles({(1, 1, 1): ids})[0])) == digest.BUCKETS - 3


def test_the_status_of_a_node_says_nothing_of_the_comparison() -> None:
    """The hub compares for itself; what a node says of itself is only shown."""
    assert "differs" not in NodeStatus.__struct_fields__
