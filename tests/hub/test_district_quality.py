"""A district's lead is told of the own people alone, and of no clip that is still open."""

from pathlib import Path

import msgspec

from hub.store import sittings
from hub.work.assess_quality import assess
from shared.kit.clock import now
from shared.wire import paths
from shared.wire.quality import QualityAnswer, QualityRequest, card_of
from tests.hub.door import AtDoor, at_door
from tests.hub.makers import give, give_both, the_task


async def asked(door: AtDoor) -> QualityAnswer:
    answer = await door.ask(paths.QUALITY, msgspec.json.encode(QualityRequest()))
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=QualityAnswer)


def mark_some(door: AtDoor) -> None:
    """The third marks of the first dispute are in; those of the second are not."""
    with door.store.writing() as db:
        for performance in range(1, 7):
            give_both(db, performance, "333333", "303333" if performance < 3 else "333333")
        give(db, the_task(db, 1, 3), "-3----")


def test_a_district_hears_of_its_own_markers_what_the_hub_measured(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        mark_some(door)
        told = await asked(door)
        with door.store.reading() as db:
            found = assess(db, told.sitting, now())
            own = {
                row[0] for row in db.conn.execute("SELECT id FROM account WHERE district_id = 1")
            }
        assert told.markers
        assert {marker.account_id for marker in told.markers} <= own
        by_id = {marker.account_id: marker for marker in found.markers}
        assert set(by_id) & own == {marker.account_id for marker in told.markers}
        for marker in told.markers:
            assert marker.agreement == card_of(by_id[marker.account_id].agreement)
            assert marker.heard == by_id[marker.account_id].habits.heard_share
        assert told.district == card_of(found.by_district[1])
        assert {id: one.exact.n for id, one in told.by_group.items()} == {
            id: one.exact.n for id, one in found.within[1].by_group.items()
        }
        assert sum(one.exact.n for one in told.by_group.values()) == told.district.exact.n

    at_door(tmp_path, visit)


def test_only_clips_whose_third_mark_is_in_are_named(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        mark_some(door)
        named = set()
        for node in (1, 2, 3):
            door.node = node
            named |= {code for marker in (await asked(door)).markers for code in marker.clips}
        with door.store.reading() as db:
            row = db.conn.execute("SELECT code FROM performance WHERE id = 1").fetchone()
        assert named == {row[0]}

    at_door(tmp_path, visit)


def test_of_a_wiped_trial_nothing_is_told(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        mark_some(door)
        assert (await asked(door)).markers
        with door.store.writing() as db:
            db.conn.execute("UPDATE sitting SET kind = 'trial', state = 'wiped'")
            assert sittings.open_sitting(db) is None
        told = await asked(door)
        assert (told.sitting, told.markers) == (0, [])

    at_door(tmp_path, visit)
