"""The pages of the district's lead and technician: numbers, roles, resets, status, set-up."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from node.pages import status
from node.pages.charts import pace_chart
from node.store import accounts, exam, exchanges, marks, progress, sessions, tasks, videos
from node.store.marks import Mark
from node.work.give_mark import give_mark
from shared.kit.clock import now, stamp
from shared.kit.ids import new_id
from shared.kit.store import Store
from shared.kit.tries import FREE_TRIES_PER_ACCOUNT
from tests.makers import (
    ANTHEM,
    CHEN,
    FORMAL,
    LI,
    NINE,
    SONG,
    SUN,
    TRIAL,
    WANG,
    ZHAO,
    a_phone,
    a_sitting_card,
    a_task_card,
    an_account_card,
)
from tests.node.door import PASSWORD, Lab, Pc, a_lab
from tests.node.standin_hub import StandInHub
from tests.node.test_give_mark import an_answer

PART = {"X-Part": "1"}

CARDS = (
    *(a_task_card(n, account_id=WANG) for n in (1, 2, 3)),
    *(a_task_card(n, account_id=WANG, round=2) for n in (4, 5)),
    a_task_card(6, account_id=WANG, group_id=ANTHEM),
    a_task_card(7, account_id=CHEN),
    a_task_card(8, account_id=CHEN, round=3, criteria=0b10),
    a_task_card(9, account_id=LI, round=4, criteria=0b10),
    a_task_card(10, account_id=CHEN, state="withdrawn"),
)
MARKED = {1: 60, 2: 100, 4: 90, 6: 30, 7: 70}
"""Seconds spent on each."""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, *CARDS, first_sign_in="keep") as lab:
        with lab.store.writing() as db:
            for card in CARDS:
                if seconds := MARKED.get(card.task_id):
                    answer = an_answer(card.task_id, spent_ms=seconds * 1000)
                    give_mark(db, card.account_id, answer, now())
        yield lab


@pytest.fixture
def lead(lab: Lab) -> Pc:
    return lab.at_work(ZHAO)


def rows_of(html: str) -> dict[str, list[str]]:
    """The first column of a progress table, and the words of the other cells."""
    found = {}
    for row in re.findall(r"<tr>\s*(<th scope=\"row\">.*?)</tr>", html, re.S):
        cells = [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        found[cells[0]] = cells[1:]
    return found


def counted(store: Store, group: int, round: int, account: int = 0) -> tuple[int, int]:
    """Total and done, asked of the tables in the plainest way."""
    with store.reading() as db:
        rows = db.conn.execute(
            "SELECT account_id, state, answered_gen >= gen FROM task"
            " WHERE sitting_id = ? AND item_group_id = ? AND round = ? AND state <> 'withdrawn'",
            (FORMAL, group, round),
        ).fetchall()
    mine = [row for row in rows if account in (0, row[0])]
    return len(mine), sum(1 for row in mine if row[1] == "done" or row[2])


def test_progress_by_subject_is_what_the_tables_hold(lab: Lab, lead: Pc) -> None:
    rows = rows_of(lead.get("/progress").text)
    assert rows["中学音乐-选唱"] == [
        *("4", "3", "75.0%"),
        *("2", "1", "50.0%"),
        *("1", "0", "0.0%"),
        *("1", "0", "0.0%"),
    ]
    assert rows["中学音乐-国歌"] == [*("1", "1", "100.0%"), *("0", "0", "--") * 3]
    assert rows["合计"][:3] == ["5", "4", "80.0%"]
    for label, group in (("中学音乐-选唱", SONG), ("中学音乐-国歌", ANTHEM)):
        for round in (1, 2, 3, 4):
            shown = rows[label][3 * round - 3 : 3 * round - 1]
            assert shown == [str(n) for n in counted(lab.store, group, round)]


def test_progress_by_subject_says_whether_people_may_leave(lab: Lab, lead: Pc) -> None:
    text = lead.get("/progress").text
    assert "全市3评还没有结束" in text and "全市4评还没有结束" in text
    with lab.store.writing() as db:
        exam.put_sitting(db, a_sitting_card(state="closed"))
    assert "本次阅卷已结束，可以离开。" in lead.get("/progress").text


def test_progress_by_item_has_those_with_most_left_first(lab: Lab, lead: Pc) -> None:
    rows = rows_of(lead.get("/progress/items", params={"group": SONG}).text)
    assert list(rows) == ["王一一", "陈二二", "李三三 组长"]
    wang = rows["王一一"]
    assert wang[1:7] == ["3", "2", "66.7%", "2", "1", "50.0%"]
    for name, account in (("王一一", WANG), ("陈二二", CHEN)):
        for round in (1, 2, 3, 4):
            shown = rows[name][3 * round - 2 : 3 * round]
            assert shown == [str(n) for n in counted(lab.store, SONG, round, account)]
    # The median of 60, 90 and 100 seconds: the anthem's 30 belong to the other item.
    assert wang[13] == "90" and rows["李三三 组长"][13] == "--"


def test_progress_by_item_knows_who_is_at_work_now(lab: Lab, lead: Pc) -> None:
    lab.at_work(WANG)
    rows = rows_of(lead.get("/progress/items", params={"group": SONG}).text)
    assert (rows["王一一"][0], rows["陈二二"][0]) == ("在线", "--")


def test_progress_by_marker_is_what_the_tables_hold(lab: Lab, lead: Pc) -> None:
    page = lead.get("/progress/markers", params={"account": WANG}).text
    rows = rows_of(page)
    assert rows["中学音乐-选唱"][:6] == ["3", "2", "66.7%", "2", "1", "50.0%"]
    assert rows["合计"][:6] == ["4", "3", "75.0%", "2", "1", "50.0%"]
    figures = re.findall(r"<dd>(.*?)</dd>", page)
    # Four marks of 30, 60, 90 and 100 seconds.
    assert figures[:3] == ["4", "75", "0"]


def test_a_revision_is_no_new_work(lab: Lab, lead: Pc) -> None:
    with lab.store.writing() as db:
        task = tasks.task(db, 1)
        assert task is not None and task.mark_id is not None
        give_mark(db, WANG, an_answer(1, revises=task.mark_id, spent_ms=1000), now())
    page = lead.get("/progress/markers", params={"account": WANG}).text
    assert re.findall(r"<dd>(.*?)</dd>", page)[:2] == ["4", "75"]


def test_the_pace_of_today_is_drawn_in_steps_of_ten_minutes(lab: Lab, lead: Pc) -> None:
    ten = timedelta(minutes=10)
    chart = pace_chart({NINE: 4, NINE + 2 * ten: 8}, NINE + 3.5 * ten)
    assert chart is not None
    assert (chart.most, chart.begin) == (8, NINE)
    heights = [float(point.split(",")[1]) for point in chart.line.split()]
    assert heights == [35, 35, 70, 70, 0, 0], "the ten minutes that still run are left out"
    assert pace_chart({NINE: 4}, NINE + ten / 2) is None
    with lab.store.reading() as db:
        sitting = exam.open_sitting(db)
        assert sitting is not None
        spans = progress.given_in_spans(db, sitting.id, WANG, now() - timedelta(hours=1))
        sql = "SELECT count(*) FROM mark WHERE account_id = ? AND revises IS NULL"
        marked = db.conn.execute(sql, (WANG,)).fetchone()[0]
    assert sum(spans.values()) == marked > 0
    assert all(span.minute % 10 == 0 for span in spans)
    with lab.store.writing() as db:
        early = stamp(now() - timedelta(minutes=11))
        db.conn.execute("UPDATE mark SET given_at = ? WHERE account_id = ?", (early, WANG))
    page = lead.get(f"/progress/markers?account={WANG}").text
    is_yesterday = now().astimezone().hour == 0
    assert is_yesterday or f"最多 {marked} 份" in page


def test_people_can_be_found_by_name(lead: Pc) -> None:
    page = lead.get("/progress/markers", params={"name": "陈"}).text
    assert "陈二二" in page and "王一一" not in page
    assert "没有姓名含“<b>”的评分人" not in lead.get("/progress/markers?name=<b>").text


def test_work_of_someone_who_was_disabled_stays_in_the_tables(lab: Lab, lead: Pc) -> None:
    with lab.store.writing() as db:
        accounts.put(db, an_account_card(CHEN, state="disabled"))
    rows = rows_of(lead.get("/progress/items", params={"group": SONG}).text)
    assert rows["陈二二 停用"][1:3] == ["1", "1"]


def test_a_trial_does_not_count_in_the_formal_sitting(lab: Lab, lead: Pc) -> None:
    with lab.store.writing() as db:
        exam.put_sitting(db, a_sitting_card(TRIAL, state="closed"))
        tasks.put(db, a_task_card(90, sitting=TRIAL), now())
    assert rows_of(lead.get("/progress").text)["中学音乐-选唱"][0] == "4"


LIVE = ("/progress", "/progress/items", "/progress/markers", "/status")


@pytest.mark.parametrize("url", LIVE)
def test_a_page_that_refreshes_itself_gets_its_part_alone(lead: Pc, url: str) -> None:
    part = lead.get(url, headers=PART)
    assert part.status_code == 200
    assert part.text.lstrip().startswith("<") and "<html" not in part.text
    [address] = re.findall(r'data-part="refresh" data-url="([^"]+)"', part.text)
    assert address.startswith(url)
    assert 'data-part="refresh"' in lead.get(address.replace("&amp;", "&")).text


def test_a_page_that_refreshes_itself_learns_that_the_session_is_over(lab: Lab, lead: Pc) -> None:
    lead.post("/sign-out")
    answer = lead.get("/status", headers=PART)
    assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")


PAGES = (*LIVE, "/accounts")


@pytest.mark.parametrize("url", PAGES)
def test_managing_is_for_the_lead_and_the_technician(lab: Lab, url: str) -> None:
    assert lab.at_work(ZHAO).get(url).status_code == 200
    assert lab.at_work(SUN).get(url).status_code == 200
    for account_id in (WANG, LI):
        assert lab.at_work(account_id).get(url).status_code == 403


def test_markers_reset_and_unlock_nobody(lab: Lab) -> None:
    marker = lab.at_work(WANG)
    assert marker.post(f"/accounts/{CHEN}/reset").status_code == 403
    assert marker.post(f"/accounts/{CHEN}/unlock").status_code == 403
    assert marker.post("/status/sync").status_code == 403


def test_accounts_are_listed_with_their_state(lab: Lab, lead: Pc) -> None:
    lab.at_work(WANG)
    wrong = lab.pc()
    for _ in range(FREE_TRIES_PER_ACCOUNT):
        wrong.sign_in(CHEN, "nothing")
    page = lead.get("/accounts").text
    states = re.findall(
        r'<td>(\w+)</td>\s*<td>\w+</td>.*?<span class="tag[^>]*>(\w+)</span>', page, re.S
    )
    assert dict(states) == {
        "王一一": "在线",
        "陈二二": "锁定",
        "李三三": "未登录",
        "赵四四": "在线",
        "孙五五": "未登录",
    }
    assert "199****0001" in page


def test_an_account_that_must_wait_can_be_unlocked(lab: Lab, lead: Pc) -> None:
    pc = lab.pc()
    for _ in range(FREE_TRIES_PER_ACCOUNT):
        pc.sign_in(CHEN, "nothing")
    assert pc.sign_in(CHEN).status_code == 429
    assert lead.post(f"/accounts/{CHEN}/unlock").status_code == 303
    assert pc.sign_in(CHEN).status_code == 303


def test_who_changes_the_pc_is_let_go_of_by_the_old_one_and_asked_nothing_at_the_new(
    lab: Lab, lead: Pc
) -> None:
    old = lab.at_work(WANG)
    assert f"/accounts/{WANG}/free" in lead.get("/accounts").text
    assert lead.post(f"/accounts/{WANG}/free").status_code == 303
    assert old.get("/api/me").json()["code"] == "signed_out"
    assert f"/accounts/{WANG}/free" not in lead.get("/accounts").text
    assert lab.pc().sign_in(WANG).headers["location"] == "/mark"
    assert lead.post(f"/accounts/{ZHAO}/free").status_code == 409, "not the own one"


NEW = "kept-in-mind-8"


def test_a_reset_shows_the_password_once_and_ends_old_sessions(lab: Lab, lead: Pc) -> None:
    marker = lab.at_work(WANG)
    answer = lead.post(f"/accounts/{WANG}/reset")
    assert answer.status_code == 200
    [password] = re.findall(r'data-testid="new-password">(\w+)<', answer.text)
    assert len(password) == 8
    assert marker.get("/api/me").json()["code"] == "signed_out"
    assert lab.pc().sign_in(WANG).status_code == 422
    pc = lab.pc()
    assert pc.sign_in(WANG, password).headers["location"] == "/password", "others know it"
    assert pc.get("/api/tasks?group=1").status_code in (303, 403)
    assert "代为重置" in pc.get("/password").text
    assert pc.post("/password", data={"password": NEW, "again": NEW}).status_code == 303
    assert lab.pc().sign_in(WANG, NEW).headers["location"] == "/mark"
    assert password not in lead.get("/accounts").text


def test_ones_own_account_and_unknown_ones_are_not_reset(lab: Lab, lead: Pc) -> None:
    own = lead.post(f"/accounts/{ZHAO}/reset")
    assert own.status_code == 409 and "修改密码" in own.text
    assert lead.post("/accounts/99/reset").status_code == 404
    assert lead.post("/accounts/99/unlock").status_code == 404
    assert lead.post(f"/accounts/{2**70}/reset").status_code in (400, 404)
    assert lead.get("/status").status_code == 200


def test_the_status_page_says_first_whether_marking_can_go_on(lab: Lab) -> None:
    lab.at_work(WANG)
    page = lab.at_work(SUN).get("/status").text
    assert "可以阅卷，但有需要处理的事项" in page
    assert "市级中心连不上，机房可继续阅卷，已积压 5 条" in page
    assert "请检查机房出口网络和防火墙" in page
    assert "阅卷中</span><small>王一一</small>" in page
    assert "<small>孙五五" not in page
    assert page.count("已全部在本机") >= 2


def test_the_status_page_shows_what_is_still_to_be_fetched(lab: Lab) -> None:
    with lab.store.writing() as db:
        card = a_task_card(60)
        card.video.sha256, card.video.bytes = "ab" * 32, 20_000_000
        videos.want(db, card.video)
        tasks.put(db, card, now())
    page = lab.at_work(SUN).get("/status").text
    assert "还差 20.0 MB" in page and "1 / 2" in page
    assert "视频还差 1 个，连上后继续下载" in page


def test_the_status_page_draws_the_traffic_of_the_last_half_hour(lab: Lab) -> None:
    with lab.store.writing() as db:
        exchanges.add_bytes(db, now() - timedelta(minutes=1), 90_000_000)
    assert "现在 12.0 Mbit/s" in lab.at_work(SUN).get("/status").text


def test_the_status_page_gives_an_address_that_teachers_can_type(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "lan_address", lambda: "192.168.1.20")
    technician = lab.at_work(SUN)
    for host, address in (
        ("127.0.0.1:8080", "http://192.168.1.20:8080"),
        ("localhost", "http://192.168.1.20"),
        ("10.0.0.5:80", "http://10.0.0.5"),
    ):
        page = technician.get("/status", headers={"Host": host}).text
        assert f'id="address">{address}</strong>' in page


def test_the_technician_can_ask_for_a_sync_at_once(lab: Lab) -> None:
    answer = lab.at_work(SUN).post("/status/sync")
    assert (answer.status_code, answer.headers["location"]) == (303, "/status")


def test_a_lab_of_eighty_is_shown_quickly(tmp_path: Path) -> None:
    people, per_person = 80, 40
    with a_lab(tmp_path, first_sign_in="keep") as lab:
        with lab.store.writing() as db:
            video = a_task_card(1).video
            videos.want(db, video)
            for n in range(people):
                card = an_account_card(WANG, phone=a_phone(100 + n), name=f"教师{n}")
                card.account_id = 100 + n
                accounts.put(db, card)
                for k in range(per_person):
                    task_id = 1000 + n * per_person + k
                    tasks.put(db, a_task_card(task_id, account_id=100 + n), now())
                    mark = Mark(
                        *(new_id(now()), FORMAL, task_id, 100 + n, 1, "332333", None, "", None),
                        *(60_000, 100, stamp(now())),
                    )
                    marks.add(db, mark)
        lead = lab.at_work(ZHAO)
        lead.get("/progress/items")
        began = now()
        page = lead.get("/progress/items", params={"group": SONG})
        took = now() - began
    assert len(rows_of(page.text)) == people + 3
    # Some 20 ms on a quiet PC; the bound only catches what grows with people times tasks.
    assert took < timedelta(seconds=1.5)


def test_a_node_that_belongs_to_no_hub_leads_to_the_set_up(tmp_path: Path) -> None:
    with a_lab(tmp_path, is_enrolled=False, make_http=StandInHub().http) as lab:
        pc = lab.pc()
        assert pc.get("/").headers["location"] == "/setup"
        assert pc.get("/setup").status_code == 200


def test_the_set_up_refuses_a_wrong_code_and_keeps_what_was_typed(tmp_path: Path) -> None:
    with a_lab(tmp_path, is_enrolled=False, make_http=StandInHub().http) as lab:
        pc = lab.pc()
        answer = pc.post("/setup", data={"hub_url": "https://hub.test", "code": "WRONG"})
        assert answer.status_code == 422 and "接入码不正确" in answer.text
        assert ">WRONG</textarea>" in answer.text
        nowhere = pc.post("/setup", data={"hub_url": "hub", "code": "RIGHT"})
        assert nowhere.status_code == 422 and "市级中心地址不正确" in nowhere.text


def test_the_set_up_joins_the_hub_once(tmp_path: Path) -> None:
    with a_lab(tmp_path, is_enrolled=False, make_http=StandInHub().http) as lab:
        pc = lab.pc()
        done = pc.post("/setup", data={"hub_url": "http://hub.test", "code": "right"})
        assert (done.status_code, done.headers["location"]) == (303, "/setup")
        assert "渝中区" in pc.get("/").text
        again = pc.post("/setup", data={"hub_url": "http://other.test", "code": "RIGHT"})
        assert again.headers["location"] == "/"


def test_a_session_of_a_manager_ends_like_any_other(lab: Lab) -> None:
    lead = lab.at_work(ZHAO)
    with lab.store.writing() as db:
        sessions.end_all_of(db, ZHAO)
    assert lead.get("/accounts").headers["location"] == "/"
    assert lead.sign_in(ZHAO, PASSWORD).status_code == 422
