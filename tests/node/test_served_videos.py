"""Clips over real sockets: the right bytes to the right person, fast, whatever a PC does."""

import os
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

import node.schema
from node.store import sessions
from shared.kit.store import Store
from shared.kit.tokens import hash_token
from shared.web.sending import is_in_memory
from shared.web.slices import Span
from tests.makers import CHEN, LI, WANG, a_task_card, a_video_card
from tests.node.serving import Served, a_served_node

SIZE = 3_000_000
CONTENT = random.Random(5).randbytes(SIZE)
OTHER = random.Random(6).randbytes(50_000)
MINE = a_task_card(1, video=a_video_card(CONTENT))
THEIRS = a_task_card(2, account_id=CHEN, video=a_video_card(OTHER))
REQUESTS = 5_000
PATIENCE_S = 5.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    works = [(MINE, CONTENT), (THEIRS, OTHER)]
    with a_served_node(tmp_path, works, (WANG, CHEN, LI)) as served:
        yield served


@pytest.fixture
def granted(served: Served) -> Served:
    """Clip 1 is in memory, and 王 was allowed it just now."""
    if not _can_tell(served.folder):
        pytest.skip("this file system does not say what is in memory")
    with served.client(WANG) as client:
        a_range(client, 0, 9)
    return served


def a_range(client: httpx.Client, start: int, end: int) -> httpx.Response:
    return client.get("/videos/1", headers={"Range": f"bytes={start}-{end - 1}"})


def test_the_first_slice_and_all_that_follow_are_the_right_bytes(served: Served) -> None:
    with served.client(WANG) as client:
        for start, end in ((0, 100), (0, SIZE), (SIZE - 7, SIZE), (1_000_000, 2_000_000)):
            answer = a_range(client, start, end)
            assert (answer.status_code, answer.content) == (206, CONTENT[start:end])
            assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
            assert answer.headers["content-type"] == "video/mp4"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "private, no-cache"
        assert client.get("/videos/1").content == CONTENT


def test_the_short_way_answers_conditions_as_the_long_one(served: Served) -> None:
    tag = f'"{MINE.video.sha256}"'
    with served.client(WANG) as client:
        for _ in range(2):  # The second time it is the short way.
            known = client.get("/videos/1", headers={"If-None-Match": tag})
            assert (known.status_code, known.content) == (304, b"")
            beyond = client.get("/videos/1", headers={"Range": f"bytes={SIZE}-"})
            assert (beyond.status_code, beyond.content) == (416, b"")
            several = client.get("/videos/1", headers={"Range": "bytes=0-1,5-9"})
            assert several.status_code == 416
            other = client.get("/videos/1", headers={"Range": "bytes=0-1", "If-Range": '"x"'})
            assert (other.status_code, other.content) == (200, CONTENT)
            head = client.head("/videos/1")
            assert (head.status_code, head.headers["content-length"]) == (200, str(SIZE))


def test_the_short_way_is_open_to_nobody_else(served: Served) -> None:
    with served.client(WANG) as client, served.client(CHEN) as other:
        assert a_range(client, 0, 9).status_code == 206
        assert a_range(other, 0, 9).status_code == 404
        nobody = httpx.get(f"{served.url}/videos/1", headers={"Accept": "application/json"})
        assert nobody.status_code == 401
        assert client.get("/videos/٣").status_code == 404


def test_whoever_signs_out_here_sees_no_more_at_once(served: Served) -> None:
    with served.client(WANG) as client:
        for start in range(3):
            assert a_range(client, start, 9).status_code == 206
        assert client.post("/sign-out").status_code == 303
        assert a_range(client, 3, 9).status_code == 303
        answer = client.get("/videos/1", headers={"Accept": "application/json"})
        assert answer.status_code == 401


