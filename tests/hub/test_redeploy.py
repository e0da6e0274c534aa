"""People leave and come back, nodes fall silent: what they had goes to others."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from hub.store import accounts, audit, hands, marks, slots, tasks
from hub.work.redeploy import call_back, give_to_node, send_away, take_from_node
from hub.work.sittings import close
from hub.work.verify import verify
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.codes import Code
from tests.hub.makers import (
    ADMIN,
    an_allocated_hub,
    give,
    give_both,
    hear_of,
    hold_everywhere,
    live_task,
    the_task,
)
from tests.makers import NINE

LATER = NINE + timedelta(minutes=5)


@pytest.fixture
def hub(tmp_path: Path) -> Store:
    return an_allocated_hub(tmp_path, districts=5, markers=4, works=6)


def test_the_tasks_of_somebody_who_left_go_to_others_evenly(hub: Store) -> None:
    with hub.writing() as db:
        gone = the_task(db, 1, 1).account_id
        held = len(tasks.open_of_account(db, gone, 1))
        before = hands.totals(db, 1)
        assert send_away(db, gone, ADMIN, NINE) == held > 3
        after = hands.totals(db, 1)
        assert tasks.open_of_account(db, gone, 1) == []
        extra = Counter({id: after[id] - before[id] for id in before if id != gone})
        assert sum(extra.values()) == held and max(extra.values()) <= 2
        assert verify(db) == []


def test_somebody_who_left_is_given_nothing_new_until_called_back(hub: Store) -> None:
    with hub.writing() as db:
        gone = the_task(db, 1, 1).account_id
        send_away(db, gone, ADMIN, NINE)
        for performance in range(1, 31):
            hold_everywhere(db, performance, the_district(hub, gone))
            give_both(db, performance, "332101", "322101")
            third = live_task(db, performance, 3)
            assert third is None or third.account_id != gone
        assert call_back(db, gone, ADMIN, NINE)
        assert not call_back(db, gone, ADMIN, NINE)
        for performance in range(31, 61):
            give_both(db, performance, "332101", "322101")
        assert any(t.round == 3 for t in tasks.open_of_account(db, gone, 1))
        assert verify(db) == []


def the_district(hub: Store, account_id: int) -> int:
    with hub.reading() as db:
        account = accounts.account(db, account_id)
        assert account is not None
        return account.district_id


def test_a_late_mark_of_somebody_who_left_is_kept_as_surplus(hub: Store) -> None:
    with hub.writing() as db:
        first = the_task(db, 1, 1)
        send_away(db, first.account_id, ADMIN, NINE)
        give(db, the_task(db, 1, 1), number=1)
        assert give(db, first, "000000", number=2).code == Code.SURPLUS
        late = marks.mark(db, f"{2:032x}")
        assert late is not None and late.standing == "surplus"
        assert verify(db) == []


def test_what_a_silent_node_holds_goes_to_other_districts(hub: Store) -> None:
    with hub.writing() as db:
        for node in (2, 3, 4, 5):
            hear_of(db, node, LATER)
        held = [t for a in people(db, 1) for t in tasks.open_of_account(db, a, 1)]
        assert take_from_node(db, "第1区节点", ADMIN, LATER) == len(held) > 20
        assert not [t for a in people(db, 1) for t in tasks.open_of_account(db, a, 1)]
        assert slots.waiting(db, 1, 10) == []
        assert audit.of_action(db, "take_from_node")[0].detail["tasks"] == len(held)
        assert verify(db) == []
        give(db, the_task(db, held[0].performance_id, held[0].round), number=1)
        assert give(db, held[0], number=2).code == Code.SURPLUS
        assert give_to_node(db, "第1区节点", ADMIN, LATER) == 5
        assert give_to_node(db, "第1区节点", ADMIN, LATER) == 0
        assert verify(db) == []


def people(db: object, district: int) -> list[int]:
    found = accounts.everyone(db)  # type: ignore[arg-type]
    return [a.id for a in found if a.district_id == district]


def test_a_node_that_is_heard_of_keeps_its_tasks(hub: Store) -> None:
    with hub.writing() as db:
        hear_of(db, 1, LATER)
        with pytest.raises(Refusal, match="没有消息"):
            take_from_node(db, "第1区节点", ADMIN, LATER)
        with pytest.raises(Refusal, match="没有消息"):
            take_from_node(db, "没有的节点", ADMIN, LATER)


def test_nobody_is_sent_away_when_nothing_is_open(hub: Store) -> None:
    with hub.writing() as db:
        with pytest.raises(Refusal, match="没有这个账号"):
            send_away(db, 999, ADMIN, NINE)
        close(db, 1, ADMIN, NINE)
        with pytest.raises(Refusal, match="没有正在进行"):
            send_away(db, 1, ADMIN, NINE)
