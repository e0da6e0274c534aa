"""A node hands in its events: each counts once, whatever the network does."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from hub.store import accounts, announcements, audit, events, faults, feed, holdings, marks, nodes
from hub.store import sittings as sittings_store
from hub.work import recovery
from hub.work.receive_events import FORKED, receive
from hub.work.wipe_trial import wipe_trial
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import ALL_CRITERIA
from shared.wire import chain, paths
from shared.wire.codes import Code
from shared.wire.messages import (
    Event,
    EventResult,
    FaultBody,
    HoldingBody,
    MarkBody,
    PasswordBody,
    PushAnswer,
    PushGap,
    ReceiptBody,
    WipedBody,
)
from tests.hub.door import AtDoor, a_push, an_event, answer_of, at_door
from tests.hub.makers import ADMIN, EXAM_NAME, an_allocated_hub, the_task
from tests.makers import NINE

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"
LATER = NINE + timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = an_allocated_hub(tmp_path, "trial", works=1)
    yield store
    store.close()


@pytest.fixture
def db(store: Store) -> Iterator[Database]:
    with store.writing() as db:
        yield db


def a_mark(db: Database, performance: int = 1) -> Event:
    """For the round-1 task of a performance."""
    task = the_task(db, performance, 1)
    body = MarkBody(
        task_id=task.id,
        gen=task.gen,
        account_id=task.account_id,
        levels="333333",
        given_at="2023-04-13T01:00:00.000Z",
        spent_ms=60_000,
        heard_percent=100,
    )
    return an_event("mark", body, sitting=task.sitting_id)


def home_of(db: Database, performance: int = 1) -> nodes.Node:
    """The node of the marker who has the round-1 task."""
    district = the_task(db, performance, 1).district_id
    return next(n for n in nodes.all_nodes(db) if n.district_id == district)


def marker_of(node: nodes.Node, db: Database) -> accounts.Account:
    return next(a for a in accounts.everyone(db) if a.district_id == node.district_id)


def push(db: Database, node: nodes.Node, *pushed: Event, **changes: object) -> PushAnswer:
    answer = receive(db, node, msgspec.structs.replace(a_push(*pushed), **changes), LATER)
    assert isinstance(answer, PushAnswer), answer
    return answer


def only(answer: PushAnswer) -> EventResult:
    [result] = answer.results
    return result


def test_a_mark_is_counted_and_acknowledged(db: Database) -> None:
    mark = a_mark(db)
    answer = push(db, home_of(db), mark)
    assert only(answer) == EventResult(event_id=mark.event_id, code=Code.APPLIED)
    assert answer.acked_seq == 1
    assert answer.chain == chain.link(chain.START, mark.event_id, chain.body_hash(mark.body))
    kept = marks.mark(db, mark.event_id)
    assert kept is not None and kept.standing == "counted"
    assert kept.levels.keys() == ALL_CRITERIA


def test_the_same_batch_again_changes_nothing_and_gets_the_same_answer(db: Database) -> None:
    node, mark = home_of(db), a_mark(db)
    first = push(db, node, mark)
    feed_before = feed.last_seq(db)
    assert push(db, node, mark) == first
    assert feed.last_seq(db) == feed_before


def test_a_batch_that_overlaps_goes_on_where_the_hub_is(db: Database) -> None:
    node, first = home_of(db), a_mark(db)
    second = an_event("holding", HoldingBody(gained=[], lost=[]))
    push(db, node, first)
    answer = push(db, node, first, second)
    assert answer.acked_seq == 2
    assert [result.code for result in answer.results] == [Code.APPLIED, Code.APPLIED]


def test_a_gap_is_answered_with_what_is_expected(db: Database) -> None:
    node, mark = home_of(db), a_mark(db)
    push(db, node, mark)
    request = a_push(an_event("holding", HoldingBody(gained=[], lost=[])), from_seq=3)
    assert receive(db, node, request, LATER) == PushGap(expected_seq=2)
    unknown = msgspec.structs.replace(request, node_inc="another")
    assert receive(db, node, unknown, LATER) == PushGap(expected_seq=1)


def test_a_new_life_of_the_node_may_send_everything_again(db: Database) -> None:
    node, mark = home_of(db), a_mark(db)
    push(db, node, mark)
    again = push(db, node, mark, node_inc="reinstalled")
    assert only(again).code == Code.APPLIED and again.acked_seq == 1
    now_node = nodes.node(db, node.id)
    assert now_node is not None and now_node.node_inc == "reinstalled"


def test_a_rewound_node_is_told_that_its_history_is_another(db: Database) -> None:
    node, mark = home_of(db), a_mark(db)
    push(db, node, mark)
    rewound = a_push(an_event("holding", HoldingBody(gained=[], lost=[])))
    assert receive(db, node, rewound, LATER) == FORKED
    broken = a_push(an_event("holding", HoldingBody(gained=[], lost=[])), from_seq=2)
    assert receive(db, node, broken, LATER) == FORKED
    assert len(audit.of_action(db, "stream_forked")) == 2
    assert events.stream(db, node.id, "inc").acked_seq == 1


def test_the_same_id_with_another_body_is_kept_aside(db: Database) -> None:
    node, mark = home_of(db), a_mark(db)
    push(db, node, mark)
    other = msgspec.structs.replace(mark, body=mark.body.replace("333333", "000000"))
    for life in ("second", "third"):
        assert only(push(db, node, other, node_inc=life)).code == Code.QUARANTINED
    [kept] = events.quarantined(db, 10)
    assert kept.body == other.body
    counted = marks.mark(db, mark.event_id)
    assert counted is not None and set(counted.levels.values()) == {3}


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "dance"},
        {"v": 2},
        {"body": "{"},
        {"body": '{"task_id": 1}'},
        {"sitting": 99},
        {"event_id": "short"},
    ],
)
def test_what_the_hub_cannot_use_is_kept_for_a_person(
    db: Database, changes: dict[str, object]
) -> None:
    event = msgspec.structs.replace(a_mark(db), **changes)
    after = an_event("holding", HoldingBody(gained=[], lost=[]))
    answer = push(db, home_of(db), event, after)
    assert [result.code for result in answer.results] == [Code.QUARANTINED, Code.APPLIED]
    [kept] = events.quarantined(db, 10)
    assert kept.body == event.body and kept.reason


def test_an_event_that_breaks_a_law_takes_back_only_itself(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_done(db: Database, node_id: int, gained: object, lost: object) -> None:
        nodes.count_try(db, node_id)
        db.conn.execute("INSERT INTO meta (key, value) VALUES ('hub_id', 'twice')")

    monkeypatch.setattr(holdings, "change", half_done)
    node = home_of(db)
    bad = an_event("holding", HoldingBody(gained=[], lost=[]))
    answer = push(db, node, bad, a_mark(db))
    assert [result.code for result in answer.results] == [Code.QUARANTINED, Code.APPLIED]
    unchanged = nodes.node(db, node.id)
    assert unchanged is not None and unchanged.code_tries == node.code_tries


def test_events_of_a_wiped_trial_are_acknowledged_and_dropped(db: Database) -> None:
    node, early, late = home_of(db), a_mark(db), a_mark(db)
    fault = a_fault(db)
    push(db, node, early)
    wipe_trial(db, EXAM_NAME, ADMIN, LATER)
    answer = push(db, node, early, late, fault)
    assert {result.code for result in answer.results} == {Code.STALE_SITTING}
    assert answer.acked_seq == 3
    assert events.known(db, late.event_id) is None and marks.mark(db, late.event_id) is None
    wiped = an_event("wiped", WipedBody(sitting=early.sitting, marks=2, tasks=6))
    assert only(push(db, node, wiped, node_inc="next")).code == Code.APPLIED
    assert sittings_store.wipe_confirmations(db, early.sitting)[node.id].marks == 2


def test_a_batch_that_brings_the_end_of_a_trial_leaves_nothing_of_it(db: Database) -> None:
    """The hub was put back to before the wipe, which the node still knows of."""
    node, early = home_of(db), a_mark(db)
    recovery.begin(db, "测试", LATER)
    wiped = an_event("wiped", WipedBody(sitting=early.sitting, marks=1, tasks=6))
    push(db, node, early, wiped)
    assert events.known(db, early.event_id) is None and marks.mark(db, early.event_id) is None
    assert events.known(db, wiped.event_id) is not None


def a_fault(db: Database, **changes: object) -> Event:
    task = the_task(db, 1, 1)
    body = FaultBody(
        task_id=task.id,
        account_id=task.account_id,
        fault="no_sound",
        reported_at="2023-04-13T01:00:00.000Z",
    )
    return an_event("fault", msgspec.structs.replace(body, **changes), sitting=task.sitting_id)


def test_a_fault_is_reported_to_the_city(db: Database) -> None:
    assert only(push(db, home_of(db), a_fault(db))).code == Code.APPLIED
    [reported] = faults.recent(db, 10)
    assert reported.fault == "no_sound" and reported.task_is_open
    strange = a_fault(db, account_id=9999)
    assert only(push(db, home_of(db), strange, node_inc="2")).code == Code.QUARANTINED


def test_a_receipt_is_noted_and_one_for_what_is_gone_is_dropped(db: Database) -> None:
    node = home_of(db)
    person = marker_of(node, db)
    new = announcements.NewAnnouncement(None, "manual", "normal", "请到机房", 0, (), ADMIN)
    announcement_id = announcements.add(db, new, NINE)
    assert announcement_id is not None
    body = ReceiptBody(
        announcement_id=announcement_id, account_id=person.id, read_at="2023-04-13T01:00:00.000Z"
    )
    gone = msgspec.structs.replace(body, announcement_id=99)
    answer = push(db, node, an_event("receipt", body), an_event("receipt", gone))
    assert [result.code for result in answer.results] == [Code.APPLIED, Code.STALE_SITTING]
    assert announcements.read_counts(db)[announcement_id] == 1


def test_a_changed_password_reaches_the_districts_other_nodes(db: Database) -> None:
    node = home_of(db)
    person = marker_of(node, db)
    before = feed.last_seq(db)
    body = PasswordBody(account_id=person.id, password_hash=HASH, password_version=1)
    push(db, node, an_event("password", body))
    changed = accounts.account(db, person.id)
    assert changed is not None and changed.password_hash == HASH
    assert [(c.kind, c.ref) for c in feed.after(db, node.district_id, before, 10)] == [
        ("account", person.id)
    ]
    older = an_event("password", msgspec.structs.replace(body, password_hash=HASH + "x"))
    push(db, node, older, node_inc="2")
    unchanged = accounts.account(db, person.id)
    assert unchanged is not None and unchanged.password_hash == HASH


def test_a_node_speaks_only_for_people_of_its_own_district(db: Database) -> None:
    node = home_of(db)
    stranger = next(a for a in accounts.everyone(db) if a.district_id != node.district_id)
    body = PasswordBody(account_id=stranger.id, password_hash=HASH, password_version=1)
    assert only(push(db, node, an_event("password", body))).code == Code.QUARANTINED
    plain = an_event("password", msgspec.structs.replace(body, password_hash="123456"))
    assert only(push(db, node, plain, node_inc="2")).code == Code.QUARANTINED
    kept = accounts.account(db, stranger.id)
    assert kept is not None and kept.password_hash is None
    other = next(n for n in nodes.all_nodes(db) if n.id != node.id)
    assert only(push(db, other, a_mark(db))).code == Code.QUARANTINED


def test_the_city_knows_which_district_holds_a_video(db: Database) -> None:
    node = home_of(db)
    row = db.conn.execute("SELECT id, sha256 FROM video ORDER BY id LIMIT 1").fetchone()
    gained = an_event("holding", HoldingBody(gained=[row["sha256"], "0" * 64], lost=[]))
    push(db, node, gained)
    assert holdings.districts_holding(db, row["id"]) == {node.district_id}
    lost = an_event("holding", HoldingBody(gained=[], lost=[row["sha256"]]))
    push(db, node, gained, lost)
    assert holdings.districts_holding(db, row["id"]) == set()


def test_a_batch_that_is_no_batch_is_refused(db: Database) -> None:
    node, mark = home_of(db), a_mark(db)
    for request in (
        a_push(mark, from_seq=0),
        a_push(*[mark] * (paths.EVENTS_PER_PUSH_MAX + 1)),
        a_push(mark, inc=""),
    ):
        with pytest.raises(Refusal):
            receive(db, node, request, LATER)


def test_an_empty_batch_asks_how_far_the_hub_is(db: Database) -> None:
    answer = push(db, home_of(db))
    assert (answer.acked_seq, answer.chain, answer.results) == (0, chain.START, [])


def test_over_http_a_packed_batch_is_taken_and_a_gap_is_a_409(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.reading() as db:
            mark, door.node = a_mark(db), home_of(db).id
        answer = answer_of(await door.push(mark))
        assert only(answer).code == Code.APPLIED
        gap = await door.push(mark, from_seq=9)
        assert (gap.status_code, gap.json()) == (409, {"expected_seq": 2})
        assert paths.SIGNATURE_HEADER in gap.headers
        forked = await door.push(a_fault_free_event())
        assert (forked.status_code, forked.json()) == (409, {"expected_seq": 0})
        with door.store.reading() as db:
            assert len(audit.of_action(db, "stream_forked")) == 1

    at_door(tmp_path, visit, works=1)


def a_fault_free_event() -> Event:
    return an_event("holding", HoldingBody(gained=[], lost=[]))


def test_over_http_a_body_that_unpacks_to_too_much_or_to_nothing_is_refused(
    tmp_path: Path,
) -> None:
    async def visit(door: AtDoor) -> None:
        bomb = gzip.compress(b" " * 50_000_000)
        packed = {"Content-Encoding": "gzip"}
        assert (await door.ask(paths.PUSH, bomb, headers=packed)).status_code == 413
        whole = gzip.compress(json.dumps({"a": list(range(1000))}).encode())
        for body in (whole[:-20], b"no gzip", b""):
            assert (await door.ask(paths.PUSH, body, headers=packed)).status_code == 400
        assert (await door.ask(paths.PUSH, b"x" * 1_100_000)).status_code == 413

    at_door(tmp_path, visit, works=1)
