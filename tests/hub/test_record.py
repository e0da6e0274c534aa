"""The published record: a third party checks it without our code, and finds every forgery."""

import ast
import json
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from hub.__main__ import main
from hub.store import accounts, outcomes, performances, sittings, tasks
from hub.store.tasks import Task
from hub.store.videos import NewVideo
from hub.work.correct_video import correct_video
from hub.work.record import write_record
from hub.work.redeploy import send_away
from hub.work.sittings import close
from hub.work.supplement import supplement
from hub.work.verify import verify
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.allocation import Hand, Work, deal, preflight
from shared.rules.policy import Policy
from shared.rules.rubric import Role
from shared.rules.supplement import Holder, deal_more, preflight_more
from tests.hub.makers import (
    ADMIN,
    ANTHEM,
    a_performance,
    a_person,
    an_allocated_hub,
    an_event_id,
    give,
    hold_everywhere,
    live_task,
)
from tests.hub.third_party import check, deal_again, deal_more_again
from tests.makers import NINE

WORKS = 40
A_VIDEO = NewVideo("c" * 64, 2000, 90_000, 480, 360, "80" * 240, -20.0)


def a_marked_hub(folder: Path, policy: Policy | None = None, *, closed: bool = True) -> Store:
    """A day of marking: disputes, exceptions, revisions, someone leaves, a video is corrected."""
    with patch("hub.work.sittings.secrets.token_hex", return_value="5" * 64):
        store = an_allocated_hub(folder, districts=5, markers=4, works=4, policy=policy)
    rng = random.Random(4)
    numbers = count(1)
    with store.writing() as db:
        for round in (1, 2, 3, 4):
            for work in range(1, WORKS + 1):
                hold_everywhere(db, work, 1 + work % 5, 1 + work % 3)
                task = live_task(db, work, round)
                if task and task.state == "open" and rng.random() > 0.05:
                    mark(db, task, rng, numbers)
            if round == 1:
                late = [a_performance(db, 900 + i, 1 + i % 5, ANTHEM) for i in range(6)]
                performances.put_many(db, late)
                accounts.add_many(db, [a_person(3, Role.MARKER, 70)])
                assert supplement(db, ADMIN, NINE).works == 6
            if round < 3:
                gone = next(t for t in tasks.of_performance(db, 1, round) if t.round == round)
                send_away(db, gone.account_id, ADMIN, NINE)
        unsettled = [o for o in outcomes.of_sitting(db, 1) if o.state != "settled"]
        for wrong in unsettled[:1]:
            correct_video(db, f"ZX-{wrong.performance_id:06X}", A_VIDEO, ADMIN, NINE)
        assert verify(db) == []
        if closed:
            close(db, 1, ADMIN, NINE)
    return store


def mark(db: Database, task: Task, rng: random.Random, numbers: Iterator[int]) -> None:
    """Some say that there is no picture, some change their minds."""
    number = next(numbers)
    levels = "".join(str(max(0, 3 - int(rng.random() * 1.6))) for _ in range(6))
    if rng.random() < 0.1:
        give(db, task, "------", number=number, exception="no_picture")
    else:
        give(db, task, levels, number=number)
    if rng.random() < 0.1 and task.round < 3:
        give(db, task, "222222", number=next(numbers), revises=an_event_id(number))


def published(folder: Path, policy: Policy | None = None) -> dict[str, Any]:
    store = a_marked_hub(folder, policy)
    with store.reading() as db:
        sitting = sittings.sitting(db, 1)
        assert sitting is not None
        write_record(db, sitting, folder / "record.json")
    store.close()
    record: dict[str, Any] = json.loads((folder / "record.json").read_text("utf-8"))
    return record


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(placement="together", prefer_cached=False),
        Policy(tolerance=1, combine="mean", home_district="allow"),
        Policy(three_distinct="median", home_district="only", placement="together"),
    ],
    ids=["usual", "together", "tolerant", "at_home"],
)
def test_a_third_party_comes_to_the_same_in_everything(tmp_path: Path, policy: Policy) -> None:
    record = published(tmp_path, policy)
    assert check(record) == []
    assert record["counts"]["marks"] > 80 and record["counts"]["handings"] > 30
    assert {row[2] for row in record["tasks"]} >= {1, 2, 3}


@settings(max_examples=150, deadline=None)
@given(
    works=st.lists(st.integers(1, 4), min_size=1, max_size=60),
    hands=st.lists(st.tuples(st.integers(1, 5), st.sampled_from([50, 100, 100, 150])), min_size=2),
    home=st.sampled_from(["exclude", "exclude", "allow", "only"]),
    placement=st.sampled_from(["spread", "together"]),
    seed=st.text(),
)
def test_the_deal_written_down_a_second_time_deals_the_same(
    works: list[int], hands: list[tuple[int, int]], home: Any, placement: Any, seed: str
) -> None:
    policy = Policy(home_district=home, placement=placement)
    asked = [Work(number, district) for number, district in enumerate(works, 1)]
    able = [Hand(100 + n, district, capacity) for n, (district, capacity) in enumerate(hands)]
    if preflight(asked, able, policy):
        return
    rows = [(hand.id, hand.district, hand.capacity) for hand in able]
    pairs = [(work.id, work.district) for work in asked]
    again = set(deal_again(pairs, rows, asdict(policy), seed))
    assert again == {(d.work, d.round, d.hand, d.position) for d in deal(asked, able, policy, seed)}


