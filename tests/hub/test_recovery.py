"""A hub that was put back in time: notices it, waits for its nodes, and forgets nobody's mark."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

import hub.schema
from hub.__main__ import main
from hub.settings import HubSettings
from hub.store import (
    audit,
    hellos,
    marks,
    meta,
    nodes,
    performances,
    seals,
    sittings,
    slots,
    tasks,
)
from hub.store.tasks import Task
from hub.work import lives, recovery
from hub.work.allocate import allocate
from hub.work.announce import announce
from hub.work.enrol_node import invite
from hub.work.export_results import export
from hub.work.hand_out import hand_out_waiting, take_back
from hub.work.meet_node import compare, hello
from hub.work.milestones import announce_reached
from hub.work.reach_file import keep_reach, last_reach
from hub.work.receive_events import receive
from hub.work.receive_mark import receive_mark
from hub.work.replay import replay
from hub.work.restore import restore
from hub.work.sittings import prepare
from hub.work.supplement import supplement
from hub.work.verify import verify
from hub.work.wipe_trial import wipe_trial
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire import chain
from shared.wire.codes import Code
from shared.wire.meeting import CompareRequest, HelloRequest, KnownSitting
from shared.wire.messages import Event, MarkBody, PushAnswer, PushRequest
from tests.hub.makers import (
    ADMIN,
    EXAM_NAME,
    a_hub,
    an_allocated_hub,
    an_event_id,
    give,
    give_both,
    live_task,
    the_task,
)
from tests.makers import NINE


def said(db: Database, **changes: object) -> HelloRequest:
    request = HelloRequest(
        hub_id=meta.hub_id(db),
        hub_inc=meta.hub_inc(db),
        node_inc="life",
        boot_id="boot",
        acked_seq=0,
        last_seq=0,
        protocol_min=1,
        protocol_max=1,
        caps=[],
        app_version="0.1.0",
        schema=2,
    )
    return msgspec.structs.replace(request, **changes)


def all_in_step(db: Database) -> None:
    for node in nodes.all_nodes(db):
        hello(db, node, said(db), NINE)
        compare(db, node, CompareRequest(node_inc="life", acked_seq=0, piles=[]), NINE)


def reopened(store: Store) -> Store:
    store.close()
    return Store(store.path, hub.schema.migrations)


def test_a_new_life_gives_no_number_twice_and_voids_codes_and_sessions(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        invite(db, "第1区节点", 1, NINE)
        before = meta.hub_inc(db)
        lives.begin_again(db, lives.RESTORED, NINE)
        assert meta.hub_inc(db).startswith("2-") and before.startswith("1-")
        assert nodes.with_code(db) == []
        task = the_task(db, 1, 1)
        assert take_back(db, task, NINE)
        slot = slots.of_performance(db, task.sitting_id, 1)[1]
        assert slot.gen > 2**20 and slot.state == "waiting", "nothing is handed out now"
        all_in_step(db)
        assert not recovery.is_on(db)
        hand_out_waiting(db, NINE)
        assert the_task(db, 1, 1).id > 2**20
        assert audit.broken_at(db) is None


def test_a_recovering_hub_decides_nothing_and_names_who_is_awaited(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial", works=1)
    with store.writing() as db:
        lives.begin_again(db, lives.RESTORED, NINE)
        wishes = (
            lambda: prepare(db, "formal", ADMIN, NINE),
            lambda: allocate(db, 1, ADMIN, NINE),
            lambda: announce(db, "请继续", "normal", 0, (), ADMIN, NINE),
            lambda: wipe_trial(db, EXAM_NAME, ADMIN, NINE),
            lambda: export(db, tmp_path / "results.xlsx", NINE),
        )
        for wish in wishes:
            with pytest.raises(Refusal) as refused:
                wish()
            assert refused.value.code == "recovering" and "第1区节点" in refused.value.text
        assert announce_reached(db, NINE) == []


def test_it_is_over_when_every_node_said_hello_and_its_marks_agree(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        lives.begin_again(db, lives.RESTORED, NINE)
        assert len(recovery.awaited(db)) == 4
        for node in nodes.all_nodes(db):
            assert recovery.is_on(db)
            hello(db, node, said(db), NINE)
            assert node.name in recovery.awaited(db), "a hello alone is not enough"
            compare(db, node, CompareRequest(node_inc="life", acked_seq=0, piles=[]), NINE)
        assert not recovery.is_on(db)


def test_a_node_that_is_gone_is_left_out_by_name_and_on_record(tmp_path: Path) -> None:
    store = a_hub(tmp_path, districts=2)
    with store.writing() as db:
        lives.begin_again(db, lives.RESTORED, NINE)
        hello(db, nodes.all_nodes(db)[0], said(db), NINE)
        compare(
            db,
            nodes.all_nodes(db)[0],
            CompareRequest(node_inc="life", acked_seq=0, piles=[]),
            NINE,
        )
        with pytest.raises(Refusal):
            recovery.leave_out(db, "第1区节点", ADMIN, NINE)
        recovery.leave_out(db, "第2区节点", ADMIN, NINE)
        assert not recovery.is_on(db)
        assert "recovery_left_out" in {e.action for e in audit.page(db, 10**9, 50)}


def test_a_node_ahead_of_the_hub_shows_that_it_was_put_back(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        node, before = nodes.all_nodes(db)[0], meta.hub_inc(db)
        answer = hello(db, node, said(db, acked_seq=7, last_seq=9), NINE)
        assert answer.hub_inc != before and answer.acked_seq == 0
        assert answer.chain == chain.START
        assert recovery.is_on(db)


def test_files_that_were_copied_back_are_noticed_at_the_start(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    older = tmp_path / "older.db"
    store.backup(older)
    with store.writing() as db:
        take_back(db, the_task(db, 1, 1), NINE)
        meta_before = meta.hub_inc(db)
    keep_reach(tmp_path / "reach.json", store)
    seen = last_reach(tmp_path / "reach.json")
    with store.writing() as db:
        lives.start(db, seen, NINE)
        assert meta.hub_inc(db) == meta_before and not recovery.is_on(db)
    store.close()
    put_back = Store(older, hub.schema.migrations)
    with put_back.writing() as db:
        lives.start(db, seen, NINE)
        assert meta.hub_inc(db) != meta_before and recovery.is_on(db)
    put_back.close()


def test_a_damaged_reach_file_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "reach.json").write_text("{")
    assert last_reach(tmp_path / "reach.json") is None


def a_mark_of(db: Database, task: Task, levels: str) -> tuple[Event, MarkBody]:
    """As the node that holds the task would hand it in."""
    [phone] = db.conn.execute(
        "SELECT phone FROM account WHERE id = ?", (task.account_id,)
    ).fetchone()
    [sha256] = db.conn.execute(
        "SELECT v.sha256 FROM performance p JOIN video v ON v.id = p.video_id WHERE p.id = ?",
        (task.performance_id,),
    ).fetchone()
    out = seals.HandOut(
        task_id=task.id,
        sitting_id=task.sitting_id,
        account_id=task.account_id,
        phone=phone,
        performance_id=task.performance_id,
        video_sha256=sha256,
        round=task.round,
        criteria=task.criteria,
        gen=task.gen,
    )
    body = MarkBody(
        task_id=task.id,
        gen=task.gen,
        account_id=task.account_id,
        levels=levels,
        given_at="2023-04-13T01:30:00.000Z",
        spent_ms=1,
        heard_percent=100,
        seal=seals.seal(seals.key(db), out),
    )
    event = Event(
        event_id=an_event_id(999),
        sitting=task.sitting_id,
        kind="mark",
        v=1,
        body=msgspec.json.encode(body).decode(),
    )
    return event, body


def a_forgotten_hand_out(folder: Path) -> tuple[Store, Event, MarkBody]:
    """A round-3 task that was handed out, and a hub that was put back to before it."""
    store = an_allocated_hub(folder)
    older = folder / "older.db"
    store.backup(older)
    with store.writing() as db:
        give_both(db, 1, "333333", "233333")
        event, body = a_mark_of(db, the_task(db, 1, 3), "3-----")
    store.close()
    back = Store(older, hub.schema.migrations)
    with back.writing() as db:
        lives.begin_again(db, lives.RESTORED, NINE)
    return back, event, body


def node_of(db: Database, account_id: int) -> nodes.Node:
    from hub.store import accounts

    account = accounts.account(db, account_id)
    assert account is not None
    return next(n for n in nodes.all_nodes(db) if n.district_id == account.district_id)


def test_a_mark_for_a_hand_out_that_the_hub_forgot_counts(tmp_path: Path) -> None:
    store, event, body = a_forgotten_hand_out(tmp_path)
    with store.writing() as db:
        assert tasks.task(db, body.task_id) is None
        node = node_of(db, body.account_id)
        # It comes before the marks of rounds 1 and 2 are back.
        assert receive_mark(db, event, body, node, NINE).code == Code.APPLIED
        give_both(db, 1, "333333", "233333")
        assert set(marks.counted(db, event.sitting, 1)) == {1, 2, 3}
        assert live_task(db, 1, 4) is None
        assert verify(db) == []


@pytest.mark.parametrize("state", ["open", "closed"])
def test_nodes_bring_back_a_sitting_that_the_hub_forgot_and_its_marks_count(
    tmp_path: Path, state: str
) -> None:
    store = a_hub(tmp_path, works=1)
    older = tmp_path / "older.db"
    store.backup(older)
    with store.writing() as db:
        sitting = prepare(db, "formal", ADMIN, NINE)
        allocate(db, sitting.id, ADMIN, NINE)
        event, body = a_mark_of(db, the_task(db, 1, 1), "333333")
    store.close()
    back = Store(older, hub.schema.migrations)
    known = [KnownSitting(sitting=sitting.id, kind="formal", state=state)]
    with back.writing() as db:
        node = node_of(db, body.account_id)
        hello(db, node, said(db, sittings=known), NINE)
        assert sittings.sitting(db, sitting.id) is None, "only a hub that was put back asks"
        lives.begin_again(db, lives.RESTORED, NINE)
        hello(db, node, said(db, sittings=known), NINE)
        hello(db, node, said(db, sittings=known), NINE)
        [found] = sittings.all_sittings(db)
        assert (found.id, found.kind, found.state) == (sitting.id, "formal", state)
        assert receive_mark(db, event, body, node, NINE).code == Code.APPLIED
        present = slots.of_performance(db, sitting.id, 1)
        assert {n: slot.state for n, slot in present.items()} == {1: "filled", 2: "waiting"}
        all_in_step(db)
        recovery.leave_out(db, node.name, ADMIN, NINE)
        hand_out_waiting(db, NINE)
        if state == "open":
            supplement(db, ADMIN, NINE)
        assert verify(db) == []
    back.close()


def test_a_mark_of_a_supplement_that_the_hub_forgot_counts_and_its_other_round_is_dealt_again(
    tmp_path: Path,
) -> None:
    store = a_hub(tmp_path, works=1)
    with store.writing() as db:
        late = performances.performance(db, 1)
        assert late is not None
        performances.put_many(db, [replace(late, video_id=None)])
        allocate(db, prepare(db, "formal", ADMIN, NINE).id, ADMIN, NINE)
        performances.put_many(db, [late])
    older = tmp_path / "older.db"
    store.backup(older)
    with store.writing() as db:
        supplement(db, ADMIN, NINE)
        event, body = a_mark_of(db, the_task(db, 1, 2), "333333")
    store.close()
    back = Store(older, hub.schema.migrations)
    with back.writing() as db:
        lives.begin_again(db, lives.RESTORED, NINE)
        node = node_of(db, body.account_id)
        assert receive_mark(db, event, body, node, NINE).code == Code.APPLIED
        all_in_step(db)
        recovery.leave_out(db, node.name, ADMIN, NINE)
        hand_out_waiting(db, NINE)
        give(db, the_task(db, 1, 1), "333333")
        assert marks.counted(db, 1, 1).keys() == {1, 2}
        assert verify(db) == []
    back.close()


def test_what_nodes_say_of_sittings_is_taken_where_it_can_be_true(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial", works=1)
    with store.writing() as db:
        lives.begin_again(db, lives.RESTORED, NINE)
        known = [
            KnownSitting(sitting=1, kind="formal", state="closed"),
            KnownSitting(sitting=2, kind="trial", state="wiped"),
            KnownSitting(sitting=3, kind="formal", state="open"),
            KnownSitting(sitting=4, kind="formal", state="prepared"),
            KnownSitting(sitting=5, kind="formal", state="wiped"),
            KnownSitting(sitting=0, kind="formal", state="open"),
            KnownSitting(sitting=6, kind="festival", state="open"),
        ]
        hello(db, nodes.all_nodes(db)[0], said(db, sittings=known), NINE)
        assert {s.id: (s.kind, s.state) for s in sittings.all_sittings(db)} == {
            1: ("trial", "closed"),
            2: ("trial", "wiped"),
            3: ("formal", "open"),
        }, "where a later one is open, the earlier one was over"


def test_a_seal_of_another_task_person_or_hub_opens_nothing(tmp_path: Path) -> None:
    store, event, body = a_forgotten_hand_out(tmp_path)
    with store.writing() as db:
        node = node_of(db, body.account_id)
        for change in (
            {"task_id": body.task_id + 1},
            {"seal": ""},
            {"seal": body.seal[:-1] + ("0" if body.seal[-1] != "0" else "1")},
            {"seal": "1.1.63.1.x"},
            {"seal": "²." + body.seal},
        ):
            wrong = msgspec.structs.replace(body, **change)
            assert receive_mark(db, event, wrong, node, NINE).code == Code.QUARANTINED
        assert marks.mark(db, event.event_id) is None


@pytest.mark.parametrize("what", ["videos", "people"])
def test_a_seal_opens_nothing_for_another_student_or_person_who_has_the_same_number_now(
    tmp_path: Path, what: str
) -> None:
    store, event, body = a_forgotten_hand_out(tmp_path)

    def swap(db: Database) -> None:
        """Imported again in another order: undone by doing it again."""
        if what == "videos":
            db.conn.execute("UPDATE performance SET video_id = 3 - video_id WHERE id IN (1, 2)")
            return
        own, other = body.account_id, body.account_id % 16 + 1
        phones = dict(db.conn.execute("SELECT id, phone FROM account").fetchall())
        for id, phone in ((own, "0"), (other, phones[own]), (own, phones[other])):
            db.conn.execute("UPDATE account SET phone = ? WHERE id = ?", (phone, id))

    with store.writing() as db:
        node = node_of(db, body.account_id)
        swap(db)
        request = PushRequest(
            node_inc="life",
            from_seq=1,
            chain=chain.link(chain.START, event.event_id, chain.body_hash(event.body)),
            events=[event],
        )
        answer = receive(db, node, request, NINE)
        assert isinstance(answer, PushAnswer)
        assert answer.results[0].code == Code.QUARANTINED
        assert list(marks.every(db, event.sitting)) == []
        swap(db)
        assert replay(db, ADMIN, NINE) == 1, "and nothing is lost"
        assert marks.mark(db, event.event_id) is not None


def test_a_forgotten_hand_out_whose_slot_was_filled_since_is_surplus(tmp_path: Path) -> None:
    store, event, body = a_forgotten_hand_out(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "333333", "233333")
        all_in_step(db)
        for node in nodes.all_nodes(db):
            hellos.put_comparison(db, node.id, meta.hub_inc(db), 0, NINE)
        recovery.end_when_complete(db, NINE)
        hand_out_waiting(db, NINE)
        other = the_task(db, 1, 3)
        give(db, other, "3-----", number=500)
        node = node_of(db, body.account_id)
        code = receive_mark(db, event, body, node, NINE).code
        assert code in (
            Code.SURPLUS,
            Code.QUARANTINED if other.account_id == body.account_id else "",
        )


def test_restore_moves_todays_files_aside_and_begins_a_new_life(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    store = an_allocated_hub(data, works=1)
    store.backup(tmp_path / "backup.db")
    with store.writing() as db:
        give(db, the_task(db, 1, 1))
        inc = meta.hub_inc(db)
    store.close()
    restored = restore(HubSettings(data), tmp_path / "backup.db", NINE)
    assert (restored.aside / "hub.db").is_file()
    assert restored.awaited == [f"第{n}区节点" for n in (1, 2, 3, 4)]
    again = Store(data / "hub.db", hub.schema.migrations)
    with again.reading() as db:
        assert meta.hub_inc(db) != inc
        assert list(marks.every(db, 1)) == []
    again.close()
    aside = sqlite3.connect(restored.aside / "hub.db")
    assert aside.execute("SELECT count(*) FROM mark").fetchone()[0] == 1
    aside.close()


def test_restore_takes_nothing_but_a_whole_backup_of_a_hub(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    a_hub(data).close()
    kept = (data / "hub.db").read_bytes()
    torn, stranger = tmp_path / "torn.db", tmp_path / "stranger.db"
    torn.write_bytes(kept[: len(kept) // 2])
    sqlite3.connect(stranger).close()
    for wrong in (torn, stranger, tmp_path / "none.db"):
        with pytest.raises(Refusal):
            restore(HubSettings(data), wrong, NINE)
    assert (data / "hub.db").read_bytes() == kept


def test_the_command_says_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "hub"
    store = a_hub(data, districts=2)
    store.backup(tmp_path / "backup.db")
    store.close()
    assert main(["--data", str(data), "restore", str(tmp_path / "backup.db")]) == 0
    assert "第1区节点、第2区节点" in capsys.readouterr().out
    assert main(["--data", str(data), "recovery"]) == 1
    assert main(["--data", str(data), "recovery", "--leave-out", "第1区节点"]) == 1
    assert main(["--data", str(data), "recovery", "--leave-out", "第2区节点"]) == 0
    assert main(["--data", str(data), "restore", str(tmp_path / "none.db")]) == 1


def test_every_start_leaves_a_gap_so_that_no_number_is_given_again(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        last = max(task.id for task in tasks.placed(db, 1))
        lives.start(db, None, NINE)
        take_back(db, the_task(db, 1, 1), NINE)
        assert the_task(db, 1, 1).id > last + 2**15
        assert not recovery.is_on(db)


def test_a_life_that_the_file_forgot_is_never_lived_again(tmp_path: Path) -> None:
    """Put back twice to the same file: each time another life, with numbers of its own."""
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        lives.begin_again(db, lives.RESTORED, NINE, known="4-abc")
        assert meta.hub_inc(db).startswith("5-")
        node = nodes.all_nodes(db)[0]
        hello(db, node, said(db, hub_inc="7-of-a-life-that-only-nodes-know"), NINE)
        assert meta.hub_inc(db).startswith("8-")
