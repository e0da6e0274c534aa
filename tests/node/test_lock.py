"""锁屏: what a PC whose person is away still tells, and who opens it again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.kit.tries import FREE_TRIES_PER_ACCOUNT
from tests.makers import a_task_card
from tests.node.door import PASSWORD, Lab, a_lab

WRONG = {"password": "somebody else's"}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_lab(tmp_path, a_task_card()) as lab:
        yield lab


def test_a_locked_page_gives_nothing_away_until_the_password_opens_it(lab: Lab) -> None:
    pc = lab.at_work()
    assert pc.post("/api/lock").json() == {"locked": True}
    assert pc.get("/mark").status_code == 200, "the shell, which asks for the password"
    assert pc.get("/api/me").json()["is_locked"] is True
    assert pc.get("/api/progress").status_code == 200, "new work is still announced"
    for url in ("/api/tasks?group=2", "/api/history", "/videos/1"):
        assert pc.get(url).status_code == 423, url
    assert pc.post("/api/reported", json={"event_ids": []}).json()["code"] == "screen_locked"
    assert pc.post("/api/unlock", json={"password": PASSWORD}).json() == {"locked": False}
    assert pc.get("/api/me").json()["is_locked"] is False
    assert pc.get("/api/tasks?group=2").status_code == 200


def test_another_password_does_not_open_it_and_soon_has_to_wait(lab: Lab) -> None:
    pc = lab.at_work()
    pc.post("/api/lock")
    tries = [pc.post("/api/unlock", json=WRONG) for _ in range(FREE_TRIES_PER_ACCOUNT + 1)]
    assert [t.status_code for t in tries] == [422] * FREE_TRIES_PER_ACCOUNT + [429]
    assert pc.get("/api/history").status_code == 423


def test_a_new_sign_in_is_not_locked(lab: Lab) -> None:
    pc = lab.at_work()
    pc.post("/api/lock")
    pc.post("/sign-out")
    pc.sign_in(password=PASSWORD)
    assert pc.get("/api/tasks?group=2").status_code == 200
    assert lab.pc().post("/api/lock").status_code == 401
