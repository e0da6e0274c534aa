"""Milestones are facts: each is announced once, when it is true, and never before."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from hub.schema import EVERY_DISTRICT
from hub.store import announcements, audit, feed, nodes, tasks
from hub.work.announce import announce
from hub.work.milestones import announce_reached, facts, leave_out
from hub.work.sittings import close
from shared.kit.clock import stamp
from shared.kit.refusal import Refusal
from shared.rules.rounds import Milestone, missing_for
from shared.rules.rubric import Role
from tests.hub.makers import ADMIN, an_allocated_hub, give, hear_of, the_task
from tests.makers import NINE

SOON = NINE + timedelta(seconds=30)


def answer_all(db: Database, levels: str = "332101") -> None:
    for placed in tasks.placed(db, 1):
        task = tasks.task(db, placed.id)
        if task and task.state == "open":
            give(db, task, levels)


def test_the_facts_are_counts_over_the_sitting(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 1))
        hear_of(db, 1, NINE, pending=3)
        seen = facts(db, 1, SOON)
        assert seen.open_by_round == {1: 23, 2: 24}
        assert (seen.performances, seen.events_pending, seen.nodes_silent) == (24, 3, 0)


def test_when_everybody_agrees_all_milestones_are_reached_at_once(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        assert announce_reached(db, SOON) == []
        answer_all(db)
        assert announce_reached(db, SOON) == list(Milestone)
        assert announce_reached(db, SOON) == []
        said = announcements.recent(db)
        assert [a.kind for a in said] == [m.value for m in reversed(Milestone)]
        assert {(a.strength, a.author, a.roles) for a in said} == {("important", "系统", ())}
        newest = feed.after(db, EVERY_DISTRICT, 0, 10_000)[-1]
        assert (newest.kind, newest.ref) == ("announcement", said[0].id)


def test_the_third_round_is_announced_allocated_then_ended(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 1), "232101")
        answer_all(db)
        # Performance 1 is now in round 3, and that has been answered with the others.
        third = the_task(db, 1, 3)
        assert third.state == "open"
        assert announce_reached(db, SOON) == [Milestone.ROUND3_ALLOCATED]
        give(db, third, "0-----")
        assert announce_reached(db, SOON) == [Milestone.ROUND3_ENDED, Milestone.ROUND4_ALLOCATED]
        give(db, the_task(db, 1, 4), "3-----")
        assert announce_reached(db, SOON) == [Milestone.ROUND4_ENDED]


def test_nothing_is_announced_while_a_node_holds_events_or_is_silent(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        answer_all(db)
        hear_of(db, 1, NINE, pending=1)
        assert announce_reached(db, SOON) == []
        hear_of(db, 1, NINE)
        assert announce_reached(db, NINE + timedelta(hours=1)) == []
        missing = missing_for(Milestone.ROUND3_ENDED, facts(db, 1, NINE + timedelta(hours=1)))
        assert missing == ("4 个节点没有消息",)


def test_a_silent_node_is_left_out_by_name_and_on_record(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    later = NINE + timedelta(hours=1)
    with store.writing() as db:
        answer_all(db)
        hear_of(db, 1, NINE, pending=5)
        for node in nodes.all_nodes(db)[1:]:
            hear_of(db, node.id, later)
        with pytest.raises(Refusal, match="没有消息"):
            leave_out(db, "第2区节点", ADMIN, later)
        assert announce_reached(db, later) == []
        leave_out(db, "第1区节点", ADMIN, later)
        assert announce_reached(db, later) == list(Milestone)
        entry = audit.of_action(db, "leave_out_node")[0]
        assert (entry.who, entry.detail["node"]) == (ADMIN, "第1区节点")


def test_a_sitting_that_is_over_announces_nothing(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        answer_all(db)
        close(db, 1, ADMIN, NINE)
        assert announce_reached(db, SOON) == []
        with pytest.raises(Refusal):
            leave_out(db, "第1区节点", ADMIN, SOON)


def test_an_announcement_reaches_a_district_and_the_city_sees_who_read_it(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        added = announce(db, " 13:30 继续 ", "blocking", 2, [Role.LEADER], ADMIN, NINE)
        kept = announcements.announcement(db, added)
        assert kept is not None
        assert (kept.text, kept.sitting_id, kept.roles) == ("13:30 继续", 1, (Role.LEADER,))
        assert feed.after(db, 2, 0, 10_000)[-1].ref == added
        assert "announcement" not in {c.kind for c in feed.after(db, 1, 0, 10_000)}
        assert announcements.put_receipt(db, added, 8, stamp(NINE))
        assert not announcements.put_receipt(db, added, 8, stamp(SOON))
        assert not announcements.put_receipt(db, 99, 8, stamp(SOON))
        assert not announcements.put_receipt(db, added, 9999, stamp(SOON))
        assert announcements.read_counts(db) == {added: 1}
        assert announcements.readers(db, added) == {8: stamp(NINE)}


@pytest.mark.parametrize(
    ("text", "strength", "district", "code"),
    [
        ("  ", "normal", 0, "empty_announcement"),
        ("长" * 1001, "normal", 0, "long_announcement"),
        ("开始", "loud", 0, "unknown_strength"),
        ("开始", "normal", 77, "no_district"),
    ],
)
def test_what_cannot_be_announced_is_refused(
    tmp_path: Path, text: str, strength: str, district: int, code: str
) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db, pytest.raises(Refusal) as refused:
        announce(db, text, strength, district, [], ADMIN, NINE)  # type: ignore[arg-type]
    assert refused.value.code == code
