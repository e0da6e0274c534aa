"""The JSON API of the marking page: what it takes, what it gives, what it refuses."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from node.store import announcements, exam, marks, outbox, tasks, videos
from shared.kit.clock import now, stamp
from shared.kit.ids import new_id
from shared.rules.policy import PHRASES
from shared.rules.rubric import Stage
from shared.wire.messages import EarlierMark, EventResult, TaskCard
from tests.makers import (
    ANTHEM,
    CHEN,
    LI,
    NINE,
    SONG,
    SUN,
    TRIAL,
    ZHAO,
    a_group_card,
    a_sitting_card,
    a_task_card,
    a_video_card,
    an_announcement_card,
)
from tests.node.door import VIDEO, Lab, Pc, a_lab, remove_video

CODES = ["overall", "pitch", "expression", "lyrics", "rhythm", "fluency"]
EARLIER = [EarlierMark(round=1, levels="33----"), EarlierMark(round=2, levels="31----")]
ROUND_3 = {"round": 3, "criteria": 0b000010, "earlier": EARLIER}

CARDS: tuple[TaskCard, ...] = (
    a_task_card(1),
    a_task_card(2),
    a_task_card(3, group_id=ANTHEM),
    a_task_card(4, account_id=CHEN),
    a_task_card(5, account_id=LI, round=4, criteria=0b000010, earlier=EARLIER),
    a_task_card(6, group_id=ANTHEM, **ROUND_3),
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, *CARDS, first_sign_in="keep") as lab:
        yield lab


@pytest.fixture
def pc(lab: Lab) -> Pc:
    """王一一 is signed in."""
    return lab.at_work()


def a_mark(task_id: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": new_id(now()),
        "task_id": task_id,
        "gen": 1,
        "levels": dict.fromkeys(CODES, 2),
        "exception": "",
        "comment": "",
        "revises": "",
        "spent_ms": 84_000,
        "heard_percent": 100,
        "given_at": stamp(now()),
    } | changes


def a_fault(task_id: int = 1, **changes: Any) -> dict[str, Any]:
    return {"event_id": new_id(now()), "task_id": task_id, "fault": "no_sound"} | changes


def test_the_page_itself_is_for_those_who_mark(lab: Lab, pc: Pc) -> None:
    assert pc.get("/mark").status_code == 200
    assert lab.at_work(ZHAO).get("/mark").status_code == 403


def test_me_tells_who_where_and_by_which_rules(pc: Pc) -> None:
    me = pc.get("/api/me").json()
    assert me["account"] == {
        "id": 1,
        "name": "王一一",
        "phone_masked": "199****0001",
        "role": "marker",
        "scope": "middle",
    }
    assert (me["district"], me["exam_name"]) == ("渝北区", "2023全市监测")
    assert me["sitting"] == {"id": 2, "kind": "formal", "state": "open", "wipe_at": None}
    assert me["policy"] == {
        "show_round": True,
        "heard_percent_min": 60,
        "leader_sees_marks": True,
        "incomplete_may_be_scored": True,
        "off_topic_needs_comment": False,
        "phrases": list(PHRASES),
    }
    assert [c["code"] for c in me["criteria"]] == CODES
    assert [e["label"] for e in me["exceptions"]] == ["无图像", "答案图像不全", "题文不符"]
    assert [g["label"] for g in me["groups"]] == ["中学音乐-国歌", "中学音乐-选唱"]
    assert me["groups"][0]["descriptors"]["pitch"]["3"] == "音准第3级"


def test_the_groups_of_another_stage_are_not_shown(lab: Lab, pc: Pc) -> None:
    card = a_group_card(SONG)
    card.group_id, card.stage = 9, Stage.PRIMARY
    with lab.store.writing() as db:
        exam.put_group(db, card)
    assert [g["id"] for g in pc.get("/api/me").json()["groups"]] == [ANTHEM, SONG]
    assert [g["id"] for g in pc.get("/api/progress").json()["groups"]] == [ANTHEM, SONG]


def test_tasks_come_in_the_markers_own_order(pc: Pc) -> None:
    answer = pc.get("/api/tasks", params={"group": SONG}).json()
    assert (answer["total"], answer["done"], answer["waiting_for_video"]) == (2, 0, 0)
    assert [t["id"] for t in answer["tasks"]] == [1, 2]
    assert answer["tasks"][0] == {
        "id": 1,
        "gen": 1,
        "sitting": 2,
        "performance": "ZX-000001",
        "group": SONG,
        "round": 1,
        "criteria": CODES,
        "video": {
            "url": "/videos/1",
            "bytes": len(VIDEO),
            "duration_ms": 84_000,
            "peaks": "80" * 240,
            "loudness_db": -20.0,
            "is_ready": True,
        },
        "earlier": [],
    }


def test_tasks_whose_marks_wait_in_the_browser_are_skipped(pc: Pc) -> None:
    answer = pc.get("/api/tasks", params={"group": SONG, "skip": "1,,x,99999999999999999999"})
    assert [t["id"] for t in answer.json()["tasks"]] == [2]
    one = pc.get("/api/tasks", params={"group": SONG, "limit": 1}).json()
    assert [t["id"] for t in one["tasks"]] == [1]


def test_round_three_comes_first_and_asks_only_for_what_is_in_dispute(pc: Pc) -> None:
    first = pc.get("/api/tasks", params={"group": ANTHEM}).json()["tasks"][0]
    assert (first["id"], first["round"], first["criteria"]) == (6, 3, ["pitch"])


def test_only_the_leaders_round_shows_earlier_marks(lab: Lab, pc: Pc) -> None:
    third = pc.get("/api/tasks", params={"group": ANTHEM}).json()["tasks"][0]
    assert third["earlier"] == []
    fourth = lab.at_work(LI).get("/api/tasks", params={"group": SONG}).json()["tasks"][0]
    assert [e["levels"]["pitch"] for e in fourth["earlier"]] == [3, 1]


def test_a_city_may_hide_earlier_marks_and_rounds(tmp_path: Path) -> None:
    with a_lab(
        tmp_path, *CARDS, first_sign_in="keep", leader_sees_marks=False, show_round=False
    ) as lab:
        fourth = lab.at_work(LI).get("/api/tasks", params={"group": SONG}).json()["tasks"][0]
        first = lab.at_work().get("/api/tasks", params={"group": SONG}).json()["tasks"][0]
    assert (fourth["earlier"], fourth["round"], first["round"]) == ([], 4, 0)


def test_nothing_is_open_while_no_sitting_is(lab: Lab, pc: Pc) -> None:
    with lab.store.writing() as db:
        exam.put_sitting(db, a_sitting_card(state="closed"))
    assert pc.get("/api/tasks", params={"group": SONG}).json()["tasks"] == []
    progress = pc.get("/api/progress").json()
    assert (progress["session_over"], progress["may_leave"]) == (True, True)
    assert progress["sitting_id"] is None


def test_progress_counts_and_says_whether_one_may_leave(lab: Lab, pc: Pc) -> None:
    pc.post("/api/marks", json=a_mark(1, spent_ms=80_000))
    progress = pc.get("/api/progress").json()
    anthem, song = progress["groups"]
    assert song["rounds"] == [{"round": 1, "total": 2, "done": 1}]
    assert (song["open"], song["open_round3"]) == (1, 0)
    assert (anthem["open"], anthem["open_round3"]) == (2, 1)
    assert progress["may_leave"] is False
    assert progress["leave_text"] == "全市3评还没有结束，请先不要离开阅卷现场。"
    assert (progress["sitting_id"], progress["session_over"]) == (2, False)
    assert (progress["pace_s"], progress["pending_on_node"]) == (80.0, 1)
    assert progress["city"] == [] and progress["server_time"].endswith("Z")


def test_announcements_reach_those_they_are_for_and_are_read_once(lab: Lab, pc: Pc) -> None:
    with lab.store.writing() as db:
        announcements.put(db, an_announcement_card(1, strength="important"))
        announcements.put(db, an_announcement_card(2, roles=["leader"]))
    shown = pc.get("/api/progress").json()["announcements"]
    assert [(a["id"], a["strength"], a["is_read"]) for a in shown] == [(1, "important", False)]
    for _ in range(2):
        assert pc.post("/api/receipts", json={"announcement_id": 1}).status_code == 200
    assert pc.get("/api/progress").json()["announcements"][0]["is_read"] is True
    with lab.store.reading() as db:
        assert [row.kind for row in outbox.pending(db, 10)] == ["receipt"]


def test_a_mark_is_saved_once_however_often_it_is_sent(lab: Lab, pc: Pc) -> None:
    mark = a_mark()
    for _ in range(2):
        answer = pc.post("/api/marks", json=mark)
        assert (answer.status_code, answer.json()) == (
            200,
            {"saved": True, "event_id": mark["event_id"]},
        )
    with lab.store.reading() as db:
        assert outbox.pending_count(db) == 1
    answer = pc.get("/api/tasks", params={"group": SONG}).json()
    assert ([t["id"] for t in answer["tasks"]], answer["done"]) == ([2], 1)


def test_an_exception_is_taken_without_levels(pc: Pc) -> None:
    mark = a_mark(levels={}, exception="no_picture", comment="黑屏")
    assert pc.post("/api/marks", json=mark).status_code == 200
    row = pc.get("/api/history").json()["marks"][0]
    assert (row["exception"], row["comment"], row["levels"]) == ("no_picture", "黑屏", {})


REFUSED = {
    "an unknown level": (a_mark(levels=dict.fromkeys(CODES, 4)), 400, "invalid"),
    "an unknown criterion": (a_mark(levels={"beauty": 3}), 400, "invalid"),
    "a missing criterion": (a_mark(levels={"pitch": 3}), 400, "invalid"),
    "an unknown exception": (a_mark(levels={}, exception="boring"), 400, "invalid"),
    "an unknown field": (a_mark(student="?"), 400, "invalid"),
    "a wrong type": (a_mark(gen="one"), 400, "invalid"),
    "a number no database holds": (a_mark(task_id=2**70), 400, "invalid"),
    "a negative time": (a_mark(spent_ms=-1), 400, "invalid"),
    "no id": (a_mark(event_id="1"), 400, "invalid"),
    "another's task": (a_mark(4), 404, "not_yours"),
    "an unknown task": (a_mark(99), 404, "not_yours"),
    "a version that is not the last": (a_mark(revises=new_id(NINE)), 409, "not_latest"),
}


@pytest.mark.parametrize(("mark", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_mark_is_refused_with_code_and_words(
    lab: Lab, pc: Pc, mark: dict[str, Any], status: int, code: str
) -> None:
    answer = pc.post("/api/marks", json=mark)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["text"].endswith("。") and set(answer.json()) == {"code", "text"}
    with lab.store.reading() as db:
        assert outbox.pending_count(db) == 0


def test_an_id_used_for_something_else_is_refused(pc: Pc) -> None:
    mark = a_mark()
    pc.post("/api/marks", json=mark)
    again = pc.post("/api/marks", json=mark | {"levels": dict.fromkeys(CODES, 0)})
    assert (again.status_code, again.json()["code"]) == (409, "id_reused")


def test_marks_are_refused_once_the_sitting_is_over(lab: Lab, pc: Pc) -> None:
    with lab.store.writing() as db:
        exam.put_sitting(db, a_sitting_card(state="closed"))
    answer = pc.post("/api/marks", json=a_mark())
    assert (answer.status_code, answer.json()["code"]) == (409, "sitting_over")


def test_history_shows_the_latest_version_of_each_mark(pc: Pc) -> None:
    first, other = a_mark(1), a_mark(3)
    pc.post("/api/marks", json=first)
    pc.post("/api/marks", json=other)
    second = a_mark(1, revises=first["event_id"], levels=dict.fromkeys(CODES, 3))
    assert pc.post("/api/marks", json=second).status_code == 200
    answer = pc.get("/api/history").json()
    assert {row["event_id"] for row in answer["marks"]} == {second["event_id"], other["event_id"]}
    [row] = pc.get("/api/history", params={"group": SONG}).json()["marks"]
    assert row["levels"] == dict.fromkeys(CODES, 3)
    assert (row["performance"], row["round"], row["group"]) == ("ZX-000001", 1, SONG)
    assert (row["state"], row["can_revise"], row["reason"]) == ("pending", True, "")
    assert row["task"]["video"]["url"] == "/videos/1" and answer["more"] is False


def test_history_can_be_searched_by_code_or_exception_and_paged_by_time(pc: Pc) -> None:
    pc.post("/api/marks", json=a_mark(1))
    pc.post("/api/marks", json=a_mark(2, levels={}, exception="no_picture"))
    flagged = pc.get("/api/history", params={"exception": "true"}).json()["marks"]
    assert [row["performance"] for row in flagged] == ["ZX-000002"]
    found = pc.get("/api/history", params={"query": "zx-000002"}).json()["marks"]
    assert [row["performance"] for row in found] == ["ZX-000002"]
    older = pc.get("/api/history", params={"before": found[0]["given_at"]}).json()["marks"]
    assert [row["performance"] for row in older] == ["ZX-000001"]


STATES = {
    "applied": ("synced", True),
    "refused": ("refused", False),
    "surplus": ("surplus", False),
    "quarantined": ("refused", False),
}


@pytest.mark.parametrize(("code", "state"), STATES.items())
def test_history_says_what_became_of_a_mark(
    lab: Lab, pc: Pc, code: str, state: tuple[str, bool]
) -> None:
    mark = a_mark()
    pc.post("/api/marks", json=mark)
    with lab.store.writing() as db:
        marks.set_results(db, [EventResult(event_id=mark["event_id"], code=code, reason="")])
    [row] = pc.get("/api/history").json()["marks"]
    assert (row["state"], row["can_revise"]) == state


def test_a_mark_of_a_later_round_is_locked(lab: Lab, pc: Pc) -> None:
    mark = a_mark()
    pc.post("/api/marks", json=mark)
    with lab.store.writing() as db:
        tasks.put(db, a_task_card(1, state="done", locked=True), now())
    [row] = pc.get("/api/history").json()["marks"]
    assert (row["state"], row["can_revise"]) == ("locked", False)
    assert row["reason"] == "已进入3评，不能修改"
    answer = pc.post("/api/marks", json=a_mark(revises=mark["event_id"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "locked")
    assert pc.get("/videos/1").status_code == 404


def test_a_fault_sets_the_task_aside_until_the_video_was_fetched_again(lab: Lab, pc: Pc) -> None:
    remove_video(lab.folder, CARDS[0])
    fault = a_fault()
    for _ in range(2):
        assert pc.post("/api/faults", json=fault).json() == {"set_aside": True}
    with lab.store.reading() as db:
        assert [row.kind for row in outbox.pending(db, 10)] == ["fault"]
    shown = pc.get("/api/tasks", params={"group": SONG}).json()
    assert 1 not in [t["id"] for t in shown["tasks"]]
    assert (shown["total"], shown["done"]) == (2, 0)
    with lab.store.writing() as db:
        videos.set_ready(db, a_video_card().sha256, now() + timedelta(seconds=1))
    assert 1 in [t["id"] for t in pc.get("/api/tasks", params={"group": SONG}).json()["tasks"]]


FAULTS = {
    "another's task": (a_fault(4), 404, "not_yours"),
    "no known fault": (a_fault(fault="boring"), 400, "invalid"),
    "no id": (a_fault(event_id="1"), 400, "invalid"),
}


@pytest.mark.parametrize(("fault", "status", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_a_wrong_fault_is_refused(pc: Pc, fault: dict[str, Any], status: int, code: str) -> None:
    answer = pc.post("/api/faults", json=fault)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_a_person_prefers_is_kept_on_the_node(lab: Lab, pc: Pc) -> None:
    assert pc.get("/api/me").json()["preferences"]["theme"] == "light"
    pc.post("/api/preferences", json={"key": "theme", "value": "dark"})
    elsewhere = lab.at_work()
    assert elsewhere.get("/api/me").json()["preferences"]["theme"] == "dark"
    refused = elsewhere.post("/api/preferences", json={"key": "size", "value": "9"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")


def test_managers_have_no_part_in_marking(lab: Lab) -> None:
    manager = lab.at_work(SUN)
    for url in ("/api/me", "/api/progress", "/api/tasks?group=2", "/api/history", "/videos/1"):
        answer = manager.get(url, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), url
    assert manager.post("/api/marks", json=a_mark()).status_code == 403
    assert manager.post("/api/faults", json=a_fault()).status_code == 403


def test_another_markers_tasks_and_marks_stay_unseen(lab: Lab, pc: Pc) -> None:
    pc.post("/api/marks", json=a_mark())
    other = lab.at_work(CHEN)
    assert [t["id"] for t in other.get("/api/tasks?group=2").json()["tasks"]] == [4]
    assert other.get("/api/history").json()["marks"] == []
    assert other.get("/videos/1").status_code == 404
    assert other.get("/videos/4").status_code == 200


def test_numbers_out_of_all_bounds_are_refused_and_break_nothing(pc: Pc) -> None:
    huge = str(2**70)
    assert pc.get(f"/api/tasks?group={huge}").status_code == 400
    assert pc.get("/api/tasks?group=x").json()["code"] == "invalid"
    assert pc.get(f"/videos/{huge}").status_code in (400, 404)


def test_a_trial_and_the_formal_sitting_do_not_mix(lab: Lab, pc: Pc) -> None:
    with lab.store.writing() as db:
        exam.put_sitting(db, a_sitting_card(TRIAL, state="closed"))
        tasks.put(db, a_task_card(50, sitting=TRIAL), now())
    assert 50 not in [t["id"] for t in pc.get("/api/tasks?group=2").json()["tasks"]]
    assert pc.post("/api/marks", json=a_mark(50)).json()["code"] == "sitting_over"
    assert pc.get("/videos/50").status_code == 404
