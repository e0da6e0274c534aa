"""The outbox: numbered without gaps, chained, never losing an event."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import node.schema
from node.store import outbox
from shared.kit.store import Store
from shared.wire import chain
from shared.wire.messages import EventResult, HoldingBody
from tests.makers import NINE, a_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path / "node.db", node.schema.migrations)
    yield opened
    opened.close()


def put(store: Store, event_id: str) -> int:
    with store.writing() as db:
        body = HoldingBody(gained=[event_id], lost=[])
        return outbox.put(db, 0, "holding", 1, body, event_id, NINE)


def results(*event_ids: str) -> list[EventResult]:
    return [EventResult(event_id=event_id, code="applied") for event_id in event_ids]


def pending_ids(store: Store) -> list[str]:
    with store.reading() as db:
        return [row.event_id for row in outbox.pending(db, 100)]


def test_events_are_numbered_from_one_and_chained(store: Store) -> None:
    assert [put(store, name) for name in ("a", "b", "c")] == [1, 2, 3]
    with store.reading() as db:
        rows = outbox.pending(db, 100)
        tip = outbox.chain_at(db, 3)
    link = chain.START
    for row in rows:
        link = chain.link(link, row.event_id, chain.body_hash(row.body))
        assert row.chain == link
    assert tip == link


def test_confirmed_events_are_no_longer_pending_but_stay(store: Store) -> None:
    for name in ("a", "b", "c"):
        put(store, name)
    with store.writing() as db:
        outbox.ack(db, results("a", "b"), 2)
        assert outbox.pending_count(db) == 1
        assert outbox.of_event(db, "a") is not None
    assert pending_ids(store) == ["c"]


def test_a_hub_that_forgot_is_offered_the_confirmed_events_again(store: Store) -> None:
    for name in ("a", "b", "c"):
        put(store, name)
    with store.writing() as db:
        outbox.ack(db, results("a", "b", "c"), 3)
        outbox.align(db, 2)
    assert pending_ids(store) == ["b", "c"]


def test_a_hub_that_has_more_than_we_thought_is_not_sent_it_again(store: Store) -> None:
    for name in ("a", "b", "c"):
        put(store, name)
    with store.writing() as db:
        outbox.align(db, 3)
    assert pending_ids(store) == ["c"]


def test_a_transaction_that_fails_leaves_no_gap_in_the_numbers(store: Store) -> None:
    put(store, "a")
    with pytest.raises(RuntimeError), store.writing() as db:
        outbox.put(db, 0, "holding", 1, HoldingBody(gained=[], lost=[]), "lost", NINE)
        raise RuntimeError("the mark could not be saved")
    assert put(store, "b") == 2


def test_the_same_id_twice_is_refused(store: Store) -> None:
    put(store, "a")
    with pytest.raises(sqlite3.IntegrityError):
        put(store, "a")
    assert put(store, "b") == 2
