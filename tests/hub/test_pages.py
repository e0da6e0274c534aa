"""The city's pages: every one renders, acts are for admins, what was typed is kept."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.pages import person
from hub.store import announcements, audit, sittings
from hub.work.sign_in import IDLE, LONGEST
from shared.kit.clock import now
from shared.kit.tokens import hash_token
from shared.rules.policy import Policy, policy_hash
from tests.hub.makers import (
    EXAM_NAME,
    a_hub,
    an_allocated_hub,
    give,
    give_both,
    hear_of,
    the_task,
)
from tests.hub.pages import ADMIN, PASSWORD, Browser, a_browser, sign_in, store_of

PAGES = [
    "/",
    "/overview/live",
    "/districts",
    "/groups",
    "/rounds",
    "/trial",
    "/nodes",
    "/announcements",
    "/results",
    "/audit",
]
NEVER_SEEN = re.compile(r"NaN|undefined|None|null|Undefined|Traceback")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Browser]:
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        yield browser


@pytest.fixture
def marking(tmp_path: Path) -> Iterator[Browser]:
    """A formal sitting in which some was marked, and a node is silent."""
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "333333", "333333")
        give_both(db, 2, "333333", "232333")
        give(db, the_task(db, 2, 3), "23----")
        hear_of(db, 1, now(), pending=80)
        hear_of(db, 2, now() - timedelta(minutes=6))
    store.close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        yield browser


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_before_anything_is_there(empty: Browser, path: str) -> None:
    answer = empty.get(path)
    assert answer.status_code == 200, answer.text
    assert not NEVER_SEEN.search(re.sub(r"<[^>]*>", " ", answer.text))


@pytest.mark.parametrize("path", [*PAGES, "/districts/1"])
def test_every_page_shows_while_marking_runs(marking: Browser, path: str) -> None:
    answer = marking.get(path)
    assert answer.status_code == 200, answer.text
    assert not NEVER_SEEN.search(re.sub(r"<[^>]*>", " ", answer.text))


def test_the_overview_says_where_the_city_stands(marking: Browser) -> None:
    text = marking.get("/").text
    for words in (EXAM_NAME, "正式阅卷", "1评完成", "第1区节点", "离线", "积压", "需要处理"):
        assert words in text


def test_what_has_no_total_is_a_dash(marking: Browser) -> None:
    assert "--" in marking.get("/groups").text


def test_before_anything_is_there_the_figures_are_dashes(empty: Browser) -> None:
    assert "--" in empty.get("/").text


def test_a_live_part_comes_alone(marking: Browser) -> None:
    for path in ("/overview/live", "/districts", "/groups", "/nodes"):
        text = marking.get(path, headers={"X-Part": "1"}).text
        assert "<html" not in text
        assert 'data-part="refresh"' in text


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_signed_in_is_taken_to_the_sign_in(tmp_path: Path, path: str) -> None:
    with a_browser(tmp_path) as browser:
        answer = browser.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert browser.get(path, headers={"X-Part": "1"}).status_code == 401


def test_signing_out_ends_the_session(empty: Browser) -> None:
    cookie = empty.cookies[person.COOKIE]
    empty.post("/sign-out")
    empty.cookies.set(person.COOKIE, cookie)
    assert empty.get("/", follow_redirects=False).status_code == 303


def test_a_wrong_password_keeps_the_name_and_says_no_more(tmp_path: Path) -> None:
    with a_browser(tmp_path) as browser:
        for name in (ADMIN, "nobody"):
            answer = browser.post("/sign-in", data={"name": name, "password": "wrong"})
            assert answer.status_code == 401
            assert "账号、密码或动态码不对" in answer.text
            assert f'value="{name}"' in answer.text


def test_guessing_is_slowed_down_even_for_the_right_password(tmp_path: Path) -> None:
    with a_browser(tmp_path) as browser:
        for _ in range(5):
            browser.post("/sign-in", data={"name": ADMIN, "password": "wrong"})
        answer = browser.post("/sign-in", data={"name": ADMIN, "password": PASSWORD})
        assert answer.status_code == 429
        assert "秒后再试" in answer.text


@pytest.mark.parametrize("column", ["seen_at", "created_at"])
def test_a_session_ends_by_idleness_and_by_age(empty: Browser, column: str) -> None:
    longest = {"seen_at": IDLE, "created_at": LONGEST}[column]
    past = now() - longest - timedelta(seconds=1)
    token_hash = hash_token(empty.cookies[person.COOKIE])
    with store_of(empty).writing() as db:
        db.table("session").update(token_hash, {column: past.isoformat()})
    assert empty.get("/", follow_redirects=False).status_code == 303


ACTS = [
    ("/rounds/prepare", {"kind": "trial"}),
    ("/rounds/1/allocate", {}),
    ("/rounds/1/close", {"typed": EXAM_NAME}),
    ("/rounds/leave-out", {"typed": "第2区节点"}),
    ("/trial/wipe", {"typed": EXAM_NAME}),
    ("/trial/schedule", {"wipe_at": ""}),
    ("/nodes/invite", {"name": "新节点", "district_id": "1"}),
    ("/nodes/1/retire", {}),
    ("/announcements", {"text": "请注意"}),
    ("/results/export", {"format": "xlsx"}),
    ("/results/cancel", {}),
    ("/districts/take-back", {"account_id": "1"}),
]


@pytest.mark.parametrize(("path", "form"), ACTS)
def test_a_viewer_looks_and_does_not_act(tmp_path: Path, path: str, form: dict[str, str]) -> None:
    an_allocated_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser, "city_viewer")
        answer = browser.post(path, data=form)
        assert answer.status_code == 403
        assert "只能查看" in answer.text
        assert all(browser.get(p).status_code == 200 for p in ("/rounds", "/nodes", "/results"))
        with store_of(browser).reading() as db:
            assert {e.who for e in audit.page(db)} == {"市级管理员", "孙五五"}


def test_a_trial_is_prepared_seen_allocated_and_wiped(tmp_path: Path) -> None:
    a_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        assert "已封存" in browser.post("/rounds/prepare", data={"kind": "trial"}).text
        preview = browser.get("/rounds/1/preview").text
        assert "中学音乐-选唱" in preview
        assert "第1区" in preview
        assert policy_hash(Policy()) in preview
        assert "任务已分配" in browser.post("/rounds/1/allocate").text
        assert "试阅" in browser.get("/").text
        answer = browser.post("/trial/wipe", data={"typed": EXAM_NAME})
        assert "已清空" in answer.text
        assert "等待确认" in answer.text
        with store_of(browser).reading() as db:
            assert sittings.all_sittings(db)[0].state == "wiped"
            done = [e.action for e in audit.page(db)]
        assert {"wipe_trial", "allocate", "prepare_sitting", "sign_in"} <= set(done)


def test_a_wrong_name_wipes_nothing_and_stays_typed(tmp_path: Path) -> None:
    an_allocated_hub(tmp_path, "trial").close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        answer = browser.post("/trial/wipe", data={"typed": "2022全市监测"})
        assert answer.status_code == 400
        assert 'value="2022全市监测"' in answer.text
        assert "没有清空" in answer.text
        with store_of(browser).reading() as db:
            assert sittings.all_sittings(db)[0].state == "open"


def test_the_wipe_is_set_for_a_time_to_come_and_taken_back(tmp_path: Path) -> None:
    an_allocated_hub(tmp_path, "trial").close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        later = (now() + timedelta(days=1)).astimezone().strftime("%Y-%m-%dT%H:%M")
        assert "已设定" in browser.post("/trial/schedule", data={"wipe_at": later}).text
        assert f'value="{later}"' in browser.get("/trial").text
        assert "已取消" in browser.post("/trial/schedule", data={"wipe_at": ""}).text
        for wrong in ("2020-01-01T17:30", "half past five"):
            assert browser.post("/trial/schedule", data={"wipe_at": wrong}).status_code == 400


def test_a_sitting_closes_only_under_its_name(marking: Browser) -> None:
    assert marking.post("/rounds/1/close", data={"typed": "别的考试"}).status_code == 400
    assert "已结束" in marking.post("/rounds/1/close", data={"typed": EXAM_NAME}).text
    assert "种子（已公开）" in marking.get("/rounds").text


def test_a_silent_node_is_left_out_by_name_only(marking: Browser) -> None:
    answer = marking.post("/rounds/leave-out", data={"typed": "第1区节点"})
    assert answer.status_code == 409
    assert 'value="第1区节点"' in answer.text
    answer = marking.post("/rounds/leave-out", data={"typed": "第2区节点"})
    assert "不再等待的节点：第2区节点" in answer.text


def test_the_code_of_a_new_node_is_shown_once(marking: Browser) -> None:
    form = {"name": "第1区第二机房", "district_id": "1"}
    text = marking.post("/nodes/invite", data=form).text
    code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]+", text)
    assert code
    assert code.group(0) not in marking.get("/nodes").text
    assert "从未接入" in marking.get("/nodes").text


def test_a_node_needs_a_district(marking: Browser) -> None:
    form = {"name": "第九区节点", "district_id": "9"}
    refused = marking.post("/nodes/invite", data=form)
    assert refused.status_code == 400
    assert "没有这个区县" in refused.text
    assert 'value="第九区节点"' in refused.text


def test_a_retired_node_is_said_to_be(marking: Browser) -> None:
    assert "已停用" in marking.post("/nodes/1/retire").text


def test_an_announcement_reaches_whom_it_is_for(marking: Browser) -> None:
    form = {
        "text": "请 17:00 前完成",
        "strength": "important",
        "districts": "1",
        "roles": ["leader"],
    }
    text = marking.post("/announcements", data=form).text
    for words in ("公告已发布", "请 17:00 前完成", "第1区 · 学科组长", "0 / 1"):
        assert words in text
    with store_of(marking).reading() as db:
        assert announcements.recent(db)[0].author == ADMIN
    answer = marking.post("/announcements", data={**form, "text": "  "})
    assert answer.status_code == 400
    assert marking.post("/announcements", data={**form, "strength": "x"}).status_code == 400


def test_the_tasks_of_someone_who_left_go_to_others(marking: Browser) -> None:
    account = re.search(r'name="account_id" value="(\d+)"', marking.get("/districts/1").text)
    assert account
    answer = marking.post("/districts/take-back", data={"account_id": account.group(1)})
    assert "已分给其他教师" in answer.text
    assert marking.post("/districts/take-back", data={"account_id": "999"}).status_code == 404


def test_the_audit_log_is_read_page_by_page(empty: Browser) -> None:
    with store_of(empty).writing() as db:
        for number in range(60):
            audit.append(db, ADMIN, "announce", {"text": f"第{number}条"}, now())
    first = empty.get("/audit").text
    assert "全部校验一致" in first
    older = re.search(r'href="(/audit\?before=\d+)"', first)
    assert older
    assert "登录" in empty.get(older.group(1)).text


def test_a_district_that_is_not_there_is_said_so(empty: Browser) -> None:
    answer = empty.get("/districts/77")
    assert answer.status_code == 404
    assert "没有这个区县" in answer.text
