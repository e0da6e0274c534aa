"""An account that is open at another PC: the sign-in page asks before it ends that session."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from node.store import accounts, pcs, sessions
from node.work.take_over import ANSWERED_WITHIN, HEARD_OF, Offers
from shared.kit.clock import now
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from tests.makers import NINE, WANG, a_node_store, a_phone, an_account_card
from tests.node.door import Lab, Pc, a_lab

THERE, HERE = "192.168.1.12", "192.168.1.13"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, first_sign_in="keep") as lab:
        yield lab


def elsewhere(lab: Lab, address: str = THERE) -> Pc:
    """王一一 is at work at a PC of that address."""
    pc = lab.at_work()
    with lab.store.writing() as db:
        db.conn.execute("UPDATE session SET address = ?", (address,))
    return pc


def yes(pc: Pc, asked: httpx.Response) -> httpx.Response:
    found = re.search(r'name="token" value="([^"]+)"', asked.text)
    assert found, asked.text
    return pc.post("/take-over", data={"token": found.group(1)})


def test_it_asks_and_only_a_yes_ends_the_session_at_the_other_pc(lab: Lab) -> None:
    first, second = elsewhere(lab), lab.pc()
    asked = second.sign_in()
    assert asked.status_code == 200 and second.token == ""
    assert f"已在 电脑 {THERE} 登录，是否转到这台？" in asked.text
    assert first.get("/api/progress").status_code == 200
    done = yes(second, asked)
    assert (done.status_code, done.headers["location"]) == (303, "/mark")
    told = first.get("/api/progress").json()
    assert told["code"] == "taken_over"
    assert told["text"] == "这个账号已在 电脑 testclient 登录，这里已退出。"
    assert second.get("/api/progress").status_code == 200


@pytest.mark.parametrize(
    ("address", "seat", "said"),
    [(THERE, "7", "已在 7 号机 登录"), (THERE, "", "已在 12 号机 登录")],
)
def test_the_other_pc_is_called_by_its_seat(lab: Lab, address: str, seat: str, said: str) -> None:
    elsewhere(lab, address)
    with lab.store.writing() as db:
        pcs.see(db, pc_id := new_id(NINE), address, "Chrome", now())
        pcs.rename(db, pc_id, seat)
    assert said in lab.pc().sign_in().text


def test_the_nodes_own_pc_is_called_the_server(lab: Lab) -> None:
    elsewhere(lab, "127.0.0.1")
    assert "已在 机房服务器 登录" in lab.pc().sign_in().text


def test_the_password_is_not_in_the_page_that_asks(lab: Lab) -> None:
    elsewhere(lab)
    text = lab.pc().sign_in().text
    assert a_phone(WANG) not in text and 'type="password"' not in text


def test_the_same_pc_is_not_asked(lab: Lab) -> None:
    lab.at_work()
    assert lab.pc().sign_in().status_code == 303


def test_a_pc_not_heard_of_for_minutes_is_taken_over_unasked(lab: Lab) -> None:
    first = elsewhere(lab)
    with lab.store.writing() as db:
        sessions.see(db, first.token_hash, now() - HEARD_OF - timedelta(seconds=1))
    assert lab.pc().sign_in().status_code == 303


def test_a_wrong_password_does_not_learn_where_the_account_is_open(lab: Lab) -> None:
    elsewhere(lab)
    answer = lab.pc().sign_in(password="nothing")
    assert answer.status_code == 422 and "是否转到这台" not in answer.text


def test_a_yes_counts_once(lab: Lab) -> None:
    elsewhere(lab)
    pc = lab.pc()
    asked = pc.sign_in()
    assert yes(pc, asked).status_code == 303
    again = yes(lab.pc(), asked)
    assert again.status_code == 422 and "请重新登录" in again.text
    assert lab.pc().post("/take-over", data={"token": ""}).status_code == 422


def test_a_yes_is_good_from_its_own_pc_in_time_and_while_the_account_is_as_it_was(
    tmp_path: Path,
) -> None:
    store, offers, later = a_node_store(tmp_path), Offers(), NINE + ANSWERED_WITHIN
    with store.writing() as db:
        wang = accounts.account(db, WANG)
        assert wang is not None
        assert offers.take(db, offers.offer(wang, HERE, NINE), HERE, later) == wang
        for address, moment in ((THERE, NINE), (HERE, later + timedelta(seconds=1))):
            with pytest.raises(Refusal, match="请重新登录"):
                offers.take(db, offers.offer(wang, HERE, NINE), address, moment)
        token = offers.offer(wang, HERE, NINE)
        accounts.put(db, an_account_card(WANG, state="disabled"))
        with pytest.raises(Refusal, match="请重新登录"):
            offers.take(db, token, HERE, NINE)
