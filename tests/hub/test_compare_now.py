"""Before a round is said to be over, the nodes compare the marks that they handed in last."""

from pathlib import Path

import pytest
from sqlite_utils import Database

from hub.store import hellos, meta, nodes, sittings
from hub.work import compare_now, milestones
from hub.work.export_results import export
from hub.work.sittings import close
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rounds import Milestone
from shared.wire.meeting import COMPARES_WHEN_ASKED, HelloRequest
from tests.hub.makers import ADMIN, an_allocated_hub, give_both, hear_of
from tests.makers import NINE

NODE = "第1区节点"
LAST_SEQ = 4


def a_hub_where_all_agree(folder: Path) -> Store:
    """Rounds 1 and 2 are done and nothing is in dispute; node 1 handed in its last mark."""
    store = an_allocated_hub(folder, works=1)
    with store.writing() as db:
        for performance in range(1, 9):
            give_both(db, performance, "333333", "333333")
        for node in nodes.all_nodes(db):
            hear_of(db, node.id, NINE)
        _handed_in(db, LAST_SEQ)
    return store


def _handed_in(db: Database, seq: int) -> None:
    row = {
        **{"event_id": f"{seq:032x}", "node_id": 1, "node_inc": "inc", "seq": seq},
        **{"sitting_id": 1, "kind": "mark", "v": 1, "body_sha256": "", "body": None},
        **{"result": "applied", "reason": "", "received_at": "2023-04-13T01:00:00.000Z"},
    }
    db.table("event").insert(row)


def _compared(db: Database, seq: int) -> None:
    hellos.put_comparison(db, 1, meta.hub_inc(db), 0, NINE, "inc", seq)


def _said_hello(db: Database, *caps: str) -> None:
    said = HelloRequest(
        hub_id=meta.hub_id(db),
        hub_inc=meta.hub_inc(db),
        node_inc="inc",
        boot_id="boot",
        acked_seq=LAST_SEQ,
        last_seq=LAST_SEQ,
        protocol_min=1,
        protocol_max=1,
        caps=list(caps),
        app_version="0.1.0",
        schema=1,
    )
    hellos.put(db, 1, meta.hub_inc(db), said, NINE)


def test_a_milestone_waits_for_the_comparison_and_comes_with_it(tmp_path: Path) -> None:
    store = a_hub_where_all_agree(tmp_path)
    with store.writing() as db:
        assert milestones.announce_reached(db, NINE) == []
        assert compare_now.is_asked(db)
        assert hellos.not_compared_since(db) == [NODE]
        _compared(db, LAST_SEQ)
        assert Milestone.ROUND3_ALLOCATED in milestones.announce_reached(db, NINE)
        assert not compare_now.is_asked(db)


def test_a_comparison_from_before_the_last_mark_is_not_enough(tmp_path: Path) -> None:
    store = a_hub_where_all_agree(tmp_path)
    with store.writing() as db:
        _compared(db, LAST_SEQ - 1)
        assert milestones.announce_reached(db, NINE) == []
        sitting = sittings.open_sitting(db)
        assert sitting is not None
        assert milestones.facts(db, sitting.id, NINE).nodes_uncompared == 1


def test_only_a_node_that_understands_the_question_is_asked(tmp_path: Path) -> None:
    store = a_hub_where_all_agree(tmp_path)
    with store.writing() as db:
        milestones.announce_reached(db, NINE)
        first, second = nodes.all_nodes(db)[:2]
        _said_hello(db, "compare")
        assert not compare_now.is_asked_of(db, first)
        _said_hello(db, "compare", COMPARES_WHEN_ASKED)
        assert compare_now.is_asked_of(db, first)
        assert not compare_now.is_asked_of(db, second), "it has handed in nothing"


def test_while_marks_come_in_nobody_is_asked(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        _handed_in(db, 1)
        milestones.announce_reached(db, NINE)
        assert not compare_now.is_asked(db)


def test_a_node_that_cannot_compare_is_left_out_by_name_only(tmp_path: Path) -> None:
    store = a_hub_where_all_agree(tmp_path)
    with store.writing() as db:
        milestones.leave_out(db, NODE, ADMIN, NINE)
        assert Milestone.ROUND3_ALLOCATED in milestones.announce_reached(db, NINE)


def test_the_last_results_are_not_exported_before_the_comparison(tmp_path: Path) -> None:
    store = a_hub_where_all_agree(tmp_path)
    with store.writing() as db:
        sitting = sittings.open_sitting(db)
        assert sitting is not None
        export(db, tmp_path / "meanwhile.csv", NINE)
        close(db, sitting.id, ADMIN, NINE)
        with pytest.raises(Refusal, match=NODE):
            export(db, tmp_path / "results.csv", NINE)
        milestones.announce_reached(db, NINE)
        assert compare_now.is_asked(db), "also when the sitting is over"
        _compared(db, LAST_SEQ)
        export(db, tmp_path / "results.csv", NINE)