FORGERIES = {
    "outcomes": lambda r: r["outcomes"][0].__setitem__(2, ["0"] * 6),
    "marks": lambda r: r["marks"][0].__setitem__(5, "010101"),
    "tasks": lambda r: r["tasks"][0].__setitem__(3, 2 if r["tasks"][0][3] != 2 else 3),
    "seed": lambda r: r["sitting"].__setitem__("seed", "0" * 64),
    "policy": lambda r: r["policy"].__setitem__("tolerance", 1),
    "hands": lambda r: r["groups"][0]["hands"].pop(),
    "handings": lambda r: next(h for h in r["handings"] if h[0] == "given" and len(h[2][1]) > 0)[
        2
    ].__setitem__(1, [4, 5]),
    "rows": lambda r: r["marks"].pop(),
    "position": lambda r: r["tasks"][5].__setitem__(4, 99),
    "supplement": lambda r: r["supplements"][0]["groups"][0]["hands"][0].__setitem__(3, 9),
    "supplement's task": lambda r: next(
        t for t in r["tasks"] if t[0] == r["supplements"][0]["tasks"][0]
    ).__setitem__(4, 77),
    "audit: one taken out": lambda r: r["audit"].pop(1),
    "audit: the newest taken out": lambda r: r["audit"].pop(),
    "audit: when": lambda r: r["audit"][1].__setitem__(1, "2023-04-13T00:00:00.000Z"),
    "audit: what": lambda r: r["audit"][2].__setitem__(7, r["audit"][2][7].replace("1", "2")),
    "audit: who": lambda r: r["audit"][0].__setitem__(3, "0" * 64),
    "district": lambda r: r["performances"][0].__setitem__(3, 5),
}


@settings(max_examples=100, deadline=None)
@given(
    works=st.lists(st.integers(1, 4), min_size=1, max_size=30),
    hands=st.lists(
        st.tuples(
            st.integers(1, 5),
            st.sampled_from([50, 100, 100, 150]),
            st.integers(0, 6),
            st.integers(0, 6),
        ),
        min_size=2,
        max_size=16,
    ),
    home=st.sampled_from(["exclude", "exclude", "allow", "only"]),
    placement=st.sampled_from(["spread", "together"]),
    seed=st.text(max_size=3),
)
def test_a_supplement_written_down_a_second_time_deals_the_same(
    works: list[int],
    hands: list[tuple[int, int, int, int]],
    home: Any,
    placement: Any,
    seed: str,
) -> None:
    policy = Policy(home_district=home, placement=placement)
    asked = [Work(number, district) for number, district in enumerate(works, 1)]
    rows = [(100 + n, *hand) for n, hand in enumerate(hands)]
    holders = [Holder(Hand(*row[:3]), *row[3:]) for row in rows]
    if preflight_more(asked, holders, policy):
        return
    pairs = [(work.id, work.district) for work in asked]
    again = set(deal_more_again(pairs, rows, asdict(policy), seed))
    dealt = deal_more(asked, holders, policy, seed)
    assert again == {(d.work, d.round, d.hand, d.position) for d in dealt}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> str:
    return json.dumps(published(tmp_path_factory.mktemp("honest")))


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_found(honest: str, what: str) -> None:
    record = json.loads(honest)
    FORGERIES[what](record)
    assert check(record) != []


def test_the_record_names_nobody(honest: str) -> None:
    for secret in ("王", "学校", "S0000", ADMIN, json.dumps(ADMIN).strip('"')):
        assert secret not in honest
    assert not re.search(r"199\d{8}", honest), "a phone number"


def test_the_seed_stays_sealed_while_the_sitting_is_open(tmp_path: Path) -> None:
    store = a_marked_hub(tmp_path, closed=False)
    with store.reading() as db:
        sitting = sittings.sitting(db, 1)
        assert sitting is not None
        with pytest.raises(Refusal, match="结束后才公开"):
            write_record(db, sitting, tmp_path / "record.json")
    assert not (tmp_path / "record.json").exists()
    store.close()


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_marked_hub(tmp_path).close()
    assert main(["--data", str(tmp_path), "record", str(tmp_path / "r.json")]) == 0
    assert "已写入" in capsys.readouterr().out
    assert check(json.loads((tmp_path / "r.json").read_text("utf-8"))) == []


def test_the_checker_imports_nothing_of_the_product() -> None:
    source = Path(__file__).with_name("third_party.py").read_text("utf-8")
    named = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert named <= set(sys.stdlib_module_names)
