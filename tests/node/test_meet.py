"""Meeting the hub: what was decided is done, and marks go out whatever was decided."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.store import meta, outbox
from node.uplink.answers import Outage
from node.uplink.meet import Meeting, Program
from node.uplink.push import Pusher
from node.uplink.state import LinkState
from shared.kit.store import Store
from shared.rules.hello import Action
from shared.wire.meeting import HelloAnswer
from tests.makers import NINE, a_node_store, a_task_card
from tests.node.standin_hub import StandInHub, enrolled, give


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_node_store(tmp_path, a_task_card(1), a_task_card(2))
    enrolled(opened)
    yield opened
    opened.close()


class SetHub(StandInHub):
    """Says of itself what a test sets."""

    changes: dict[str, object]

    def _met(self, path: str, request: object) -> object:
        answer = super()._met(path, request)  # type: ignore[arg-type]
        if isinstance(answer, HelloAnswer):
            for name, value in self.changes.items():
                setattr(answer, name, value)
        return answer


def a_hub(**changes: object) -> SetHub:
    hub = SetHub()
    hub.changes = changes
    return hub


def meeting(store: Store, hub: StandInHub, state: LinkState) -> Meeting:
    return Meeting(store, hub.client(state.clock), state, Program("0.1.0", "boot"))


def meet(store: Store, hub: StandInHub) -> Action:
    return asyncio.run(meeting(store, hub, LinkState()).meet()).action


def test_hello_is_said_once_until_something_comes_up(store: Store) -> None:
    hub, state = a_hub(), LinkState()
    met = meeting(store, hub, state)

    async def story() -> None:
        for _ in range(3):
            assert (await met.meet()).action is Action.OK
        assert len(hub.asked) == 1
        state.is_met = False
        await met.meet()
        assert len(hub.asked) == 2

    asyncio.run(story())


@pytest.mark.parametrize(
    ("changes", "action", "text"),
    [
        ({"is_suspended": True}, Action.WAIT, "暂停"),
        ({"protocol_min": 8, "protocol_max": 9}, Action.UPDATE, "版本"),
    ],
)
def test_no_new_work_but_marks_go_out(
    store: Store, changes: dict[str, object], action: Action, text: str
) -> None:
    hub, state = a_hub(**changes), LinkState()
    met = meeting(store, hub, state)

    async def story() -> None:
        assert (await met.meet()).action is action
        with pytest.raises(Outage, match=text):
            await met.must_be_welcome()
        assert not state.is_met, "it asks again"
        await asyncio.to_thread(give, store, "a" * 32)
        assert await Pusher(store, hub.client(), state, lambda: NINE).drain() == 1

    asyncio.run(story())


def test_another_hub_gets_nothing(store: Store) -> None:
    with pytest.raises(Outage, match="不是本节点接入的"):
        meet(store, a_hub(hub_id="another"))


def test_a_new_life_of_the_hub_begins_the_feed_and_the_outbox_anew(store: Store) -> None:
    give(store, "a" * 32)
    with store.writing() as db:
        outbox.ack(db, [], 1)
        meta.put_cursor(db, "hub-1", 77)
    hub = a_hub()
    hub.hub_inc = "hub-2"
    assert meet(store, hub) is Action.OK
    with store.reading() as db:
        link = meta.link(db)
        assert link is not None and (link.hub_inc, link.feed_after) == ("hub-2", 0)
        assert outbox.pending_count(db) == 1 and meta.is_snapshot_open(db)


def test_what_the_hub_lost_of_its_confirmations_is_pending_again(store: Store) -> None:
    for number in ("a", "b"):
        give(store, number * 32, task_id=1 if number == "a" else 2)
    hub, state = a_hub(), LinkState()
    asyncio.run(Pusher(store, hub.client(), state, lambda: NINE).drain())
    hub.streams["life-1"].pop()
    assert meet(store, hub) is Action.OK
    with store.reading() as db:
        assert [row.seq for row in outbox.pending(db, 9)] == [2]


def test_a_history_that_the_hub_knows_otherwise_gets_another_name(store: Store) -> None:
    give(store, "a" * 32)
    hub, state = a_hub(), LinkState()
    asyncio.run(Pusher(store, hub.client(), state, lambda: NINE).drain())
    hub.streams["life-1"] *= 2
    assert meet(store, hub) is Action.OK
    with store.reading() as db:
        assert meta.node_inc(db) != "life-1"
        assert outbox.pending_count(db) == 1 and meta.history_after(db) == ""


def test_a_hub_that_never_comes_into_step_is_an_outage(store: Store) -> None:
    give(store, "a" * 32)
    with pytest.raises(Outage, match="对不上"):
        meet(store, a_hub(acked_seq=9, chain="?"))