def test_whoever_is_signed_out_elsewhere_sees_no_more_after_a_few_seconds(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.videos.grants.GRANTED_FOR_S", 0.2)
    with served.client(WANG) as client:
        assert a_range(client, 0, 9).status_code == 206
        store = Store(served.folder / "node.db", node.schema.migrations)
        with store.writing() as db:
            sessions.end(db, hash_token(served.cookies[WANG].split("=", 1)[1]))
        store.close()
        time.sleep(0.3)
        answer = client.get("/videos/1", headers={"Accept": "application/json"})
        assert answer.status_code == 401


def test_a_bit_that_flips_while_a_clip_is_watched_is_never_sent(served: Served) -> None:
    flipped = bytearray(CONTENT)
    flipped[2_500_000] ^= 0x10
    with served.client(WANG) as client:
        for start in range(3):
            assert a_range(client, start, 1_000_000).content == CONTENT[start:1_000_000]
        served.path(MINE).write_bytes(flipped)
        answer = a_range(client, 2_000_000, SIZE)
        assert answer.status_code == 503
        served.path(MINE).write_bytes(CONTENT[:-1])
        assert a_range(client, 0, 9).status_code == 503


def test_five_thousand_slices_from_one_pc_are_all_right_and_hold_up_nobody(served: Served) -> None:
    chance = random.Random(7)
    spans = []
    for _ in range(REQUESTS):
        start = chance.randrange(SIZE - 20_000)
        spans.append((start, start + chance.randrange(1, 20_000)))

    def ask() -> int:
        """Ten at a time, from one thread: more of them would only take the node's own time."""
        right = 0
        with ExitStack() as stack:
            pcs = [stack.enter_context(served.connect()) for _ in range(10)]
            for first in range(0, REQUESTS, 10):
                batch = list(zip(pcs, spans[first : first + 10], strict=True))
                for pc, (start, end) in batch:
                    _ask(pc, cookie, f"Range: bytes={start}-{end - 1}\r\n".encode())
                for pc, (start, end) in batch:
                    right += _slice(pc, end - start) == CONTENT[start:end]
        return right

    cookie = served.cookies[WANG]
    with ThreadPoolExecutor(1) as pool, served.client(CHEN) as other:
        asking = pool.submit(ask)
        slowest = 0.0
        while not asking.done():
            began = time.monotonic()
            assert other.get("/api/progress").status_code == 200
            assert other.get("/videos/2").content == OTHER
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.05)
        assert asking.result() == REQUESTS
    assert slowest < PATIENCE_S


def test_a_browser_that_leaves_in_the_middle_leaves_nothing_open(served: Served) -> None:
    with served.client(WANG) as client:
        assert a_range(client, 0, 9).status_code == 206
        for turn in range(20):
            with served.connect() as leaving:
                # Every other one goes on with a second slice before.
                for _ in range(turn % 2):
                    assert _asked_for(served, leaving, 0, 100) == CONTENT[:100]
                _ask(leaving, served.cookies[WANG], f"Range: bytes=0-{SIZE}\r\n".encode())
                assert leaving.recv(1000).startswith(b"HTTP/1.1 206")
        deadline = time.monotonic() + PATIENCE_S
        while _open_clips(served):
            assert time.monotonic() < deadline, "the clip stays open"
            time.sleep(0.05)
        assert a_range(client, 5, 9).content == CONTENT[5:9]


def test_two_requests_at_once_on_one_connection_are_answered_in_order(served: Served) -> None:
    with served.client(WANG) as client:
        a_range(client, 0, 9)
    with served.connect() as both:
        _ask(both, served.cookies[WANG], b"Range: bytes=0-999999\r\n")
        _ask(both, served.cookies[WANG], b"Range: bytes=1000000-1999999\r\nConnection: close\r\n")
        got = _all_of(both)
    first, rest = got.split(b"\r\n\r\n", 1)
    assert rest[:1_000_000] == CONTENT[:1_000_000]
    second, rest = rest[1_000_000:].split(b"\r\n\r\n", 1)
    assert rest == CONTENT[1_000_000:2_000_000]
    assert first.startswith(b"HTTP/1.1 206") and second.startswith(b"HTTP/1.1 206")


def test_many_slices_asked_for_in_one_breath_come_in_order(served: Served) -> None:
    spans = [(start, start + 50) for start in range(0, 400 * 50, 50)]
    with served.client(WANG) as client:
        a_range(client, 0, 9)
    with served.connect() as pc:
        for start, end in spans[:-1]:
            _ask(pc, served.cookies[WANG], f"Range: bytes={start}-{end - 1}\r\n".encode())
        _ask(pc, served.cookies[WANG], b"Range: bytes=19950-19999\r\nConnection: close\r\n")
        got = _all_of(pc)
    bodies = [answer.split(b"\r\n\r\n", 1)[1] for answer in got.split(b"HTTP/1.1 206")[1:]]
    assert b"".join(bodies) == CONTENT[:20_000]


def test_nothing_follows_an_answer_that_ends_the_connection(served: Served) -> None:
    with served.client(WANG) as client:
        a_range(client, 0, 9)
    with served.connect() as pc:
        first = b"Range: bytes=0-99\r\nConnection: close\r\n"
        head = f"GET /videos/1 HTTP/1.1\r\nHost: lab\r\nCookie: {served.cookies[WANG]}\r\n".encode()
        pc.sendall(head + first + b"\r\n" + head + b"Range: bytes=100-199\r\n\r\n")
        got = _all_of(pc)
    assert got.split(b"\r\n\r\n", 1)[1] == CONTENT[:100]


