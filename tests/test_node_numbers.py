"""Every figure of a district's pages against SQL over the city's marks, when all is marked.

The node is fed as it would be over the line: by the hub's feed and its history of marks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
from litestar.testing import TestClient
from sqlite_utils import Database

import node.schema
from hub.schema import EVERY_DISTRICT
from hub.store import accounts, exam, feed, mark_history
from hub.store.cards import cards
from node.app import create_app
from node.settings import NodeSettings
from node.work.apply_feed import apply_feed
from node.work.take_back_marks import take_back
from shared.kit.clock import stamp
from shared.kit.store import Store
from shared.rules.rubric import Role
from shared.wire.messages import PullAnswer
from tests.hub.finished import a_finished_hub, tables, words
from tests.hub.makers import a_person
from tests.makers import NINE, enrol
from tests.node.door import Pc, no_hub

INC, PAGE = "1", 400
LEAD = a_person(1, Role.LEAD, 90, scope=None)


@dataclass(frozen=True, slots=True)
class District:
    pc: Pc
    hub: Database
    """The truth."""


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    folder: Path = tmp_path_factory.mktemp("district")
    hub = a_finished_hub(folder)
    with hub.writing() as db:
        accounts.add_many(db, [LEAD])
        feed.append(db, EVERY_DISTRICT, "exam", 1)
        for group in exam.groups(db):
            feed.append(db, EVERY_DISTRICT, "group", group.id)
        for account in accounts.everyone(db):
            feed.append(db, account.district_id, "account", account.id)
    fill_node(folder, hub)
    with TestClient(create_app(NodeSettings(data=folder), no_hub)) as client, hub.reading() as db:
        pc = Pc(client)
        new = {"password": "kept-in-mind-7", "again": "kept-in-mind-7"}
        assert (
            pc.post("/", data={"phone": LEAD.phone, "password": LEAD.phone[-4:]}).status_code == 303
        )
        assert pc.post("/password", data=new).status_code == 303
        yield District(pc, db)
    hub.close()


def fill_node(folder: Path, hub: Store) -> None:
    """All that the first district's node is told."""
    store = Store(folder / "node.db", node.schema.migrations)
    enrol(store)
    with hub.reading() as db, store.writing() as own:
        after = 0
        while changes := feed.after(db, 1, after, PAGE):
            answer = PullAnswer(
                hub_inc=INC,
                after=changes[-1].seq,
                more=len(changes) == PAGE,
                items=cards(db, 1, after, changes),
                city=[],
                city_done=[],
                server_time=stamp(NINE),
            )
            apply_feed(own, answer, INC, NINE)
            after = changes[-1].seq
        last = ""
        while page := mark_history.page(db, 1, last, PAGE):
            for card in page:
                take_back(own, card)
            last = page[-1].event_id
    store.close()


def cells(db: Database, where: str, *parameters: object) -> list[str]:
    """Live tasks and counted marks of the first district, as the tables write them."""
    rows = db.conn.execute(
        f"""
        SELECT t.round, count(*), sum(EXISTS (SELECT 1 FROM mark m WHERE m.task_id = t.id
                                              AND m.standing = 'counted'))
        FROM task t JOIN account a ON a.id = t.account_id
        WHERE t.state <> 'withdrawn' AND a.district_id = 1 AND {where} GROUP BY t.round
        """,  # noqa: S608
        parameters,
    )
    found = {row[0]: (row[1], row[2]) for row in rows}
    shown = []
    for number in (1, 2, 3, 4):
        total, done = found.get(number, (0, 0))
        share = f"{min(100 * done / total, 100 if done == total else 99.9):.1f}%" if total else "--"
        shown += [f"{total:,}", f"{done:,}", share]
    return shown


def people(db: Database) -> list[tuple[int, str]]:
    rows = db.conn.execute("SELECT id, name FROM account WHERE district_id = 1 AND role <> 'lead'")
    return [(row[0], row[1]) for row in rows.fetchall()]


