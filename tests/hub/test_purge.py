"""The city orders all cached videos deleted, and hears of it from every node."""

import json
from pathlib import Path

import pytest

from hub.store import feed, holdings, nodes, purges, sittings
from hub.store.cards import cards
from hub.work.order_purge import order_purge
from hub.work.receive_event import apply
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.wire.codes import Code
from shared.wire.messages import Event, ExamCard
from tests.hub.makers import ADMIN, EXAM_NAME, a_hub
from tests.makers import NINE


def test_the_order_reaches_every_district_and_each_node_reports_its_count(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db:
        order_purge(db, EXAM_NAME, ADMIN, NINE)
        [card] = [c for c in cards(db, 1, 0, feed.after(db, 1, 0, 99)) if isinstance(c, ExamCard)]
        assert card.purge == "2023-04-13T01:00:00.000Z"
        node = nodes.all_nodes(db)[0]
        body = {"ordered_at": card.purge, "videos": 71, "bytes": 500_000_000}
        event = Event(event_id=new_id(NINE), sitting=0, kind="purged", v=1, body=json.dumps(body))
        assert apply(db, event, node, NINE).code is Code.APPLIED
        done = purges.confirmed(db, card.purge)
        assert (done[node.id].videos, done[node.id].bytes) == (71, 500_000_000)
        assert node.district_id not in holdings.districts_holding(db, 1)
    store.close()


def test_while_somebody_marks_nothing_is_deleted(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db:
        db.conn.execute(
            "INSERT INTO sitting (kind, state, seed, seed_hash) VALUES ('formal', 'open', '', '')"
        )
        assert sittings.open_sitting(db)
        with pytest.raises(Refusal) as refused:
            order_purge(db, EXAM_NAME, ADMIN, NINE)
        assert refused.value.code == "sitting_open"
        assert purges.last(db) is None
    store.close()


def test_the_exams_name_must_be_typed(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db, pytest.raises(Refusal) as refused:
        order_purge(db, "别的考试", ADMIN, NINE)
    assert refused.value.code == "wrong_name"
    store.close()
