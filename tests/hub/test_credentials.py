"""Two secrets, retired ones, and two programs with one identity: marks come in all the same."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from hub.api.boots import Boots
from hub.store import alarms, credentials, events, nodes
from hub.work.dispute import clear
from hub.work.enrol_node import enrol, invite, retire
from hub.work.replay import replay
from hub.work.rotate_secret import next_secret, rotate
from shared import PROTOCOL
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.wire import paths
from shared.wire.messages import EnrolRequest, HoldingBody, PullRequest
from tests.hub.door import SECRET, AtDoor, a_status, an_event, answer_of, at_door
from tests.hub.makers import ADMIN
from tests.makers import NINE

EMPTY = HoldingBody(gained=[], lost=[])


def pull_body(boot_id: str = "") -> bytes:
    return msgspec.json.encode(
        PullRequest(hub_inc="", after=0, wait_s=0, status=a_status(), boot_id=boot_id)
    )


def rotated(door: AtDoor) -> str:
    """The node's next secret."""
    with door.store.writing() as db:
        node = nodes.node(db, door.node)
        assert node is not None
        rotate(db, node, ADMIN, now())
        return next_secret(db, node)


def test_both_secrets_hold_until_the_new_one_is_used(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        fresh = rotated(door)
        assert (await door.pull()).next_secret == fresh != SECRET
        assert (await door.pull()).next_secret == fresh, "the answer may have been lost"
        door.secret = fresh
        assert (await door.pull()).next_secret == ""
        with door.store.reading() as db:
            assert [c.state for c in credentials.of_node(db, 1)] == ["retired"]

    at_door(tmp_path, visit)


def test_a_request_on_its_way_while_the_secret_was_rotated_is_still_good(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        door.secret = rotated(door)
        await door.pull()
        door.secret = SECRET
        await door.pull()
        with door.store.reading() as db:
            assert alarms.all_open(db) == []

    at_door(tmp_path, visit)


def let_pass(door: AtDoor, minutes: int) -> None:
    with door.store.writing() as db:
        since = now() - timedelta(minutes=minutes)
        credentials.retire_current(db, 99, since)
        for held in credentials.of_node(db, door.node):
            db.table("credential").update(
                (door.node, held.secret), {"since": since.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
            )


def test_a_retired_secret_later_brings_an_alarm_and_its_events_are_kept_apart(
    tmp_path: Path,
) -> None:
    async def visit(door: AtDoor) -> None:
        fresh = rotated(door)
        door.secret = fresh
        await door.pull()
        let_pass(door, 11)
        door.secret = SECRET
        answer = answer_of(await door.push(an_event("holding", EMPTY)))
        assert [r.code for r in answer.results] == ["quarantined"], "kept, not refused"
        assert (await door.ask(paths.PULL, pull_body())).status_code == 401
        door.secret = fresh
        refused = await door.ask(paths.PULL, pull_body())
        assert (refused.status_code, refused.json()["code"]) == (403, "suspended")
        assert answer_of(await door.push(an_event("holding", EMPTY), node_inc="b")).acked_seq == 1
        with door.store.writing() as db:
            node = nodes.node(db, 1)
            assert node is not None
            clear(db, node, ADMIN, NINE)
            assert len(events.quarantined(db, 9)) == 1
            assert replay(db, ADMIN, NINE) == 1
            assert events.quarantined(db, 9) == []
        await door.pull()

    at_door(tmp_path, visit)


def test_the_pc_that_was_replaced_hands_in_its_last_marks_for_a_person_to_look_at(
    tmp_path: Path,
) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.writing() as db:
            code = invite(db, "第1区节点", 1, now())
            asked = EnrolRequest(
                code=code, enrol_nonce="n2", node_inc="i2", app_version="1", protocol=PROTOCOL
            )
            answer = enrol(db, asked, "127.0.0.1", now())
            assert not isinstance(answer, Refusal) and answer.secret != SECRET
        late = answer_of(await door.push(an_event("holding", EMPTY)))
        assert [r.code for r in late.results] == ["quarantined"]
        assert (await door.ask(paths.PULL, pull_body())).status_code == 401
        with door.store.reading() as db:
            node = nodes.node(db, 1)
            assert node is not None and node.node_inc == "i2"
            assert [a.kind for a in alarms.all_open(db)] == ["retired_secret"]

    at_door(tmp_path, visit)


def test_a_retired_nodes_last_marks_are_kept_too(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.writing() as db:
            retire(db, 1, ADMIN, now())
        late = answer_of(await door.push(an_event("holding", EMPTY)))
        assert [r.code for r in late.results] == ["quarantined"]

    at_door(tmp_path, visit)


def test_the_secret_of_the_enrolment_is_rotated_with_the_first_pull(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.writing() as db:
            code = invite(db, "第1区节点", 1, now())
            asked = EnrolRequest(
                code=code, enrol_nonce="n2", node_inc="i2", app_version="1", protocol=PROTOCOL
            )
            answer = enrol(db, asked, "127.0.0.1", now())
            assert not isinstance(answer, Refusal)
        door.secret = answer.secret
        fresh = (await door.pull()).next_secret
        assert fresh not in ("", answer.secret)
        with door.store.writing() as db:
            again = enrol(db, asked, "127.0.0.1", now())
        assert isinstance(again, Refusal) and again.code == "code_used"

    at_door(tmp_path, visit)


def test_two_programs_with_one_identity_get_no_new_work_but_hand_in_their_marks(
    tmp_path: Path,
) -> None:
    async def visit(door: AtDoor) -> None:
        codes = [
            (await door.ask(paths.PULL, pull_body(boot))).status_code for boot in ("a", "b", "a")
        ]
        assert codes == [200, 200, 403]
        assert answer_of(await door.push(an_event("holding", EMPTY))).results[0].code == "applied"
        with door.store.writing() as db:
            assert [a.kind for a in alarms.all_open(db)] == ["two_programs"]
            node = nodes.node(db, 1)
            assert node is not None
            clear(db, node, ADMIN, NINE)
        assert (await door.ask(paths.PULL, pull_body("a"))).status_code == 200

    at_door(tmp_path, visit)


def test_a_program_that_was_started_again_is_no_second_one() -> None:
    boots = Boots()
    heard = [boots.hear(1, boot, NINE) for boot in ("a", "a", "b", "b", "c", "c", "")]
    assert not any(heard)
    assert not boots.hear(2, "a", NINE), "another node"


@pytest.mark.parametrize(("seconds", "alarm"), [(89, True), (91, False)])
def test_only_runs_that_alternate_within_a_minute_and_a_half_are_two(
    seconds: int, alarm: bool
) -> None:
    boots = Boots()
    boots.hear(1, "a", NINE)
    boots.hear(1, "b", NINE + timedelta(seconds=1))
    assert boots.hear(1, "a", NINE + timedelta(seconds=seconds)) is alarm
