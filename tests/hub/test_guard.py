"""Only an enrolled node, with its own signature and a fresh time, is let in."""

from datetime import timedelta
from pathlib import Path

import httpx
import msgspec

from hub.api.guard import NONCES_KEPT, Nonces
from hub.store import nodes
from shared.kit.clock import now, parse_stamp
from shared.wire import paths, signing
from shared.wire.messages import PullRequest
from tests.hub.door import SECRET, AtDoor, a_status, at_door
from tests.makers import NINE

BODY = msgspec.json.encode(PullRequest(hub_inc="", after=0, wait_s=0, status=a_status()))


def code_of(response: httpx.Response, status: int = 401) -> str:
    assert response.status_code == status, response.text
    return str(response.json()["code"])


def is_signed(response: httpx.Response, secret: str = SECRET) -> bool:
    nonce = response.request.headers[paths.NONCE_HEADER]
    expected = signing.sign_answer(secret, nonce, response.content)
    return bool(response.headers.get(paths.SIGNATURE_HEADER, "") == expected)


def test_a_signed_request_gets_an_answer_signed_for_it(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        response = await door.ask(paths.PULL, BODY)
        assert response.status_code == 200 and is_signed(response)
        assert response.headers["content-encoding"] == "gzip"

    at_door(tmp_path, visit)


def test_nobody_else_is_let_in(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        assert code_of(await door.http.post(paths.PULL, content=BODY)) == "unknown_node"
        for node in ("99", "x", "²", "-1", "9" * 30):
            header = [(paths.NODE_HEADER.encode(), node.encode())]
            response = await door.http.post(paths.PULL, content=BODY, headers=header)
            assert code_of(response) == "unknown_node"
        signature = {paths.SIGNATURE_HEADER: "0" * 64}
        response = await door.ask(paths.PULL, BODY, headers=signature)
        assert code_of(response) == "signature" and not is_signed(response)
        door.secret = "11" * 32
        assert code_of(await door.ask(paths.PULL, BODY)) == "signature"

    at_door(tmp_path, visit)


def test_the_signature_covers_method_path_and_body(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        good = (await door.ask(paths.PUSH, b"{}")).request.headers
        kept = {n: v for n, v in good.items() if n.startswith("x-shengping")}
        for path, body in ((paths.PULL, b"{}"), (paths.PUSH, b"[]"), (paths.PUSH + "?a=1", b"{}")):
            response = await door.http.post(path, content=body, headers=kept)
            assert code_of(response) == "signature"

    at_door(tmp_path, visit)


def test_a_request_cannot_be_played_again(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        first = await door.ask(paths.PULL, BODY)
        again = await door.http.post(paths.PULL, content=BODY, headers=dict(first.request.headers))
        assert code_of(again) == "replay"

    at_door(tmp_path, visit)


def test_a_wrong_clock_is_told_the_time_and_may_try_again(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        for hours in (-8, 8):
            wrong = now() + timedelta(hours=hours)
            response = await door.ask(paths.PULL, BODY, moment=wrong)
            assert code_of(response) == "clock" and is_signed(response)
            told = parse_stamp(response.headers[paths.TIME_HEADER])
            assert abs(told - now()) < timedelta(seconds=30)
            corrected = wrong + (told - wrong)
            assert (await door.ask(paths.PULL, BODY, moment=corrected)).status_code == 200

    at_door(tmp_path, visit)


def test_a_time_that_is_none_is_a_wrong_clock(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        for time in ("", "now", "2023-04-13", "9999-99-99T00:00:00Z"):
            nonce = "n" + time
            response = await door.ask(
                paths.PULL,
                BODY,
                headers={
                    paths.TIME_HEADER: time,
                    paths.NONCE_HEADER: nonce,
                    paths.SIGNATURE_HEADER: signing.sign_request(
                        SECRET, "POST", paths.PULL, BODY, time, nonce
                    ),
                },
            )
            assert code_of(response) == "clock"

    at_door(tmp_path, visit)


def test_a_retired_node_is_told_so(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        with door.store.writing() as db:
            nodes.retire(db, door.node)
        assert code_of(await door.ask(paths.PULL, BODY)) == "retired"
        assert code_of(await door.ask(paths.PUSH, b"{}")) == "retired"

    at_door(tmp_path, visit)


def test_what_cannot_be_read_is_refused_with_a_signature(tmp_path: Path) -> None:
    async def visit(door: AtDoor) -> None:
        for path, body in ((paths.PULL, b"{"), (paths.PULL, b'{"after": "x"}'), (paths.PUSH, b"")):
            response = await door.ask(path, body)
            assert code_of(response, 400) == "bad_body" and is_signed(response)
        response = await door.ask(paths.PULL, b"x" * 20_000)
        assert response.status_code == 413
        assert (await door.ask(paths.PULL, method="GET")).status_code == 405

    at_door(tmp_path, visit)


def test_nonces_are_forgotten_when_their_time_is_long_over() -> None:
    nonces = Nonces()
    assert nonces.use(1, "a", NINE)
    assert not nonces.use(1, "a", NINE + NONCES_KEPT - timedelta(seconds=1))
    assert nonces.use(2, "a", NINE)
    assert nonces.use(1, "a", NINE + NONCES_KEPT)
