"""The page of videos: what is wrong with which file, in full as a workbook, and the purge."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from hub.store import purges, videos
from hub.store.videos import MediaCheck
from shared.kit.clock import now
from tests.hub.makers import EXAM_NAME, a_hub
from tests.hub.pages import Browser, a_browser, sign_in, store_of
from tests.makers import NINE


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    store = a_hub(tmp_path)
    with store.writing() as db:
        bad = MediaCheck("1.mp4", 10, 1, None, "画面编码是 HEVC（H.265）。请转码后重新导入。")
        videos.put_check(db, bad, NINE)
        videos.put_check(db, MediaCheck("3.mp4", 10, 1, 3, None, note="已转码。原来是 AVI"), NINE)
        db.conn.execute("UPDATE performance SET video_id = NULL WHERE id IN (1, 2)")
        db.conn.execute("UPDATE performance SET video_id = 5 WHERE id = 6")
    store.close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        yield browser


def test_it_says_what_is_wrong_with_which_file_and_what_to_do(browser: Browser) -> None:
    text = browser.get("/videos").text
    assert "画面编码是 HEVC（H.265）。请转码后重新导入。" in text
    assert "导入时视频文件夹里没有这个文件" in text
    assert "已转码。原来是 AVI" in text
    assert "5.mp4、6.mp4" in text
    assert "22 份（91.6%）" in text or "22 份" in text


def test_all_of_it_comes_as_a_workbook_and_nothing_stays_behind(
    browser: Browser, tmp_path: Path
) -> None:
    answer = browser.post("/videos/report")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_name("视频问题").to_python()
    assert [row[0] for row in rows] == ["文件名", "1.mp4", "2.mp4", "3.mp4"]
    assert book.get_sheet_by_name("内容相同的视频").to_python()[1][1] == "5.mp4、6.mp4"
    assert list(tmp_path.glob("report-*")) == []


def test_the_purge_is_ordered_by_name_and_each_node_is_waited_for(browser: Browser) -> None:
    refused = browser.post("/videos/purge", data={"typed": "别的"})
    assert refused.status_code == 400 and "名称不一致" in refused.text
    ordered = browser.post("/videos/purge", data={"typed": EXAM_NAME}, follow_redirects=False)
    assert (ordered.status_code, ordered.headers["location"]) == (303, "/videos?done=purged")
    with store_of(browser).writing() as db:
        purge = purges.last(db)
        assert purge is not None
        purges.confirm(db, purge.ordered_at, 1, 71, 5_000_000, now())
    text = browser.get("/videos").text
    assert "1 / 4 个节点已报告" in text and "5.0 MB" in text and "等待报告" in text


def test_who_may_only_look_can_neither_take_the_list_nor_order_the_purge(tmp_path: Path) -> None:
    a_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser, "city_viewer")
        assert "清除各节点的视频</button>" not in browser.get("/videos").text
        assert browser.post("/videos/report").status_code == 403
        assert browser.post("/videos/purge", data={"typed": EXAM_NAME}).status_code == 403


def test_before_the_import_it_says_that_nothing_is_there(tmp_path: Path) -> None:
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        assert "还没有导入作品和视频" in browser.get("/videos").text
