"""Slices of files: what a browser's player asks for, and what it may not have."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.testing import TestClient

from shared.web import sending
from shared.web.ranges import serve_file
from shared.web.slices import Span, Unsatisfiable, parse_range

BODY = bytes(range(256)) * 2500
TAG = "a" * 64


def _app(path: Path) -> Litestar:
    @route("/v", http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def video(request: Request[Any, Any, Any]) -> Response[None]:
        return await serve_file(path, request, etag=TAG, media_type="video/mp4")

    return Litestar([video], openapi_config=None)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    path = tmp_path / "v.mp4"
    path.write_bytes(BODY)
    with TestClient(_app(path)) as client:
        yield client


def test_without_a_range_the_whole_file_comes(client: TestClient[Litestar]) -> None:
    answer = client.get("/v")
    assert answer.status_code == 200
    assert answer.content == BODY
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == str(len(BODY))
    assert answer.headers["etag"] == f'"{TAG}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"].startswith("private")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=0-0", 0, 1),
        ("bytes=1000-", 1000, len(BODY)),
        ("bytes=-500", len(BODY) - 500, len(BODY)),
        ("bytes=-99999999", 0, len(BODY)),
        ("bytes=300000-99999999", 300_000, len(BODY)),
    ],
)
def test_one_range_comes_alone(
    client: TestClient[Litestar], asked: str, start: int, end: int
) -> None:
    answer = client.get("/v", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == BODY[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(BODY)}"
    assert answer.headers["content-length"] == str(end - start)


def test_head_says_the_length_and_sends_nothing(client: TestClient[Litestar]) -> None:
    answer = client.head("/v", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(BODY))


@pytest.mark.parametrize("tag", [f'"{TAG}"', f'W/"{TAG}"', f'"x", "{TAG}"', "*"])
def test_what_the_browser_has_is_not_sent_again(client: TestClient[Litestar], tag: str) -> None:
    answer = client.get("/v", headers={"If-None-Match": tag, "Range": "bytes=0-9"})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{TAG}"'


def test_a_part_of_another_version_is_answered_with_the_whole(
    client: TestClient[Litestar],
) -> None:
    for tag, status in [(f'"{TAG}"', 206), ('"other"', 200), (f'W/"{TAG}"', 200)]:
        answer = client.get("/v", headers={"Range": "bytes=0-9", "If-Range": tag})
        assert answer.status_code == status


@pytest.mark.parametrize("asked", [f"bytes={len(BODY)}-", "bytes=-0", "bytes=0-1,5-6"])
def test_what_cannot_be_given_is_refused(client: TestClient[Litestar], asked: str) -> None:
    answer = client.get("/v", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(BODY)}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=", "bytes=-", "bytes=9-1", "bytes=a-b", "rows=0-1", "bytes=" + "9" * 5000 + "-"],
)
def test_what_is_no_range_is_ignored(client: TestClient[Litestar], asked: str) -> None:
    assert client.get("/v", headers={"Range": asked}).status_code == 200


def test_an_empty_file_is_served_and_has_no_ranges(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.touch()
    with TestClient(_app(path)) as client:
        assert client.get("/v").content == b""
        assert client.get("/v", headers={"Range": "bytes=0-"}).status_code == 416


def test_digits_of_other_scripts_are_no_range() -> None:
    assert parse_range("bytes=٣-٤", 10) is None
    assert parse_range("bytes=3-4", 10) == Span(3, 5)
    with pytest.raises(Unsatisfiable):
        parse_range("bytes=10-", 10)


def test_a_browser_that_leaves_ends_the_reading_and_closes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(bytes(64 * sending.CHUNK_BYTES))
    opened: list[Any] = []
    original = sending.open_at

    def watched(where: Path, start: int) -> Any:
        opened.append(original(where, start))
        return opened[-1]

    monkeypatch.setattr(sending, "open_at", watched)
    sent = asyncio.run(_leave_after(_app(path), chunks=3))
    assert sent < 10
    assert opened[0].closed


async def _leave_after(app: Litestar, chunks: int) -> int:
    """Ask for the file as a browser that goes away; how many chunks were sent."""
    left, bodies = asyncio.Event(), 0
    requested = False

    async def receive() -> Any:
        nonlocal requested
        if not requested:
            requested = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal bodies
        if message["type"] == "http.response.body":
            bodies += 1
            if bodies >= chunks:
                left.set()
        await asyncio.sleep(0)

    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v",
        "raw_path": b"/v",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"lab")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await asyncio.wait_for(app(scope, receive, send), 20)
    return bodies
