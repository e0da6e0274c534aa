"""An export is written beside the pages: seen, stopped, kept for a while, fetched by its owner."""

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.pages.exporting import FILES_KEPT, KEPT_FOR, Exports, tidy
from hub.sheets.results import Counting
from hub.store import admins, audit
from hub.work.export_results import export
from hub.work.wipe_trial import wipe_trial
from shared.kit.clock import now
from tests.hub.makers import EXAM_NAME, an_allocated_hub, give_both
from tests.hub.pages import (
    ADMIN,
    Browser,
    a_browser,
    export_done,
    links_to_files,
    sign_in,
    store_of,
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "333333", "333333")
    store.close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        yield browser


def files_in(folder: Path) -> list[Path]:
    return sorted((folder / "exports").iterdir())


def actions(browser: Browser) -> list[str]:
    with store_of(browser).reading() as db:
        return [entry.action for entry in audit.page(db)]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_finished_export_has_a_name_a_checksum_and_a_file_to_check_it_by(
    browser: Browser, tmp_path: Path, form: str
) -> None:
    answer = export_done(browser, form)
    assert answer.content.startswith(b"PK")
    assert "attachment" in answer.headers["content-disposition"]
    (kept,) = files_in(tmp_path)
    assert kept.read_bytes() == answer.content
    sha256 = hashlib.sha256(answer.content).hexdigest()
    text = browser.get("/results").text
    assert sha256 in text
    assert kept.name in text
    beside = browser.get(f"{links_to_files(browser)[0]}/sha256")
    assert beside.text == f"{sha256} *{kept.name}\n"
    assert ".sha256" in beside.headers["content-disposition"]
    assert {"export", "export_taken"} <= set(actions(browser))
    assert "下载导出文件" in browser.get("/audit").text


def test_it_is_still_there_after_the_hub_was_started_again(
    browser: Browser, tmp_path: Path
) -> None:
    content = export_done(browser, "csv").content
    (tmp_path / "exports" / "part-left").mkdir()
    again = Exports(store_of(browser), tmp_path / "exports")
    assert len(files_in(tmp_path)) == 1, "what was left half written is gone"
    with store_of(browser).reading() as db:
        path = again.file_of(audit.of_action(db, "export")[0])
    assert path is not None
    assert path.read_bytes() == content


def test_while_it_is_written_it_is_seen_alone_and_can_be_cancelled(
    browser: Browser, tmp_path: Path
) -> None:
    exports: Exports = browser.app.state.exports
    # Nothing can be written to the database meanwhile, so that it cannot end.
    with store_of(browser).writing():
        exports.start("csv", ADMIN, now())
        live = browser.get("/results", headers={"X-Part": "1"}).text
        assert live.startswith("<div")
        assert "正在导出：结果 CSV" in live
        assert browser.post("/results/export", data={"format": "csv"}).status_code == 409
        assert "正在取消" in browser.post("/results/cancel").text
    exports.wait()
    assert files_in(tmp_path) == []
    assert "已取消" in browser.get("/results").text
    assert actions(browser)[0] == "export_cancelled"
    assert export_done(browser, "csv").status_code == 200, "the next one can begin"


def test_the_rows_of_all_tables_are_reported(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    said: list[tuple[int, int]] = []
    with store.writing() as db:
        give_both(db, 1, "333333", "333333")
    with store.reading() as db:
        export(db, tmp_path / "a.csv", now(), report=lambda done, total: said.append((done, total)))
    assert said == [(0, 26), (24, 26), (26, 26)]
    store.close()


def test_what_the_report_raises_ends_the_rows() -> None:
    def report(done: int, _: int) -> None:
        if done:
            raise LookupError

    taken = []
    with pytest.raises(LookupError):
        for row in Counting(1200, report).through(range(1200)):
            taken.append(row)
    assert len(taken) == 500


def test_a_file_that_cannot_be_written_is_said_and_blocks_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    folder = tmp_path / "exports"
    folder.rmdir()
    browser.post("/results/export", data={"format": "csv"})
    browser.app.state.exports.wait()
    assert "没有完成" in browser.get("/results").text
    folder.mkdir()
    assert export_done(browser, "csv").status_code == 200


def test_only_who_exported_the_results_may_take_them(browser: Browser, tmp_path: Path) -> None:
    export_done(browser, "csv")
    (link,) = links_to_files(browser)
    with store_of(browser).writing() as db:
        own = admins.by_name(db, ADMIN)
        assert own is not None
        admins.add(db, "钱七七", own.password_hash, "city_admin")
    for name in ("钱七七", "孙五五"):
        browser.cookies.clear()
        browser.post("/sign-in", data={"name": name, "password": "很长的密码-2023"})
        assert links_to_files(browser) == []
        assert browser.get(link).status_code == 403


def test_a_file_that_is_gone_or_never_was_is_said_to_be(browser: Browser, tmp_path: Path) -> None:
    export_done(browser, "csv")
    (link,) = links_to_files(browser)
    files_in(tmp_path)[0].unlink()
    assert browser.get(link).status_code == 404
    assert "文件已删除" in browser.get("/results").text
    assert browser.get("/results/files/1").status_code == 404
    assert browser.get("/results/files/99999/sha256").status_code == 404


def test_nothing_is_written_before_a_sitting_opened(tmp_path: Path) -> None:
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        assert browser.post("/results/export", data={"format": "xlsx"}).status_code == 409
        assert files_in(tmp_path) == []


def test_the_wipe_takes_the_exports_of_the_trial_along(tmp_path: Path) -> None:
    an_allocated_hub(tmp_path, "trial").close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        for form in ("csv", "quality"):
            assert export_done(browser, form).status_code == 200
        exports: Exports = browser.app.state.exports
        with store_of(browser).writing() as db:
            exports.start("xlsx", ADMIN, now())
            # While one is being written as well.
            wipe_trial(db, EXAM_NAME, ADMIN, now())
        exports.wait()
        assert "它的导出没有保留" in browser.get("/results").text
        assert len(files_in(tmp_path)) == 2
        browser.post("/trial/wipe", data={"typed": EXAM_NAME})
        assert files_in(tmp_path) == []


def test_the_formal_sittings_exports_stay_at_a_wipe(browser: Browser, tmp_path: Path) -> None:
    export_done(browser, "csv")
    tidy(store_of(browser), tmp_path / "exports", now())
    assert len(files_in(tmp_path)) == 1


def test_old_files_and_too_many_are_removed(browser: Browser, tmp_path: Path) -> None:
    moment, folder = now(), tmp_path / "exports"
    for number in range(FILES_KEPT + 3):
        path = folder / f"{number:02}.csv"
        path.touch()
        at = (moment - timedelta(minutes=number)).timestamp()
        os.utime(path, (at, at))
    tidy(store_of(browser), folder, moment)
    assert [int(path.stem) for path in sorted(folder.iterdir())] == [*range(FILES_KEPT)]
    tidy(store_of(browser), folder, moment + KEPT_FOR)
    assert [path.stem for path in folder.iterdir()] == ["00"]
