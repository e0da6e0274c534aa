"""What a lead asks for is on the city's list, and one button does it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from hub.store import accounts, announcements, nodes, requests, tasks
from hub.work.receive_event import apply
from shared.rules.rubric import Role
from shared.wire.messages import Event
from shared.wire.requests import RequestBody
from tests.hub.makers import an_allocated_hub, an_event_id
from tests.hub.pages import Browser, a_browser, sign_in, store_of
from tests.makers import NINE

LEADER_OF_FIRST = 4
REPLACE = RequestBody(
    kind="replace",
    account_id=1,
    new_name="郑七七",
    new_phone="19900000099",
    text="王老师病假",
    asked_by=LEADER_OF_FIRST,
    asked_at="2023-04-13T01:00:00.000Z",
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    an_allocated_hub(tmp_path).close()
    with a_browser(tmp_path) as found:
        sign_in(found)
        yield found


def ask(db: Database, number: int = 1, **changes: object) -> str:
    body = msgspec.structs.replace(REPLACE, **changes)
    event = Event(
        event_id=an_event_id(number),
        sitting=0,
        kind="request",
        v=1,
        body=msgspec.json.encode(body).decode(),
    )
    node = next(n for n in nodes.all_nodes(db) if n.district_id == 1)
    return apply(db, event, node, NINE).code.value


def test_a_teacher_is_replaced_with_one_button(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        assert ask(db) == "applied"
        held = len(tasks.open_of_account(db, 1, 1))
    assert "1 项区县申请待答复" in browser.get("/").text
    shown = browser.get("/requests").text
    for words in ("王老师病假", "郑七七", "更换教师", "199****0099"):
        assert words in shown
    assert "已办理" in browser.post("/requests/grant", data={"event_id": an_event_id(1)}).text
    with store_of(browser).reading() as db:
        old = accounts.account(db, 1)
        new = next(a for a in accounts.everyone(db) if a.phone == "19900000099")
        assert old is not None
        assert (old.state, new.role, new.scope) == ("disabled", Role.MARKER, old.scope)
        assert tasks.open_of_account(db, 1, 1) == []
        said = announcements.recent(db, 1)[0]
        assert f"{held} 份未评任务已重新分配" in said.text
        assert said.roles == (Role.LEAD,)
        assert requests.count_open(db) == 0
    assert "申请待答复" not in browser.get("/").text


def test_tasks_are_shifted_and_the_account_stays(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        ask(db, kind="shift", new_name="", new_phone="")
    browser.post("/requests/grant", data={"event_id": an_event_id(1)})
    with store_of(browser).reading() as db:
        account = accounts.account(db, 1)
        assert account is not None
        assert account.state == "active"
        assert tasks.open_of_account(db, 1, 1) == []


def test_who_declines_says_why(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        ask(db)
    data = {"event_id": an_event_id(1), "why": ""}
    assert browser.post("/requests/decline", data=data).status_code == 400
    assert "已答复" in browser.post("/requests/decline", data=data | {"why": "名额已满"}).text
    again = browser.post("/requests/grant", data={"event_id": an_event_id(1)})
    assert again.status_code == 404
    with store_of(browser).reading() as db:
        assert "未同意：名额已满" in announcements.recent(db, 1)[0].text


def test_what_cannot_be_done_is_refused_whole(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        ask(db, new_phone="123")
        taken = accounts.everyone(db)[1].phone
        ask(db, 2, new_phone=taken)
    for number in (1, 2):
        answer = browser.post("/requests/grant", data={"event_id": an_event_id(number)})
        assert answer.status_code >= 400
    with store_of(browser).reading() as db:
        assert requests.count_open(db) == 2
        assert all(a.state == "active" for a in accounts.everyone(db))


def test_of_another_districts_people_nobody_asks(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        stranger = next(a.id for a in accounts.everyone(db) if a.district_id == 2)
        assert ask(db, account_id=stranger) == "quarantined"
        assert ask(db, 2, asked_by=stranger) == "quarantined"
        assert ask(db, 3, text="长" * 501) == "quarantined"


def test_a_viewer_only_looks(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        ask(db)
    sign_in(browser, "city_viewer")
    assert browser.post("/requests/grant", data={"event_id": an_event_id(1)}).status_code == 403
    assert ">办理<" not in browser.get("/requests").text
