"""Signing in and out: who may, how often, and what a new person has to do first."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from node.store import accounts, outbox, sessions
from shared.kit.clock import now, stamp
from shared.kit.tries import FREE_TRIES_PER_ACCOUNT, FREE_TRIES_PER_ADDRESS
from tests.makers import CHEN, LI, SUN, WANG, ZHAO, a_phone, a_task_card, an_account_card
from tests.node.door import PASSWORD, Lab, a_lab

WRONG = "账号或密码不对，请检查后重新输入。"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, a_task_card()) as lab:
        yield lab


HOMES = {WANG: "/mark", LI: "/mark", ZHAO: "/progress", SUN: "/status"}


@pytest.mark.parametrize(("account_id", "home"), HOMES.items())
def test_everyone_comes_to_the_page_of_the_role(tmp_path: Path, account_id: int, home: str) -> None:
    with a_lab(tmp_path, first_sign_in="keep") as lab:
        pc = lab.pc()
        answer = pc.sign_in(account_id)
        assert (answer.status_code, answer.headers["location"]) == (303, home)
        assert pc.get(home).status_code == 200
        assert pc.get("/").headers["location"] == home


def test_the_first_page_names_district_and_exam(lab: Lab) -> None:
    page = lab.pc().get("/")
    assert page.status_code == 200
    assert "渝北区" in page.text and "2023全市监测" in page.text
    assert page.headers["cache-control"] == "no-store"


def test_a_new_person_sets_a_password_first_and_may_do_nothing_else_before(lab: Lab) -> None:
    pc = lab.pc()
    assert pc.sign_in().headers["location"] == "/password"
    for url in ("/mark", "/api/me", "/api/progress", "/api/tasks?group=2", "/videos/1"):
        assert pc.get(url).status_code == 403, url
    for url, body in (
        ("/api/preferences", {"key": "theme", "value": "dark"}),
        ("/api/receipts", {"announcement_id": 1}),
    ):
        assert pc.post(url, json=body).json()["code"] == "password"
    assert pc.get("/").headers["location"] == "/password"
    done = pc.post("/password", data={"password": PASSWORD, "again": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/mark")
    assert pc.get("/api/me").status_code == 200


def test_the_new_password_counts_from_then_on_and_the_city_learns_of_it(lab: Lab) -> None:
    lab.at_work()
    assert lab.pc().sign_in().status_code == 422
    assert lab.pc().sign_in(password=PASSWORD).headers["location"] == "/mark"
    with lab.store.reading() as db:
        assert [row.kind for row in outbox.pending(db, 10)] == ["password"]


def test_where_the_policy_keeps_the_first_password_nobody_must_change_it(tmp_path: Path) -> None:
    with a_lab(tmp_path, first_sign_in="keep") as lab:
        assert lab.pc().sign_in().headers["location"] == "/mark"


EASY = {
    "短": ("short-7", "short-7", "至少 8 位"),
    "重复": ("11111111", "11111111", "太容易猜到"),
    "手机号": (a_phone(WANG), a_phone(WANG), "太容易猜到"),
    "手机号的一段": (a_phone(WANG)[-8:], a_phone(WANG)[-8:], "太容易猜到"),
    "两次不同": (PASSWORD, PASSWORD + "x", "不一样"),
}


@pytest.mark.parametrize(("password", "again", "said"), EASY.values(), ids=EASY.keys())
def test_a_poor_password_is_refused_with_the_reason(
    lab: Lab, password: str, again: str, said: str
) -> None:
    pc = lab.pc()
    pc.sign_in()
    answer = pc.post("/password", data={"password": password, "again": again})
    assert answer.status_code == 422 and said in answer.text


def test_changing_it_later_asks_for_the_present_one(lab: Lab) -> None:
    pc = lab.at_work()
    another = {"password": "quite-another-9", "again": "quite-another-9"}
    assert "现在的密码不对" in pc.post("/password", data=another).text
    assert "现在的密码不对" in pc.post("/password", data=another | {"current": "guess"}).text
    done = pc.post("/password", data=another | {"current": PASSWORD})
    assert done.status_code == 303
    assert lab.pc().sign_in(password="quite-another-9").status_code == 303


def test_a_wrong_password_and_an_unknown_number_are_answered_alike(lab: Lab) -> None:
    wrong = lab.pc().sign_in(password="nothing")
    unknown = lab.pc().post("/", data={"phone": a_phone(777), "password": "0777"})
    assert wrong.status_code == unknown.status_code == 422
    assert WRONG in wrong.text and WRONG in unknown.text
    assert wrong.text.replace(a_phone(WANG), "") == unknown.text.replace(a_phone(777), "")


def test_who_moved_to_another_district_is_unknown_here(lab: Lab) -> None:
    """The hub sends a node the accounts of its own district, and disables one that has left."""
    with lab.store.writing() as db:
        accounts.put(db, an_account_card(CHEN, state="disabled"))
    assert WRONG in lab.pc().sign_in(CHEN).text


def test_too_many_wrong_tries_wait_even_with_the_right_password(lab: Lab) -> None:
    pc = lab.pc()
    for _ in range(FREE_TRIES_PER_ACCOUNT):
        assert pc.sign_in(password="nothing").status_code == 422
    held = pc.sign_in()
    assert held.status_code == 429
    assert "试错次数太多，请在 15 秒后再试" in held.text
    assert pc.token == ""


def test_trying_while_one_must_wait_does_not_make_the_wait_longer(lab: Lab) -> None:
    pc = lab.pc()
    for _ in range(FREE_TRIES_PER_ACCOUNT + 3):
        held = pc.sign_in(password="nothing")
    assert "请在 15 秒后再试" in held.text or "请在 14 秒后再试" in held.text


def test_one_pc_does_not_get_to_try_many_accounts(lab: Lab) -> None:
    pc = lab.pc()
    for n in range(FREE_TRIES_PER_ADDRESS):
        assert pc.post("/", data={"phone": a_phone(100 + n), "password": "x"}).status_code == 422
    assert pc.sign_in().status_code == 429


def test_signing_in_forgets_the_accounts_wrong_tries(lab: Lab) -> None:
    pc = lab.pc()
    for _ in range(2):
        for _ in range(FREE_TRIES_PER_ACCOUNT - 1):
            pc.sign_in(password="nothing")
        assert pc.sign_in().status_code == 303


def test_a_second_pc_takes_over_and_the_first_is_told(lab: Lab) -> None:
    first = lab.at_work()
    second = lab.pc()
    second.sign_in(password=PASSWORD)
    told = first.get("/api/progress")
    assert (told.status_code, told.json()["code"]) == (401, "taken_over")
    assert "这个账号已在这台电脑的另一个窗口登录" in first.get("/").text
    assert second.get("/api/progress").status_code == 200


def test_signing_out_ends_the_session_and_not_only_the_cookie(lab: Lab) -> None:
    pc = lab.at_work()
    token = pc.token
    out = pc.post("/sign-out")
    assert (out.status_code, out.headers["location"], pc.token) == (303, "/", "")
    pc.token = token
    assert pc.get("/api/me").json()["code"] == "signed_out"
    assert pc.get("/mark").headers["location"] == "/"
    assert pc.post("/sign-out").status_code == 303


def test_a_session_nobody_used_for_an_hour_is_over(lab: Lab) -> None:
    pc = lab.at_work()
    with lab.store.writing() as db:
        sessions.see(db, pc.token_hash, now() - timedelta(minutes=61))
    assert pc.get("/api/me").json()["code"] == "signed_out"
    assert pc.get("/").status_code == 200


def test_a_session_is_over_after_half_a_day_whatever_happens(lab: Lab) -> None:
    pc = lab.at_work()
    with lab.store.writing() as db:
        db.conn.execute("UPDATE session SET created_at = ?", (stamp(now() - timedelta(hours=13)),))
    assert pc.get("/api/me").status_code == 401


def test_using_the_page_keeps_the_session_and_a_page_refreshing_itself_does_not(lab: Lab) -> None:
    pc = lab.at_work(ZHAO)
    long_ago = now() - timedelta(minutes=10)
    with lab.store.writing() as db:
        sessions.see(db, pc.token_hash, long_ago)
    before = lab.seen_at(pc)
    assert pc.get("/progress", headers={"X-Part": "1"}).status_code == 200
    assert lab.seen_at(pc) == before
    pc.get("/progress")
    assert lab.seen_at(pc) > before


def test_a_disabled_account_is_out_at_once(lab: Lab) -> None:
    pc = lab.at_work()
    with lab.store.writing() as db:
        accounts.put(db, an_account_card(WANG, state="disabled"))
    assert pc.get("/api/me").status_code == 401
    assert pc.get("/").status_code == 200


def test_nobody_without_a_session_gets_in(lab: Lab) -> None:
    pc = lab.pc()
    for url in ("/mark", "/status", "/progress", "/accounts", "/password"):
        assert (pc.get(url).status_code, pc.get(url).headers["location"]) == (303, "/")
    assert pc.get("/videos/1").status_code == 303
    assert pc.get("/api/tasks?group=2").json()["code"] == "signed_out"
    pc.token = "made-up"
    assert pc.get("/api/me").status_code == 401


def test_what_another_sites_page_sends_is_refused(lab: Lab) -> None:
    pc = lab.at_work()
    elsewhere = {"Origin": "http://evil.example"}
    answer = pc.post("/api/preferences", json={"key": "theme", "value": "dark"}, headers=elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_site")
    assert pc.post("/sign-out", headers=elsewhere).status_code == 403
    assert pc.get("/api/me").status_code == 200


def test_a_form_with_more_than_was_asked_for_is_refused(lab: Lab) -> None:
    form = {"phone": a_phone(WANG), "password": "x" * 257}
    assert lab.pc().post("/", data=form).status_code == 400
    assert lab.pc().post("/", data={"phone": "1", "password": "1", "more": "1"}).status_code == 400