def given(db: Database, account: int, group: int = 0) -> list[tuple[int, str | None, str]]:
    """First marks: milliseconds, exception, moment."""
    rows = db.conn.execute(
        """
        SELECT m.spent_ms, m.exception, m.given_at FROM mark m
        JOIN performance p ON p.id = m.performance_id
        WHERE m.account_id = ? AND m.revises IS NULL AND (? = 0 OR p.item_group_id = ?)
        """,
        (account, group, group),
    )
    return [(row[0], row[1], row[2]) for row in rows.fetchall()]


def test_by_subject(district: District) -> None:
    rows = tables(district.pc.get("/progress").text)[0][2:]
    for row, group in zip(rows, (1, 2), strict=False):
        assert row[1:] == cells(district.hub, "t.item_group_id = ?", group)
    assert rows[-1][1:] == cells(district.hub, "1")
    assert rows[-1][1] != "0", "there is something to compare"


@pytest.mark.parametrize("group", [1, 2])
def test_by_item(district: District, group: int) -> None:
    rows = tables(district.pc.get(f"/progress/items?group={group}").text)[0][2:]
    assert len(rows) == len(people(district.hub))
    for id, name in people(district.hub):
        row = next(row for row in rows if row[0].split()[0] == name)
        assert row[2:14] == cells(district.hub, "a.id = ? AND t.item_group_id = ?", id, group)
        own = given(district.hub, id, group)
        assert row[14] == (str(round(median(ms for ms, _, _ in own) / 1000)) if own else "--")


def test_by_marker(district: District) -> None:
    for id, _ in people(district.hub):
        shown = district.pc.get(f"/progress/markers?account={id}").text
        rows, own = tables(shown)[0][2:], given(district.hub, id)
        assert rows[-1][1:] == cells(district.hub, "a.id = ?", id)
        for row, group in zip(rows, (1, 2), strict=False):
            assert row[1:] == cells(district.hub, "a.id = ? AND t.item_group_id = ?", id, group)
        figures = re.findall(r"<dd>([^<]*)</dd>", shown)
        flagged = sum(exception is not None for _, exception, _ in own)
        seconds = round(median(ms for ms, _, _ in own) / 1000)
        assert figures[:3] == [str(len(own)), str(seconds), str(flagged)]


def test_flags(district: District) -> None:
    shown = district.pc.get("/flags").text
    rows = district.hub.conn.execute(
        """
        SELECT p.code, m.round || '评', a.name FROM mark m
        JOIN performance p ON p.id = m.performance_id JOIN account a ON a.id = m.account_id
        WHERE a.district_id = 1 AND m.standing IN ('counted', 'surplus')
          AND (m.exception IS NOT NULL OR m.comment <> '')
        """
    ).fetchall()
    assert rows
    assert f"共 {len(rows)} 份" in shown
    assert {(row[0], row[2], row[3]) for row in tables(shown)[0][1:]} == {
        (code, round, name) for code, round, name in rows
    }


def test_the_board(district: District) -> None:
    shown = words(district.pc.get("/board").text)
    for where, parameters in (
        ("1", ()),
        ("t.item_group_id = ?", (1,)),
        ("t.item_group_id = ?", (2,)),
    ):
        numbers = cells(district.hub, where, *parameters)
        total, done = (sum(int(n.replace(",", "")) for n in numbers[k::3]) for k in (0, 1))
        assert f"{done:,} / {total:,}" in shown
    assert "100.0%" in shown
    assert "已全部评完" in shown


def test_the_accounts(district: District) -> None:
    rows = tables(district.pc.get("/accounts").text)[0][1:]
    assert len(rows) == len(people(district.hub)) + 1


def test_each_place_of_the_navigation_is_compared(district: District) -> None:
    """A new page with figures has to be added here, and above."""
    home = district.pc.get("/progress").text
    nav = re.search(r"<nav.*?</nav>", home, re.S)
    assert nav
    assert set(re.findall(r'href="(/[^"]*)"', nav.group(0))) == {
        *("/progress", "/progress/items", "/progress/markers", "/flags", "/board", "/accounts"),
        # As the city told it: tests/hub/test_district_quality.py.
        "/quality",
        # The technician's: tests/test_technician_numbers.py.
        *("/status", "/pcs", "/cache", "/sync", "/settings"),
    }
