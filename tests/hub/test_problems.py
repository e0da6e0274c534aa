"""问题作品: every list, and what the city can do about each."""

from datetime import timedelta
from pathlib import Path

import pytest

from hub.__main__ import main
from hub.store import outcomes, performances, tasks
from hub.store.faults import Fault, add
from hub.work.verify import verify
from shared.kit.clock import now, stamp
from tests.hub.clips import a_video
from tests.hub.makers import an_allocated_hub, give, give_both, hear_of, the_task
from tests.hub.pages import a_browser, sign_in, store_of
from tests.makers import NINE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Performance 1 waits for a third marker, 3 has a confirmed exception, 4 does not play."""
    store = an_allocated_hub(tmp_path, districts=3, markers=1, works=2)
    with store.writing() as db:
        give_both(db, 1, "332101", "322101")
        for number in (1, 2, 4):
            give(db, the_task(db, 3, number), "------", exception="no_picture")
        task = the_task(db, 4, 1)
        add(db, Fault("f" * 32, task.id, task.account_id, 1, "no_sound", stamp(NINE)))
    store.close()
    return tmp_path


def test_every_problem_is_listed_with_its_reason(folder: Path) -> None:
    with a_browser(folder) as browser:
        sign_in(browser)
        text = browser.get("/problems").text
    assert "在岗的 3 名阅卷教师都不能评" in text
    assert "无图像" in text and "没有声音" in text and "ZX-000003" in text
    assert "第1区节点" in text and "收回任务" in text


def test_a_viewer_sees_it_and_can_do_nothing(folder: Path) -> None:
    with a_browser(folder) as browser:
        sign_in(browser, "city_viewer")
        text = browser.get("/problems").text
        assert "ZX-000003" in text and "更换视频" not in text and "立即再分配" not in text
        for path in ("hand-out", "take-from-node", "give-to-node"):
            assert browser.post(f"/problems/{path}", data={"node": "x"}).status_code == 403


def test_a_corrected_video_is_uploaded_and_marked_afresh(folder: Path) -> None:
    clip = a_video(folder / "clip.mp4")
    with a_browser(folder) as browser:
        sign_in(browser)
        with clip.open("rb") as file:
            answer = browser.post(
                "/problems/correct",
                data={"code": "ZX-000003"},
                files={"file": ("clip.mp4", file, "video/mp4")},
            )
        assert answer.status_code == 200 and "已更换视频" in answer.text
        with store_of(browser).reading() as db:
            found = performances.performance(db, 3)
            assert found is not None and found.video_id == 13
            assert outcomes.outcome(db, 1, 3) is None
            assert verify(db) == []


def test_an_upload_that_is_no_video_changes_nothing(folder: Path) -> None:
    with a_browser(folder) as browser:
        sign_in(browser)
        answer = browser.post(
            "/problems/correct",
            data={"code": "ZX-000003"},
            files={"file": ("clip.mp4", b"no video", "video/mp4")},
        )
        assert answer.status_code == 400
        with store_of(browser).reading() as db:
            assert outcomes.outcome(db, 1, 3) is not None


def test_the_tasks_of_a_silent_node_are_taken_and_it_is_let_in_again(folder: Path) -> None:
    with a_browser(folder) as browser:
        sign_in(browser)
        with store_of(browser).writing() as db:
            for node in (2, 3):
                hear_of(db, node, now() + timedelta(seconds=30))
        answer = browser.post("/problems/take-from-node", data={"node": "第1区节点"})
        assert "已收回该节点" in answer.text
        with store_of(browser).reading() as db:
            assert tasks.open_of_account(db, 1, 1) == []
        answer = browser.post("/problems/take-from-node", data={"node": "第2区节点"})
        assert answer.status_code == 409 and "没有消息" in answer.text
        answer = browser.post("/problems/give-to-node", data={"node": "第1区节点"})
        assert "重新接收任务" in answer.text
        assert "已重新尝试分配" in browser.post("/problems/hand-out").text


def test_the_district_page_sends_somebody_away_and_calls_back(folder: Path) -> None:
    with a_browser(folder) as browser:
        sign_in(browser)
        answer = browser.post("/districts/take-back", data={"account_id": "1"})
        assert "不再给他分配新任务" in answer.text and "已调离" in answer.text
        answer = browser.post("/districts/call-back", data={"account_id": "1"})
        assert "已恢复" in answer.text and "已调离" not in answer.text


def test_the_command_corrects_a_video(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = a_video(folder / "clip.mp4")
    assert main(["--data", str(folder), "correct-video", "ZX-000003", str(clip)]) == 0
    assert "已更换视频" in capsys.readouterr().out
    assert main(["--data", str(folder), "correct-video", "ZX-000003", str(clip)]) == 1
    assert main(["--data", str(folder), "correct-video", "ZX-000003", str(folder / "x")]) == 1
