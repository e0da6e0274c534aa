"""阅卷前的准备: the overview's list until the first sitting opens; its figures are true."""

import re
from pathlib import Path

import hub.schema
from hub.store import readiness
from hub.work.allocate import allocate
from hub.work.sittings import prepare
from shared.kit.clock import now
from shared.rules.site import Tone
from tests.hub.makers import ADMIN, a_hub, hear_of
from tests.hub.pages import Browser, a_browser, sign_in, store_of
from tests.hub.test_readiness import a_report
from tests.makers import NINE, a_store

STEP = re.compile(
    r'<span class="tag[^>]*>(完成|待办)</span><strong>(.*?)</strong><span>(.*?)</span>'
)


def shown(browser: Browser) -> dict[str, tuple[str, str]]:
    return {label: (state, text) for state, label, text in STEP.findall(browser.get("/").text)}


def test_before_the_import_everything_is_still_to_do(tmp_path: Path) -> None:
    a_store(tmp_path / "hub.db", hub.schema.migrations).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        found = shown(browser)
    assert list(found) == ["名册", "题组和标准", "视频", "节点", "场地", "试阅"]
    assert {state for state, _ in found.values()} == {"待办"}


def test_it_counts_what_is_there_and_goes_when_marking_begins(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.writing() as db:
        db.conn.execute("UPDATE performance SET video_id = NULL WHERE id = 1")
        db.conn.execute("UPDATE node SET state = 'invited' WHERE id = 4")
        for node in (1, 2):
            hear_of(db, node, now(), disk_free_bytes=10**12)
            readiness.put(db, node, a_report(Tone.OK), now())
        prepare(db, "trial", ADMIN, NINE)
        people, works = db.table("account").count, db.table("performance").count
    store.close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        assert shown(browser) == {
            "名册": ("完成", f"{people} 名评阅人员"),
            "题组和标准": ("完成", "2 个题组"),
            "视频": ("待办", f"{works - 1} / {works} 份作品有可用的视频"),
            "节点": ("待办", "3 / 4 个有教师的区县已接入"),
            "场地": ("待办", "2 / 4 个有教师的区县可以阅卷"),
            "试阅": ("完成", "已准备，可以分配"),
        }
        with store_of(browser).writing() as db:
            allocate(db, 1, ADMIN, NINE)
        assert shown(browser) == {}
        assert "区县进度" in browser.get("/").text
