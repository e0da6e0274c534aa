"""The hub's own people: own password, second factor, asked again, and the rule of two."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from hub.pages.person import COOKIE
from hub.store import admins, approvals, audit, sittings
from hub.work import second_factor, second_person
from hub.work.second_person import Leave
from hub.work.sign_in import PROVED
from shared.kit.clock import now
from shared.kit.passwords import hash_password
from shared.kit.refusal import Refusal
from shared.kit.tokens import hash_token
from tests.hub.clips import a_video
from tests.hub.makers import EXAM_NAME, an_allocated_hub
from tests.hub.pages import (
    ADMIN,
    PASSWORD,
    Browser,
    a_browser,
    export_done,
    links_to_files,
    sign_in,
    store_of,
)
from tests.makers import NINE

OTHER = "周六六"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    an_allocated_hub(tmp_path, "trial").close()
    with a_browser(tmp_path) as found:
        sign_in(found)
        yield found


def add_other(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        admins.add(db, OTHER, hash_password(PASSWORD), "city_admin")


def sign_in_as(browser: Browser, name: str, code: str = "") -> int:
    form = {"name": name, "password": PASSWORD, "code": code}
    return browser.post("/sign-in", data=form, follow_redirects=False).status_code


def grow_old(browser: Browser) -> None:
    """The password was given long ago."""
    past = (now() - PROVED - timedelta(seconds=1)).isoformat()
    with store_of(browser).writing() as db:
        db.table("session").update(hash_token(browser.cookies[COOKIE]), {"proved_at": past})


def secret_of(browser: Browser, name: str) -> str:
    with store_of(browser).reading() as db:
        admin = admins.by_name(db, name)
    assert admin is not None
    assert admin.totp_secret is not None
    return admin.totp_secret


def turn_on(browser: Browser) -> str:
    secret = second_factor.new_secret()
    form = {"secret": secret, "code": pyotp.TOTP(secret).now()}
    assert "已开启" in browser.post("/me/factor", data=form).text
    return secret


def test_the_own_password_is_changed_and_other_places_are_signed_out(browser: Browser) -> None:
    cookie = browser.cookies[COOKIE]
    browser.cookies.clear()
    sign_in(browser)
    form = {"current": PASSWORD, "password": "another-long-one", "again": "another-long-one"}
    assert "密码已修改" in browser.post("/me/password", data=form).text
    assert sign_in_as(browser, ADMIN) == 401
    browser.cookies.clear()
    browser.cookies.set(COOKIE, cookie)
    assert browser.get("/me", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"current": "wrong"}, "密码或动态码不对"),
        ({"password": "short", "again": "short"}, "至少 10 个字符"),
        ({"again": "something-else"}, "不一致"),
        ({"password": PASSWORD, "again": PASSWORD}, "相同"),
    ],
)
def test_a_bad_new_password_is_refused(
    browser: Browser, change: dict[str, str], words: str
) -> None:
    form = {"current": PASSWORD, "password": "another-long-one", "again": "another-long-one"}
    answer = browser.post("/me/password", data=form | change)
    assert answer.status_code in (400, 401)
    assert words in answer.text


def test_with_a_second_factor_the_password_alone_is_not_enough(browser: Browser) -> None:
    secret = turn_on(browser)
    assert secret_of(browser, ADMIN) == secret
    assert sign_in_as(browser, ADMIN) == 401
    assert sign_in_as(browser, ADMIN, "000000") == 401
    code = pyotp.TOTP(secret).at(now() + timedelta(seconds=30))
    assert sign_in_as(browser, ADMIN, code) == 303
    browser.cookies.clear()
    # The same code is of no use to who looked over the shoulder.
    assert sign_in_as(browser, ADMIN, code) == 401


def test_a_second_factor_is_not_set_up_without_a_first_code(browser: Browser) -> None:
    form = {"secret": second_factor.new_secret(), "code": "000000"}
    answer = browser.post("/me/factor", data=form)
    assert answer.status_code == 400
    assert form["secret"] in answer.text
    assert browser.post("/me/factor", data={"secret": "AAAA", "code": "0"}).status_code == 400


def test_the_code_is_that_of_the_published_vectors() -> None:
    # RFC 6238, appendix B (SHA-1), cut to six digits.
    secret = pyotp.random_base32()
    assert second_factor.step_of(secret, pyotp.TOTP(secret).at(59), NINE) is None
    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    moment = NINE.fromtimestamp(1_111_111_109, NINE.tzinfo)
    assert second_factor.step_of(key, "081804", moment) == 1_111_111_109 // 30


def test_the_second_factor_is_taken_away_by_its_owner(browser: Browser) -> None:
    turn_on(browser)
    assert "已关闭" in browser.post("/me/factor/off").text
    assert sign_in_as(browser, ADMIN) == 303


def test_what_is_dangerous_asks_for_the_password_again(browser: Browser) -> None:
    grow_old(browser)
    answer = browser.post(
        "/trial/wipe",
        data={"typed": EXAM_NAME},
        headers={"referer": "http://testserver.local/trial"},
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/again?back=/trial")
    with store_of(browser).reading() as db:
        assert sittings.all_sittings(db)[0].state == "open"
    wrong = browser.post("/again", data={"password": "wrong", "back": "/trial"})
    assert "密码或动态码不对" in wrong.text
    right = browser.post(
        "/again", data={"password": PASSWORD, "back": "/trial"}, follow_redirects=False
    )
    assert right.headers["location"] == "/trial"
    assert "已清空" in browser.post("/trial/wipe", data={"typed": EXAM_NAME}).text


@pytest.mark.parametrize("back", ["https://elsewhere.test/", "//elsewhere.test", "javascript:x"])
def test_nobody_is_led_elsewhere_after_being_asked_again(browser: Browser, back: str) -> None:
    form = {"password": PASSWORD, "back": back}
    answer = browser.post("/again", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_a_wipe_waits_for_a_second_person(browser: Browser) -> None:
    add_other(browser)
    asked = browser.post("/trial/wipe", data={"typed": EXAM_NAME})
    assert "已提交申请" in asked.text
    assert "等待双人确认" in browser.get("/").text
    own = browser.get("/approvals").text
    assert "撤回" in own
    assert browser.post("/approvals/approve", data={"approval_id": "1"}).status_code == 403
    # Pressing again asks for nothing new and wipes nothing.
    browser.post("/trial/wipe", data={"typed": EXAM_NAME})
    browser.cookies.clear()
    assert sign_in_as(browser, OTHER) == 303
    assert "已确认" in browser.post("/approvals/approve", data={"approval_id": "1"}).text
    browser.cookies.clear()
    sign_in(browser)
    assert "已清空" in browser.post("/trial/wipe", data={"typed": EXAM_NAME}).text
    with store_of(browser).reading() as db:
        actions = [entry.action for entry in audit.page(db)]
        assert approvals.alive(db, NINE) == []
    assert {"approval_asked", "approval_given", "wipe_trial"} <= set(actions)


def test_a_set_time_is_a_wipe_too(browser: Browser) -> None:
    add_other(browser)
    later = (now() + timedelta(days=1)).astimezone().strftime("%Y-%m-%dT%H:%M")
    assert "已提交申请" in browser.post("/trial/schedule", data={"wipe_at": later}).text
    assert "已取消" in browser.post("/trial/schedule", data={"wipe_at": ""}).text


def test_results_leave_only_with_a_second_person(browser: Browser) -> None:
    add_other(browser)
    assert "已提交申请" in browser.post("/results/export", data={"format": "csv"}).text
    with store_of(browser).writing() as db:
        second_person.approve(db, 1, OTHER, now())
    assert export_done(browser, "csv").content.startswith(b"PK")
    # Used up.
    assert "已提交申请" in browser.post("/results/export", data={"format": "csv"}).text
    # What is kept is taken away only by who has just given the password.
    (link,) = links_to_files(browser)
    grow_old(browser)
    assert browser.get(link, follow_redirects=False).headers["location"].startswith("/again")


def approved_export(browser: Browser) -> Leave:
    """Asked for by the one and approved by the other."""
    add_other(browser)
    browser.post("/results/export", data={"format": "csv"})
    with store_of(browser).writing() as db:
        second_person.approve(db, 1, OTHER, now())
    return Leave(1)


def test_an_export_that_is_cancelled_uses_no_approval_up(browser: Browser) -> None:
    leave, exports = approved_export(browser), browser.app.state.exports
    with store_of(browser).writing():
        exports.start("csv", ADMIN, now(), leave)
        exports.cancel(ADMIN)
    exports.wait()
    assert export_done(browser, "csv").content.startswith(b"PK")


def test_an_approval_that_is_taken_back_meanwhile_leaves_no_file(browser: Browser) -> None:
    leave, exports = approved_export(browser), browser.app.state.exports
    with store_of(browser).writing() as db:
        exports.start("csv", ADMIN, now(), leave)
        second_person.decline(db, 1, OTHER, now())
    exports.wait()
    assert "双人确认已被另一位管理员取消" in browser.get("/results").text
    assert links_to_files(browser) == []


def test_a_performance_is_opened_afresh_only_with_a_second_person(
    browser: Browser, tmp_path: Path
) -> None:
    add_other(browser)
    clip = a_video(tmp_path / "new.mp4").read_bytes()
    answer = browser.post(
        "/problems/correct", data={"code": "ZX-000001"}, files={"file": ("new.mp4", clip)}
    )
    assert "已提交申请" in answer.text
    with store_of(browser).reading() as db:
        assert approvals.alive(db, NINE)[0].subject == "作品 ZX-000001"


def test_an_approval_is_declined_or_grows_old(browser: Browser) -> None:
    add_other(browser)
    with store_of(browser).writing() as db:
        assert not second_person.may_go_on(db, "wipe", "x", ADMIN, NINE, is_on=True)
        with pytest.raises(Refusal, match="已过期"):
            second_person.approve(db, 1, OTHER, NINE + second_person.LASTS * 2)
        second_person.approve(db, 1, OTHER, NINE)
        late = NINE + second_person.LASTS * 2
        assert not second_person.may_go_on(db, "wipe", "x", ADMIN, late, is_on=True)
        second_person.decline(db, 2, OTHER, late)
        with pytest.raises(Refusal, match="已处理"):
            second_person.approve(db, 2, OTHER, late)
        assert second_person.may_go_on(db, "wipe", "x", ADMIN, late, is_on=False)


def test_where_there_is_one_admin_it_is_done_alone_and_said_so(browser: Browser) -> None:
    browser.post("/trial/wipe", data={"typed": EXAM_NAME})
    assert "单人执行" in browser.get("/audit").text
