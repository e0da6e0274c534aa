"""A lead asks the city, with or without a line to it, and reads the answer."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from node.store import announcements, outbox
from shared.wire.requests import RequestBody
from tests.makers import CHEN, SUN, WANG, ZHAO, an_announcement_card
from tests.node.door import Lab, a_lab

WISH = {
    "kind": "replace",
    "account_id": str(WANG),
    "new_name": "郑七七",
    "new_phone": "19900000099",
    "text": "王老师病假",
}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, first_sign_in="keep") as lab:
        yield lab


def test_a_request_waits_in_the_outbox_for_the_line(lab: Lab) -> None:
    lead = lab.at_work(ZHAO)
    assert "更换教师、调配任务" in lead.get("/accounts").text
    assert lead.post("/requests", data=WISH).status_code == 303
    shown = lead.get("/requests?done=asked").text
    for words in ("等待上报", "王一一 → 郑七七", "申请已保存"):
        assert words in shown
    with lab.store.reading() as db:
        (row,) = [r for r in outbox.pending(db, 10) if r.kind == "request"]
    body = msgspec.json.decode(row.body, type=RequestBody)
    assert (body.account_id, body.new_phone, body.asked_by) == (WANG, "19900000099", ZHAO)


def test_the_citys_answer_stands_below(lab: Lab) -> None:
    with lab.store.writing() as db:
        text = "申请“更换教师（王一一）”：未同意：名额已满。"
        announcements.put(db, an_announcement_card(7, text=text, roles=["lead"]))
    assert "名额已满" in lab.at_work(ZHAO).get("/requests").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"account_id": "0"}, "请选择"),
        ({"account_id": str(SUN)}, "请选择"),
        ({"new_name": " "}, "新教师的姓名"),
        ({"new_phone": "123"}, "11 位"),
        ({"text": ""}, "写明原因"),
    ],
)
def test_what_the_city_could_not_do_is_not_sent(
    lab: Lab, changes: dict[str, str], said: str
) -> None:
    answer = lab.at_work(ZHAO).post("/requests", data=WISH | changes)
    assert answer.status_code == 400
    assert said in answer.text
    with lab.store.reading() as db:
        assert [r for r in outbox.pending(db, 10) if r.kind == "request"] == []


def test_only_the_lead_asks(lab: Lab) -> None:
    for person in (CHEN, SUN):
        assert lab.at_work(person).post("/requests", data=WISH).status_code == 403
        assert lab.at_work(person).get("/requests").status_code == 403


def test_whom_the_list_of_accounts_names_is_chosen_already(lab: Lab) -> None:
    lead = lab.at_work(ZHAO)
    assert f'href="/requests?account={WANG}"' in lead.get("/accounts").text
    page = lead.get(f"/requests?account={WANG}").text
    assert f'<option value="{WANG}" selected>' in page
    assert "办理之前一切照旧" in page
