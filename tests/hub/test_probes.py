"""Reference clips and second looks: handed out, kept in full, and counted nowhere as marks."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from hub.rehearsal.books import close_books
from hub.store import nodes, outcomes, probes, references
from hub.store.cards import cards
from hub.store.feed import after
from hub.work.assess_quality import assess
from hub.work.receive_event import apply
from hub.work.seed_probes import seed_probes
from hub.work.verify import verify
from hub.work.wipe_trial import wipe_trial
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.policy import Policy
from shared.rules.probes import LEAST, is_probe
from shared.wire.messages import Event, MarkBody, TaskCard
from tests.hub.finished import _open, a_finished_hub
from tests.hub.makers import ADMIN, EXAM_NAME, an_allocated_hub, an_event_id, give
from tests.makers import NINE

EXPERTS = "323232"
NEXT_DAY = NINE + timedelta(days=1)


def with_references(db: Database, *performances: int) -> None:
    for performance in performances:
        references.put(db, performance, EXPERTS, "第二乐句偏低", ADMIN, NINE)
    seed_probes(db, NINE)


def all_cards(db: Database, district: int) -> list[TaskCard]:
    found: list[TaskCard] = []
    seq = 0
    while changes := after(db, district, seq, 500):
        found += [c for c in cards(db, district, seq, changes) if isinstance(c, TaskCard)]
        seq = changes[-1].seq
    return found


def probe_cards(db: Database, account: int | None = None) -> list[TaskCard]:
    found = [c for d in (1, 2, 3, 4) for c in all_cards(db, d) if is_probe(c.task_id)]
    return [c for c in found if account in (None, c.account_id)]


def answer(db: Database, card: TaskCard, levels: str, at: datetime = NINE, n: int = 0) -> str:
    body = MarkBody(
        task_id=card.task_id,
        gen=card.gen,
        account_id=card.account_id,
        levels=levels,
        given_at=stamp(at),
        spent_ms=60_000,
        heard_percent=100,
    )
    event = Event(
        event_id=an_event_id(card.task_id * 10 + n),
        sitting=card.sitting,
        kind="mark",
        v=1,
        body=msgspec.json.encode(body).decode(),
    )
    (district,) = db.conn.execute(
        "SELECT district_id FROM account WHERE id = ?", (card.account_id,)
    ).fetchone()
    node = next(n for n in nodes.all_nodes(db) if n.district_id == district)
    return apply(db, event, node, at).code.value


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return an_allocated_hub(tmp_path, districts=4, markers=3, leaders=1, works=6)


def counted(db: Database) -> tuple[object, ...]:
    """All that a page or a rule counts."""
    return tuple(
        db.conn.execute(f"SELECT count(*), coalesce(sum({what}), 0) FROM {table}").fetchone()[:]  # noqa: S608
        for table, what in (
            ("task", "state = 'done'"),
            ("mark", "1"),
            ("load", "done"),
            ("slot", "state = 'filled'"),
            ("outcome", "1"),
        )
    )


def test_references_reach_everyone_who_may_mark_them_and_holds_no_task_of_them(
    store: Store,
) -> None:
    with store.writing() as db:
        with_references(db, 1, 2, 3)
        found = probe_cards(db)
        assert found
        assert {c.state for c in found} == {"open"}
        codes = {row[0] for row in db.conn.execute("SELECT code FROM performance")}
        rows = db.conn.execute(
            "SELECT o.account_id, o.performance_id, a.district_id FROM probe o"
            " JOIN account a ON a.id = o.account_id"
        ).fetchall()
        for account, performance, district in rows:
            held = "SELECT count(*) FROM task WHERE account_id = ? AND performance_id = ?"
            assert db.conn.execute(held, (account, performance)).fetchone()[0] == 0
            assert district != 1, "the three are of the first district"
        for card in found:
            assert card.performance not in codes
            assert card.earlier == []
            assert card.position < 0
        assert seed_probes(db, NINE) == 0


def test_what_is_given_for_a_probe_counts_nowhere_as_a_mark(store: Store) -> None:
    with store.writing() as db:
        with_references(db, 1, 2, 3)
        before = counted(db)
        for card in probe_cards(db):
            assert answer(db, card, EXPERTS) == "applied"
        assert counted(db) == before
        assert {c.state for c in probe_cards(db)} == {"done"}
        assert db.conn.execute("SELECT count(*) FROM probe_mark").fetchone()[0] > 10
        assert db.conn.execute("SELECT count(*) FROM event").fetchone()[0] == 0


def test_with_probes_everything_else_comes_out_the_same(tmp_path: Path) -> None:
    ends = []
    for name in ("with", "without"):
        store = an_allocated_hub(tmp_path / name, districts=4, markers=3, works=6)
        with store.writing() as db:
            if name == "with":
                with_references(db, 1, 2)
            for task in _open(db):
                give(db, task, "333333" if task.performance_id % 4 else "332333")
                if name == "with":
                    for card in probe_cards(db, task.account_id):
                        if card.state == "open":
                            answer(db, card, "000000")
            ids = range(1, 49)
            found = [outcomes.outcome(db, 1, id) for id in ids]
            ends.append([one.state for one in found if one])
            assert not [p for p in verify(db) if p]
    assert ends[0] == ends[1]


def test_who_knows_the_reference_is_passed_over_while_there_is_anybody_else(store: Store) -> None:
    with store.writing() as db:
        with_references(db, 1)
        everyone = probes.holders(db, 1, [1])[1]
        spared = min(everyone)
        db.conn.execute("DELETE FROM probe WHERE account_id = ?", (spared,))
        _dispute(db, 1)
        (third,) = (t for t in _open(db) if t.performance_id == 1)
        assert third.account_id == spared
        assert not [p for p in verify(db) if p]


def test_where_everybody_knows_the_reference_its_third_mark_is_given_all_the_same(
    store: Store,
) -> None:
    with store.writing() as db:
        with_references(db, 1)
        _dispute(db, 1)
        (third,) = (t for t in _open(db) if t.performance_id == 1)
        assert third.account_id in probes.holders(db, 1, [1])[1]
        assert not [p for p in verify(db) if p]


def _dispute(db: Database, performance: int) -> None:
    one, two = (t for t in _open(db) if t.performance_id == performance)
    give(db, one, "333333")
    give(db, two, "000000")


def test_after_the_half_day_the_marker_is_told_and_not_before(store: Store) -> None:
    with store.writing() as db:
        with_references(db, 1)
        card = probe_cards(db)[0]
        answer(db, card, "333333")
        seed_probes(db, NINE)
        assert all(c.earlier == [] for c in probe_cards(db))
        seed_probes(db, NEXT_DAY)
        told = [c for c in probe_cards(db) if c.earlier]
        assert [c.task_id for c in told] == [card.task_id]
        assert told[0].locked
        assert (told[0].earlier[0].levels, told[0].earlier[0].comment) == (EXPERTS, "第二乐句偏低")


def test_where_the_policy_says_so_markers_are_never_told(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, policy=Policy(probe_feedback=False))
    with store.writing() as db:
        with_references(db, 1)
        answer(db, probe_cards(db)[0], "333333")
        seed_probes(db, NEXT_DAY)
        assert all(c.earlier == [] for c in probe_cards(db))


def test_in_a_training_they_are_told_at_once(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, policy=Policy(feedback_at_once=True))
    with store.writing() as db:
        with_references(db, 1)
        answer(db, probe_cards(db)[0], "333333")
        seed_probes(db, NINE + timedelta(minutes=1))
        assert [c.earlier[0].levels for c in probe_cards(db) if c.earlier] == [EXPERTS]


def test_own_marks_are_asked_for_again_in_disguise(tmp_path: Path) -> None:
    store = an_allocated_hub(
        tmp_path, districts=3, markers=1, works=30, policy=Policy(repeat_percent=10)
    )
    with store.writing() as db:
        mine = [t for t in _open(db) if t.account_id == 1]
        for minute, task in enumerate(mine[:40]):
            give(db, task, "323333", given_at=stamp(NINE + timedelta(minutes=minute)))
        assert seed_probes(db, NINE) == 1
        (card,) = probe_cards(db)
        (performance,) = db.conn.execute("SELECT performance_id FROM probe").fetchone()
        assert performance in {t.performance_id for t in mine[:20]}, "long ago"
        assert card.position in {t.position for t in mine[40:]}
        while seed_probes(db, NINE):
            pass
        assert len(probe_cards(db)) == 4, "ten in a hundred of forty"
        for probe in probe_cards(db):
            answer(db, probe, "333333")
        found = assess(db, 1, NINE)
        (own,) = (m for m in found.markers if m.account_id == 1)
        assert (own.probed.repeat.n, own.probed.repeat.value) == (4, None)
        assert own.habits.counted == 40


def test_quality_tells_how_markers_stand_to_the_experts(store: Store) -> None:
    with store.writing() as db:
        with_references(db, *range(1, 2 * LEAST + 1))
        account = probe_cards(db)[-1].account_id
        own = probe_cards(db, account)[:LEAST]
        for card in own:
            answer(db, card, "333333")
            answer(db, card, EXPERTS, n=1)
        found = assess(db, 1, NINE)
        (marker,) = (m for m in found.markers if m.account_id == account)
        assert marker.probed.reference.n == LEAST
        assert marker.probed.reference.value == pytest.approx(0.5), "the first version counts"
        assert [a.label for a in marker.alerts] == ["标准卷"]
        assert found.probed.reference.n == LEAST


def test_of_a_wiped_trial_no_probe_is_left(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, kind="trial")
    with store.writing() as db:
        with_references(db, 1, 2)
        found = probe_cards(db)
        answer(db, found[0], EXPERTS)
        wipe_trial(db, EXAM_NAME, ADMIN, NINE)
        for table in ("probe", "probe_mark"):
            assert db.table(table).count == 0
        assert answer(db, found[1], EXPERTS) == "stale_sitting"
        assert db.table("reference").count == 2


def test_what_is_no_probe_of_theirs_is_put_aside(store: Store) -> None:
    with store.writing() as db:
        with_references(db, 1)
        card = probe_cards(db)[0]
        assert answer(db, msgspec.structs.replace(card, account_id=1), EXPERTS) == "quarantined"
        stranger = msgspec.structs.replace(card, task_id=card.task_id + 1)
        assert answer(db, stranger, EXPERTS) == "quarantined"
        assert answer(db, card, "3-----") == "quarantined"
        assert db.table("probe_mark").count == 0


def test_what_was_given_in_a_formal_sitting_is_never_deleted(store: Store) -> None:
    with store.writing() as db:
        with_references(db, 1)
        answer(db, probe_cards(db)[0], EXPERTS)
        with pytest.raises(Exception, match="never deleted"):
            db.conn.execute("DELETE FROM probe_mark")


def test_a_rehearsals_books_hold_probes_apart(tmp_path: Path) -> None:
    store = a_finished_hub(tmp_path)
    with store.reading() as db:
        saved = [
            row[0]
            for table in ("mark", "probe_mark")
            for row in db.conn.execute(f"SELECT event_id FROM {table}")  # noqa: S608
        ]
        books = close_books(db, db.table("performance").count, saved)
        assert books.balance
        assert books.probes_submitted == db.table("probe_mark").count > 0
        assert books.marks_submitted == books.marks_on_hub == db.table("mark").count
        assert close_books(db, books.works, saved[1:]).unknown == 1
