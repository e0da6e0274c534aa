"""Joining a hub: once, with a one-time code, and without a restart of the service."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import node.schema
from node.settings import NodeSettings
from node.store import meta, outbox, tasks
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from node.work import enrol
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.messages import HoldingBody
from tests.makers import NINE, a_group_card, a_sitting_card, a_store, a_task_card, an_account_card
from tests.node.standin_hub import (
    URL,
    Handler,
    StandInHub,
    an_enrolment,
    answer_lost,
    link_down,
    login_page,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path / "node.db", node.schema.migrations)
    yield opened
    opened.close()


def an_uplink(store: Store, hub: StandInHub) -> Uplink:
    cache = Cache(store.path.parent / "videos", 0)
    settings = NodeSettings(store.path.parent, disk_reserve_bytes=0)
    return Uplink(store, cache, settings, "0.1.0", hub.http)


def link_of(store: Store) -> meta.Link | None:
    with store.reading() as db:
        return meta.link(db)


def test_after_enrolment_the_service_works_without_a_restart(store: Store) -> None:
    task = a_task_card()
    hub = StandInHub(feed=[a_group_card(), a_sitting_card(), an_account_card(), task])
    hub.videos[task.video.sha256] = b"a video"

    async def story() -> None:
        uplink = an_uplink(store, hub)
        await uplink.start()
        assert not uplink.view().is_enrolled
        link = await uplink.enrol(f" {URL}/ ", " right ")
        assert (link.hub_url, link.district, link.feed_after) == (URL, "渝中区", 0)
        for _ in range(200):
            with store.reading() as db:
                found = tasks.task(db, 1)
            if found is not None and found.is_video_ready and not uplink.view().pending:
                break
            await asyncio.sleep(0.02)
        view = uplink.view()
        assert (view.is_enrolled, view.is_connected, view.pending) == (True, True, 0)
        assert [event.kind for event in hub.events] == ["holding"]
        await uplink.stop()

    asyncio.run(story())


def test_a_lost_answer_burns_no_code(store: Store) -> None:
    hub = StandInHub()

    async def story() -> list[bytes]:
        hub.wrong = [answer_lost(hub)]
        with pytest.raises(Refusal) as refusal:
            await an_uplink(store, hub).enrol(URL, "RIGHT")
        assert refusal.value.code == "hub_away"
        await an_uplink(store, hub).enrol(URL, "RIGHT")
        return [request.content for request in hub.asked]

    first, second = asyncio.run(story())
    assert first == second
    assert link_of(store) is not None


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("hub.example.cn", "RIGHT", "hub_url_wrong"),
        ("http://[", "RIGHT", "hub_url_wrong"),
        ("ftp://hub.example.cn", "RIGHT", "hub_url_wrong"),
        (URL, "  ", "code_missing"),
        (URL, "WRONG", "code_wrong"),
    ],
)
def test_what_is_wrong_is_said(store: Store, url: str, code: str, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        asyncio.run(an_uplink(store, StandInHub()).enrol(url, code))
    assert refusal.value.code == said
    assert link_of(store) is None


@pytest.mark.parametrize("wrong", [link_down, login_page])
def test_what_is_not_a_hub_is_not_joined(store: Store, wrong: object) -> None:
    hub = StandInHub(wrong=[wrong])  # type: ignore[list-item]
    with pytest.raises(Refusal) as refusal:
        asyncio.run(an_uplink(store, hub).enrol(URL, "RIGHT"))
    assert refusal.value.code == "hub_away"
    assert link_of(store) is None


def garbled(hub: StandInHub) -> Handler:
    """One letter of the answer is another one, and it can still be read."""

    def handle(request: httpx.Request) -> httpx.Response:
        answer = hub.answer(request)
        content = answer.content.replace(b"hub-id", b"hub-ix")
        return httpx.Response(200, content=content, headers=answer.headers)

    return handle


def test_a_garbled_answer_is_not_believed_and_burns_no_code(store: Store) -> None:
    hub = StandInHub()
    hub.wrong = [garbled(hub)]
    with pytest.raises(Refusal) as refusal:
        asyncio.run(an_uplink(store, hub).enrol(URL, "RIGHT"))
    assert (refusal.value.code, link_of(store)) == ("hub_away", None)
    assert asyncio.run(an_uplink(store, hub).enrol(URL, "RIGHT")).hub_id == "hub-id"


def test_marks_of_one_hub_are_never_handed_to_another(store: Store) -> None:
    with store.writing() as db:
        enrol.finish(db, URL, an_enrolment())
        outbox.put(db, 0, "holding", 1, HoldingBody(gained=[], lost=[]), "c" * 32, NINE)
    with pytest.raises(Refusal) as refusal, store.writing() as db:
        enrol.finish(db, "http://other.test", an_enrolment("another-hub"))
    assert refusal.value.code == "other_hub"
    with store.writing() as db:
        assert enrol.finish(db, "http://moved.test", an_enrolment()).hub_url == "http://moved.test"
