"""A node joins the city with a one-time code."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from hub.store import attempts, audit, holdings, nodes
from hub.work.enrol_node import (
    _ALPHABET,
    ADDRESS_TRIES_MAX,
    CODE_TRIES_MAX,
    _is_well_formed,
    enrol,
    invite,
    retire,
)
from shared import PROTOCOL
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire import paths
from shared.wire.messages import EnrolAnswer, EnrolRequest
from tests.hub.door import a_door
from tests.hub.makers import a_hub
from tests.makers import NINE

NAME = "第1区二号机房"
LAB = "10.0.0.1"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    store: Store = a_hub(tmp_path, works=1)
    with store.writing() as db:
        yield db
    store.close()


def a_request(code: str, **changes: object) -> EnrolRequest:
    request = EnrolRequest(
        code=code, enrol_nonce="n1", node_inc="i1", app_version="0.1.0", protocol=PROTOCOL
    )
    return msgspec.structs.replace(request, **changes)


def refusal(outcome: EnrolAnswer | Refusal) -> str:
    assert isinstance(outcome, Refusal)
    return outcome.code


def admitted(outcome: EnrolAnswer | Refusal) -> EnrolAnswer:
    assert isinstance(outcome, EnrolAnswer), outcome
    return outcome


def another(code: str) -> str:
    """A well-formed code of another slot: the sixth character and the check are changed."""
    bare = code.replace("-", "")
    made = (bare[:5] + d + bare[6:10] + c for d in _ALPHABET for c in _ALPHABET)
    return next(m for m in made if _is_well_formed(m) and m != bare)


def test_a_node_enrols_with_its_code_however_it_is_typed(db: Database) -> None:
    code = invite(db, NAME, 1, NINE)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    answer = admitted(enrol(db, a_request(typed), LAB, NINE))
    node = nodes.node(db, answer.node_id)
    assert node is not None and node.state == "enrolled" and node.secret == answer.secret
    assert (answer.node_name, answer.district) == (NAME, "第1区")
    assert len(bytes.fromhex(answer.secret)) == 32
    assert audit.of_action(db, "node_enrolled")[0].detail["node"] == NAME


def test_the_code_itself_is_nowhere_in_the_database(db: Database) -> None:
    code = invite(db, NAME, 1, NINE).replace("-", "")
    assert code not in "".join(db.conn.iterdump())


def test_a_lost_answer_is_given_again_for_a_quarter_of_an_hour(db: Database) -> None:
    code = invite(db, NAME, 1, NINE)
    first = admitted(enrol(db, a_request(code), LAB, NINE))
    assert enrol(db, a_request(code), LAB, NINE + timedelta(minutes=14)) == first
    assert refusal(enrol(db, a_request(code), LAB, NINE + timedelta(minutes=16))) == "code_used"


def test_a_used_code_admits_no_second_node(db: Database) -> None:
    code = invite(db, NAME, 1, NINE)
    admitted(enrol(db, a_request(code), LAB, NINE))
    second = enrol(db, a_request(code, enrol_nonce="n2"), LAB, NINE)
    assert refusal(second) == "code_used"


def test_a_live_node_is_replaced_only_after_a_new_invitation(db: Database) -> None:
    old = admitted(enrol(db, a_request(invite(db, NAME, 1, NINE)), LAB, NINE))
    code = invite(db, NAME, 1, NINE)
    still = nodes.node(db, old.node_id)
    assert still is not None and still.secret == old.secret and still.state == "enrolled"
    holdings.change(db, old.node_id, ["6b" * 32], [])
    new = admitted(enrol(db, a_request(code, enrol_nonce="n2"), LAB, NINE))
    assert new.node_id == old.node_id and new.secret != old.secret


def test_a_code_lasts_two_days(db: Database) -> None:
    code = invite(db, NAME, 1, NINE)
    assert refusal(enrol(db, a_request(code), LAB, NINE + timedelta(hours=49))) == "code_expired"
    admitted(enrol(db, a_request(code), LAB, NINE + timedelta(hours=47)))


def test_guessing_voids_the_code(db: Database) -> None:
    code = invite(db, NAME, 1, NINE)
    wrong = another(code)
    for guess in range(CODE_TRIES_MAX):
        assert refusal(enrol(db, a_request(wrong), f"10.0.1.{guess}", NINE)) == "code_wrong"
    assert refusal(enrol(db, a_request(code), LAB, NINE)) == "code_locked"
    admitted(enrol(db, a_request(invite(db, NAME, 1, NINE)), LAB, NINE))


def test_a_slip_of_the_hand_does_not_count_against_the_code(db: Database) -> None:
    code = invite(db, NAME, 1, NINE)
    for position in range(11):
        bare = code.replace("-", "")
        slip = bare[:position] + ("7" if bare[position] != "7" else "8") + bare[position + 1 :]
        assert refusal(enrol(db, a_request(slip), LAB, NINE)) == "code_wrong"
    node = nodes.by_name(db, NAME)
    assert node is not None and node.code_tries == 0


def test_an_address_that_keeps_guessing_has_to_wait(db: Database) -> None:
    code = invite(db, NAME, 1, NINE)
    for _ in range(ADDRESS_TRIES_MAX):
        assert refusal(enrol(db, a_request("no code"), LAB, NINE)) == "code_wrong"
    assert refusal(enrol(db, a_request(code), LAB, NINE)) == "too_many_tries"
    admitted(enrol(db, a_request(code), LAB, NINE + timedelta(minutes=16)))


def test_another_version_of_the_protocol_is_told_to_update(db: Database) -> None:
    code = invite(db, NAME, 1, NINE)
    assert refusal(enrol(db, a_request(code, protocol=PROTOCOL + 1), LAB, NINE)) == "protocol"


def test_an_invitation_needs_a_known_district_and_a_free_name(db: Database) -> None:
    for name, district, code in (
        (" ", 1, "node_name_missing"),
        (NAME, 99, "district_unknown"),
        ("第1区节点", 2, "node_name_taken"),
    ):
        with pytest.raises(Refusal) as refused:
            invite(db, name, district, NINE)
        assert refused.value.code == code


def test_a_retired_node_is_forgotten_and_can_be_invited_again(db: Database) -> None:
    answer = admitted(enrol(db, a_request(invite(db, NAME, 1, NINE)), LAB, NINE))
    retire(db, answer.node_id, "市级管理员", NINE)
    retire(db, answer.node_id, "市级管理员", NINE)
    node = nodes.node(db, answer.node_id)
    assert node is not None and (node.state, node.secret) == ("retired", None)
    assert len(audit.of_action(db, "node_retired")) == 1
    again = enrol(db, a_request(invite(db, NAME, 1, NINE), enrol_nonce="n2"), LAB, NINE)
    assert admitted(again).node_id == answer.node_id


def test_over_http_a_wrong_try_stays_counted_and_is_explained(tmp_path: Path) -> None:
    store = a_hub(tmp_path, works=1)
    with store.writing() as db:
        invite(db, NAME, 1, NINE)
    store.close()

    async def visit() -> None:
        async with a_door(tmp_path) as door:
            body = msgspec.json.encode(a_request("wrong"))
            response = await door.http.post(paths.ENROL, content=body)
            assert response.status_code == 403
            assert response.json()["code"] == "code_wrong"
            with door.store.reading() as db:
                assert len(attempts.since(db, "enrol 127.0.0.1", NINE)) == 1
            response = await door.http.post(paths.ENROL, content=b'{"code": 5}')
            assert (response.status_code, response.json()["code"]) == (400, "bad_body")
            assert (await door.http.post(paths.ENROL, content=b"x" * 5000)).status_code == 413

    asyncio.run(visit())


def test_over_http_a_node_enrols(tmp_path: Path) -> None:
    store = a_hub(tmp_path, works=1)
    with store.writing() as db:
        code = invite(db, NAME, 1, now())
    store.close()

    async def visit() -> EnrolAnswer:
        async with a_door(tmp_path) as door:
            response = await door.http.post(
                paths.ENROL, content=msgspec.json.encode(a_request(code))
            )
            assert response.status_code == 200
            return msgspec.json.decode(response.content, type=EnrolAnswer)

    assert asyncio.run(visit()).node_name == NAME
