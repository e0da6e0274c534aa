"""Marks on their way to the hub, over a link that does everything wrong."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from node.store import exchanges, marks, meta, outbox
from node.uplink.answers import Outage
from node.uplink.clock import HubClock
from node.uplink.push import EVENTS_LEAST, Pusher, next_size
from node.uplink.state import LinkState
from shared.kit.ids import new_id
from shared.kit.store import Store
from shared.wire import paths, signing
from shared.wire.messages import EventResult, HoldingBody
from tests.makers import NINE, a_node_store, a_task_card
from tests.node.standin_hub import (
    SECRET,
    StandInHub,
    answer_lost,
    enrolled,
    give,
    link_down,
    login_page,
)

FIRST, SECOND = "a" * 32, "b" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_node_store(tmp_path, a_task_card(1), a_task_card(2))
    enrolled(opened)
    yield opened
    opened.close()


@pytest.fixture
def hub() -> StandInHub:
    return StandInHub()


def push(store: Store, hub: StandInHub, state: LinkState | None = None) -> int:
    state = state or LinkState()
    pusher = Pusher(store, hub.client(state.clock), state, lambda: NINE)
    return asyncio.run(pusher.drain())


def pending(store: Store) -> int:
    with store.reading() as db:
        return outbox.pending_count(db)


def result_of(store: Store, event_id: str) -> tuple[str | None, str]:
    with store.reading() as db:
        mark = marks.mark(db, event_id)
    assert mark is not None
    return mark.result, mark.reason


def held(hub: StandInHub) -> list[str]:
    return [event.event_id for event in hub.events]


def test_marks_arrive_in_order_and_learn_what_became_of_them(store: Store, hub: StandInHub) -> None:
    give(store, FIRST, 1)
    give(store, SECOND, 2)
    hub.codes[SECOND] = EventResult(event_id=SECOND, code="surplus", reason="")
    assert push(store, hub) == 2
    assert held(hub) == [FIRST, SECOND]
    assert (result_of(store, FIRST), result_of(store, SECOND)) == (("applied", ""), ("surplus", ""))
    assert pending(store) == 0
    with store.reading() as db:
        assert [(e.kind, e.count) for e in exchanges.recent(db, 5)] == [("push", 2)]


def test_a_refused_revision_shows_its_reason_and_the_earlier_mark_stands(
    store: Store, hub: StandInHub
) -> None:
    give(store, FIRST)
    give(store, SECOND, revises=FIRST)
    hub.codes[SECOND] = EventResult(event_id=SECOND, code="refused", reason="已进入3评，不能修改")
    push(store, hub)
    assert result_of(store, SECOND) == ("refused", "已进入3评，不能修改")


def test_many_events_go_in_several_pushes(store: Store, hub: StandInHub) -> None:
    with store.writing() as db:
        for _ in range(paths.EVENTS_PER_PUSH + 5):
            outbox.put(db, 0, "holding", 1, HoldingBody(gained=[], lost=[]), new_id(NINE), NINE)
    assert push(store, hub) == paths.EVENTS_PER_PUSH + 5
    assert len(hub.asked) == 2


def test_long_events_go_in_pushes_the_hub_can_take(store: Store, hub: StandInHub) -> None:
    with store.writing() as db:
        for _ in range(6):
            body = HoldingBody(gained=["f" * 64] * 5_000, lost=[])
            outbox.put(db, 0, "holding", 1, body, new_id(NINE), NINE)
    assert push(store, hub) == 6
    assert len(hub.asked) == 3


def test_a_lost_answer_only_means_sending_again(store: Store, hub: StandInHub) -> None:
    give(store, FIRST)
    hub.wrong = [answer_lost(hub)]
    with pytest.raises(Outage):
        push(store, hub)
    assert pending(store) == 1 and held(hub) == [FIRST]
    push(store, hub)
    assert held(hub) == [FIRST]
    assert result_of(store, FIRST) == ("applied", "")


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (link_down, "连接不到"),
        (login_page, "不是市级中心"),
        (lambda _: httpx.Response(502), "暂时不能服务"),
        (lambda _: httpx.Response(302, headers={"Location": "http://portal.test/"}), "302"),
        (lambda _: httpx.Response(401, json={"code": "retired", "text": "本节点已停用。"}), "停用"),
        (lambda _: httpx.Response(200, json={"acked_seq": 1}), "签名不符"),
    ],
)
def test_whatever_is_not_the_hub_confirms_nothing(
    store: Store, hub: StandInHub, answer: object, word: str
) -> None:
    give(store, FIRST)
    hub.wrong = [answer]  # type: ignore[list-item]
    with pytest.raises(Outage) as outage:
        push(store, hub)
    assert word in outage.value.text
    assert pending(store) == 1
    assert result_of(store, FIRST) == (None, "")


def test_an_old_answer_played_again_confirms_nothing(store: Store, hub: StandInHub) -> None:
    give(store, FIRST)
    push(store, hub)
    old = hub.answer(hub.asked[0])
    give(store, SECOND, 2)
    hub.wrong = [lambda _: old]
    with pytest.raises(Outage):
        push(store, hub)
    assert pending(store) == 1


def test_a_hub_that_asks_for_a_pause_gets_it(store: Store, hub: StandInHub) -> None:
    give(store, FIRST)
    hub.wrong = [lambda _: httpx.Response(503, headers={"Retry-After": "20"})]
    with pytest.raises(Outage) as outage:
        push(store, hub)
    assert outage.value.retry_after_s == 20


def test_a_pc_whose_clock_is_hours_off_is_heard_all_the_same(store: Store, hub: StandInHub) -> None:
    give(store, FIRST)
    hub.skew = timedelta(hours=8)
    state = LinkState()
    push(store, hub, state)
    assert held(hub) == [FIRST]
    assert len(hub.asked) == 2


def test_only_the_hub_may_say_what_time_it_is(store: Store, hub: StandInHub) -> None:
    give(store, FIRST)
    wrong = {"code": "clock", "text": "时间不符。"}
    headers = {paths.TIME_HEADER: "2038-01-19T03:14:08.000Z"}
    hub.wrong = [lambda _: httpx.Response(401, json=wrong, headers=headers)]
    state = LinkState(clock=HubClock())
    with pytest.raises(Outage):
        push(store, hub, state)
    assert state.clock.offset_ms == 0


# --- histories that differ --------------------------------------------------------------------


def test_a_hub_restored_from_a_backup_gets_back_what_it_lost(store: Store, hub: StandInHub) -> None:
    give(store, FIRST)
    give(store, SECOND, 2)
    push(store, hub)
    hub.streams["life-1"].clear()
    with store.writing() as db:
        outbox.put(db, 0, "holding", 1, HoldingBody(gained=[], lost=[]), "c" * 32, NINE)
    push(store, hub)
    assert held(hub) == [FIRST, SECOND, "c" * 32]


def test_a_node_put_back_in_time_begins_a_new_life_and_loses_nothing(
    store: Store, hub: StandInHub
) -> None:
    give(store, FIRST)
    push(store, hub)
    # What the hub holds of this life is not what the database now says.
    hub.streams["life-1"][0].event_id = "9" * 32
    give(store, SECOND, 2)
    with store.writing() as db:
        outbox.align(db, 1)
    push(store, hub)
    with store.reading() as db:
        life = meta.node_inc(db)
    assert life is not None and life != "life-1"
    assert [event.event_id for event in hub.streams[life]] == [FIRST, SECOND]
    assert pending(store) == 0


def test_a_hub_that_knows_more_of_our_life_than_we_makes_us_begin_a_new_one(
    store: Store, hub: StandInHub
) -> None:
    give(store, FIRST)
    push(store, hub)
    hub.streams["life-1"] *= 3
    give(store, SECOND, 2)
    push(store, hub)
    with store.reading() as db:
        life = meta.node_inc(db)
    assert life is not None and life != "life-1"
    assert [event.event_id for event in hub.streams[life]] == [FIRST, SECOND]


def test_a_hub_that_is_never_content_is_an_outage_and_no_endless_loop(
    store: Store, hub: StandInHub
) -> None:
    give(store, FIRST)

    def never(request: httpx.Request) -> httpx.Response:
        body = b'{"expected_seq":1}'
        nonce = request.headers[paths.NONCE_HEADER]
        headers = {
            "Content-Type": "application/json",
            paths.SIGNATURE_HEADER: signing.sign_answer(SECRET, nonce, body),
        }
        return httpx.Response(409, content=body, headers=headers)

    hub.wrong = [never] * 20
    with pytest.raises(Outage):
        push(store, hub)
    assert pending(store) == 1


@pytest.mark.parametrize(
    ("size", "took_s", "then"),
    [
        (200, 0.1, 400),
        (400, 0.1, 500),
        (200, 5.0, 200),
        (200, 9.0, 100),
        (30, 30.0, EVENTS_LEAST),
        (500, 0.1, 500),
    ],
)
def test_a_push_grows_on_a_quick_line_up_to_what_the_hub_takes_and_shrinks_on_a_thin_one(
    size: int, took_s: float, then: int
) -> None:
    assert next_size(size, took_s, most=500) == then


def test_a_hub_of_before_is_sent_no_more_than_it_takes(store: Store, hub: StandInHub) -> None:
    with store.writing() as db:
        for _ in range(2 * paths.EVENTS_PER_PUSH + 5):
            outbox.put(db, 0, "holding", 1, HoldingBody(gained=[], lost=[]), new_id(NINE), NINE)
    push(store, hub)
    assert len(hub.asked) == 3


def test_a_hub_that_takes_more_is_sent_more(store: Store, hub: StandInHub) -> None:
    with store.writing() as db:
        for _ in range(2 * paths.EVENTS_PER_PUSH + 5):
            outbox.put(db, 0, "holding", 1, HoldingBody(gained=[], lost=[]), new_id(NINE), NINE)
    push(store, hub, LinkState(events_per_push=500))
    assert len(hub.asked) == 2


def test_after_an_outage_less_is_sent_at_once(store: Store, hub: StandInHub) -> None:
    with store.writing() as db:
        for _ in range(paths.EVENTS_PER_PUSH):
            outbox.put(db, 0, "holding", 1, HoldingBody(gained=[], lost=[]), new_id(NINE), NINE)
    state = LinkState()
    pusher = Pusher(store, hub.client(state.clock), state, lambda: NINE)
    hub.wrong = [link_down]
    with pytest.raises(Outage):
        asyncio.run(pusher.drain())
    hub.asked.clear()
    asyncio.run(pusher.drain())
    assert len(hub.asked) == 2
