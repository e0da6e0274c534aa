"""A corrected video: the performance is marked afresh, and the earlier marks stay in the record."""

from pathlib import Path

import pytest
from sqlite_utils import Database

from hub.store import feed, marks, outcomes, performances, slots, tasks
from hub.store.videos import NewVideo
from hub.work.correct_video import correct_video
from hub.work.verify import verify
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.codes import Code
from tests.hub.makers import ADMIN, an_allocated_hub, give, give_both, live_task, the_task
from tests.makers import NINE


def a_video(name: str = "c") -> NewVideo:
    return NewVideo(name * 64, 2000, 90_000, 480, 360, "80" * 240, -20.0)


@pytest.fixture
def hub(tmp_path: Path) -> Store:
    """Performance 1 has a confirmed exception."""
    store = an_allocated_hub(tmp_path, districts=5, markers=4, works=2)
    with store.writing() as db:
        for number in (1, 2, 4):
            give(db, the_task(db, 1, number), "------", exception="no_picture")
        assert outcomes.count_by_state(db, 1) == {"exception": 1}
    return store


def code(db: Database, id: int = 1) -> str:
    found = performances.performance(db, id)
    assert found is not None
    return found.code


def test_it_is_marked_afresh_by_other_people(hub: Store) -> None:
    with hub.writing() as db:
        before = {m.account_id for m in marks.every(db, 1)}
        correct_video(db, code(db), a_video(), ADMIN, NINE)
        assert outcomes.outcome(db, 1, 1) is None
        fresh = [the_task(db, 1, number) for number in (1, 2)]
        assert not {t.account_id for t in fresh} & before
        assert fresh[0].district_id != fresh[1].district_id
        assert live_task(db, 1, 4) is None
        assert verify(db) == []
        give_both(db, 1, "332101", "332101")
        found = outcomes.outcome(db, 1, 1)
        assert found is not None and found.state == "settled"
        assert verify(db) == []


def test_the_earlier_marks_stay_in_the_record(hub: Store) -> None:
    with hub.writing() as db:
        correct_video(db, code(db), a_video(), ADMIN, NINE)
        assert [m.standing for m in marks.every(db, 1)] == ["replaced"] * 3
        told = {c.ref for d in range(1, 6) for c in feed.after(db, d, 0, 1000)}
        assert {t.id for t in tasks.of_performance(db, 1, 1)} <= told


def test_a_mark_of_the_video_before_that_comes_late_is_surplus(hub: Store) -> None:
    with hub.writing() as db:
        late = the_task(db, 2, 1)
        give(db, the_task(db, 2, 2))
        correct_video(db, code(db, 2), a_video(), ADMIN, NINE)
        assert give(db, late, number=900).code == Code.SURPLUS
        assert slots.of_performance(db, 1, 2)[1].state == "assigned"
        give_both(db, 2, "332101", "322101")
        assert the_task(db, 2, 3).criteria
        assert verify(db) == []


def test_what_is_settled_or_unchanged_or_unknown_is_refused(hub: Store) -> None:
    with hub.writing() as db:
        give_both(db, 2, "332101", "332101")
        with pytest.raises(Refusal, match="已有终评结果"):
            correct_video(db, code(db, 2), a_video(), ADMIN, NINE)
        with pytest.raises(Refusal, match="没有作品"):
            correct_video(db, "ZX-000000", a_video(), ADMIN, NINE)
        correct_video(db, code(db), a_video(), ADMIN, NINE)
        with pytest.raises(Refusal, match="现在的视频"):
            correct_video(db, code(db), a_video(), ADMIN, NINE)
        assert verify(db) == []
