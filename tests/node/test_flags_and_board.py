"""The district's lead: what was flagged, with its clip, and the board in the hall."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from node.store import flags
from node.work.give_mark import give_mark
from shared.kit.clock import now
from shared.rules.rubric import MarkException
from tests.makers import CHEN, FORMAL, NAMES, SUN, WANG, ZHAO, a_task_card
from tests.node.door import VIDEO, Lab, Pc, a_lab
from tests.node.test_give_mark import an_answer

CARDS = (*(a_task_card(n, account_id=WANG) for n in (1, 2, 3)), a_task_card(4, account_id=CHEN))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, *CARDS, first_sign_in="keep") as lab:
        with lab.store.writing() as db:
            give_mark(db, WANG, an_answer(1), now())
            give_mark(db, WANG, an_answer(2, comment="声音很小"), now())
            flag = an_answer(4, "------", exception=MarkException.NO_PICTURE)
            give_mark(db, CHEN, flag, now())
        yield lab


@pytest.fixture
def lead(lab: Lab) -> Pc:
    return lab.at_work(ZHAO)


def test_flags_and_comments_are_listed_with_who_gave_them(lead: Pc) -> None:
    shown = lead.get("/flags").text
    assert "共 2 份" in shown
    for words in ("声音很小", "无图像", NAMES[WANG], NAMES[CHEN]):
        assert words in shown
    assert "<html" not in lead.get("/flags", headers={"X-Part": "1"}).text


def test_only_what_is_flagged_can_be_played_and_only_by_the_lead(lab: Lab, lead: Pc) -> None:
    assert lead.get("/flags/2/video").content == VIDEO
    assert lead.get("/flags/1/video").status_code == 404
    assert lead.get("/flags/99/video").status_code == 404
    for person in (WANG, SUN):
        assert lab.at_work(person).get("/flags/2/video").status_code == 403
        assert lab.at_work(person).get("/flags").status_code == 403


def test_the_board_shows_how_far_the_district_is_and_no_names(lab: Lab, lead: Pc) -> None:
    shown = lead.get("/board").text
    assert "75.0%" in shown
    assert "3 / 4" in shown
    assert "请先不要离开" in shown
    assert re.search(r"约 \d\d:\d\d 完成", shown)
    assert not any(name in shown for name in (NAMES[WANG], NAMES[CHEN]))
    assert lab.at_work(WANG).get("/board").status_code == 403


def test_the_pace_counts_first_versions_only(lab: Lab) -> None:
    with lab.store.reading() as db:
        assert flags.count_since(db, FORMAL, now() - timedelta(hours=1)) == 3
        assert flags.count_since(db, FORMAL, now() + timedelta(hours=1)) == 0


def test_without_tasks_the_board_says_so(tmp_path: Path) -> None:
    with a_lab(tmp_path, first_sign_in="keep") as empty:
        shown = empty.at_work(ZHAO).get("/board").text
        assert "还没有下发任务" in shown
        assert "还没有标记或评语" in empty.at_work(ZHAO).get("/flags").text
