"""节点 page: in step or not, alarms, a recovery, and what may be done about each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import alarms, credentials, hellos, meta
from hub.work import lives, recovery
from tests.hub.makers import an_allocated_hub
from tests.hub.pages import Browser, a_browser, sign_in, store_of
from tests.makers import NINE


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    an_allocated_hub(tmp_path, works=1).close()
    with a_browser(tmp_path) as opened:
        sign_in(opened)
        yield opened


def test_it_says_which_nodes_are_in_step(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        hellos.put_comparison(db, 1, meta.hub_inc(db), 0, NINE)
        hellos.put_comparison(db, 2, meta.hub_inc(db), 7, NINE)
    text = browser.get("/nodes").text
    assert "一致" in text and "差 7 份" in text


def test_an_alarm_is_shown_until_somebody_clears_it(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        alarms.put(db, 1, "two_programs", NINE)
    assert "有两台电脑在用这个节点的身份" in browser.get("/nodes").text
    text = browser.post("/nodes/1/clear").text
    assert "警报已解除" in text and "有两台电脑" not in text


def test_a_recovery_names_whom_it_waits_for_and_ends_without_them(browser: Browser) -> None:
    with store_of(browser).writing() as db:
        lives.begin_again(db, lives.RESTORED, NINE)
    assert "市级中心正在恢复" not in browser.get("/nodes").text, "every session has ended"
    sign_in(browser)
    text = browser.get("/nodes").text
    assert "市级中心正在恢复" in text and "还在等待 4 个节点" in text
    for number in (1, 2, 3, 4):
        assert "已记入审计" in browser.post(f"/nodes/{number}/leave-out").text
    assert "市级中心正在恢复" not in browser.get("/nodes").text
    with store_of(browser).reading() as db:
        assert not recovery.is_on(db)


def test_a_secret_is_rotated_and_what_was_put_aside_taken_up_again(browser: Browser) -> None:
    assert "换用新的凭据" in browser.post("/nodes/1/rotate").text
    with store_of(browser).reading() as db:
        assert [c.state for c in credentials.of_node(db, 1)] == ["next"]
    assert "重新处理" in browser.post("/nodes/replay").text
    assert browser.post("/nodes/99/rotate").status_code == 404


@pytest.mark.parametrize("act", ["1/rotate", "1/clear", "1/leave-out", "replay"])
def test_a_viewer_may_only_look(tmp_path: Path, act: str) -> None:
    an_allocated_hub(tmp_path, works=1).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser, "city_viewer")
        assert browser.post(f"/nodes/{act}").status_code == 403