def test_a_slice_in_memory_that_was_allowed_just_now_waits_for_nothing(
    granted: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with granted.client(WANG) as client:
        monkeypatch.setattr("node.shortcut.Shortcut.__call__", None)
        assert a_range(client, 5, SIZE).content == CONTENT[5:]
        assert a_range(client, 7, 900).content == CONTENT[7:900]


def test_a_player_that_goes_on_with_other_numbers_is_not_even_parsed(
    granted: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with granted.connect() as pc:
        assert _asked_for(granted, pc, 0, 100) == CONTENT[:100]
        monkeypatch.setattr("node.zero_copy.HttpToolsProtocol.data_received", None)
        # The last of them is more than a socket takes at once.
        for start, end in ((0, 1), (5, 900), (0, SIZE), (1_000, 2_000_000), (7, 8), (9, SIZE)):
            assert _asked_for(granted, pc, start, end) == CONTENT[start:end]


def test_a_connection_carries_slices_and_other_requests_by_turns(served: Served) -> None:
    host = f"HTTP/1.1\r\nHost: lab\r\nCookie: {served.cookies[WANG]}\r\n"
    with served.client(WANG) as client, served.connect() as pc:
        a_range(client, 0, 9)
        for turn in range(3):
            for start in (turn, turn + 10, turn + 20):
                assert _asked_for(served, pc, start, start + 50) == CONTENT[start : start + 50]
            # 416: a known request in all but its numbers, and these lead nowhere.
            _ask(pc, served.cookies[WANG], f"Range: bytes={SIZE}-\r\n".encode())
            assert _head_of(pc).startswith(b"HTTP/1.1 416")
            pc.sendall(f"HEAD /videos/1 {host}\r\n".encode())
            assert _head_of(pc).startswith(b"HTTP/1.1 200")
            assert _asked_for(served, pc, 7, 17) == CONTENT[7:17]
            pc.sendall(f"GET /videos/1 {host}Range: bytes=7".encode())
            time.sleep(0.02)
            pc.sendall(b"0-79\r\n\r\n")
            assert _slice(pc, 10) == CONTENT[70:80]
            for start in (100, 200):
                _ask(pc, served.cookies[WANG], f"Range: bytes={start}-{start + 9}\r\n".encode())
            for start in (100, 200):
                assert _head_of(pc).startswith(b"HTTP/1.1 206")
                assert pc.recv(10, socket.MSG_WAITALL) == CONTENT[start : start + 10]


def _asked_for(served: Served, connection: socket.socket, start: int, end: int) -> bytes:
    _ask(connection, served.cookies[WANG], f"Range: bytes={start}-{end - 1}\r\n".encode())
    return _slice(connection, end - start)


def _head_of(connection: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        got += connection.recv(1)
    return got


def _all_of(connection: socket.socket) -> bytes:
    got = b""
    while more := connection.recv(1 << 16):
        got += more
    return got


def _ask(connection: socket.socket, cookie: str, more: bytes = b"") -> None:
    head = f"GET /videos/1 HTTP/1.1\r\nHost: lab\r\nCookie: {cookie}\r\n".encode()
    connection.sendall(head + more + b"\r\n")


def _slice(connection: socket.socket, length: int) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(1 << 16)
    head, body = got.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 206"), head
    while len(body) < length:
        body += connection.recv(1 << 16)
    return body


def _open_clips(served: Served) -> int:
    wanted = str(served.path(MINE))
    links = Path("/proc/self/fd").iterdir()
    return sum(1 for link in links if link.is_symlink() and _target(link) == wanted)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def test_small_answers_are_not_held_back(served: Served) -> None:
    """Without TCP_NODELAY all of them would wait 40 ms for the other side's acknowledgement."""
    waits: list[float] = []
    with served.connect() as pc, served.client(WANG) as client:
        a_range(client, 0, 9)
        for _ in range(100):
            began = time.monotonic()
            _ask(pc, served.cookies[WANG], b"Range: bytes=0-99\r\n")
            assert _slice(pc, 100) == CONTENT[:100]
            waits.append(time.monotonic() - began)
    # However busy the machine is, not every one of them is late.
    assert min(waits) < 0.03


def test_where_the_kernel_cannot_send_files_threads_read_the_same_bytes(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.zero_copy.IS_POSSIBLE", False)
    with served.client(WANG) as client:
        for start, end in ((0, 100), (1_000_000, SIZE), (0, SIZE)):
            assert a_range(client, start, end).content == CONTENT[start:end]


def test_what_is_not_in_memory_is_read_by_a_thread_before_the_kernel_sends_it(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Span] = []
    monkeypatch.setattr("shared.web.sending.is_in_memory", lambda *_: False)
    monkeypatch.setattr("shared.web.sending._read_ahead", lambda _, span: read.append(span))
    with served.client(WANG) as client:
        assert a_range(client, 5, 900_000).content == CONTENT[5:900_000]
    assert read == [Span(5, 900_000)]


def test_it_can_be_told_what_is_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        file.read()
        assert is_in_memory(file.fileno(), Span(0, SIZE)) or not _can_tell(tmp_path)
        assert not is_in_memory(-1, Span(0, 1))


def _can_tell(folder: Path) -> bool:
    """Some file systems (overlays in containers) do not say."""
    probe = folder / "probe"
    probe.write_bytes(b"x")
    with probe.open("rb") as file:
        try:
            return os.preadv(file.fileno(), [bytearray(1)], 0, os.RWF_NOWAIT) == 1
        except OSError:
            return False
