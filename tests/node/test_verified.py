"""A view begins with a look at the whole file; what is not right is never shown."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from node.videos.cache import Cache
from node.videos.grants import GRANTED_FOR_S, GRANTS_MAX, Grants
from node.videos.verified import TRUSTED_FOR_S, Verified

CONTENT = b"a child sings" * 1000
HERE = Path("clip.mp4")
NAME = sha256(CONTENT).hexdigest()
DAMAGED = CONTENT[:700] + bytes([CONTENT[700] ^ 1]) + CONTENT[701:]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    cache = Cache(tmp_path / "videos", 0)
    cache.write_part(NAME, 0, CONTENT)
    cache.put(NAME, len(CONTENT))
    return cache


@pytest.fixture
def verified(cache: Cache, clock: Clock) -> Verified:
    return Verified(cache, clock)


def test_a_right_file_is_read_once_and_then_known(cache: Cache, verified: Verified) -> None:
    state = cache.path(NAME).stat()
    assert not verified.knows(NAME, state)
    assert verified.look(NAME, len(CONTENT))
    assert verified.knows(NAME, state)


def test_a_changed_file_is_noticed_at_once_whatever_its_time_says(
    cache: Cache, verified: Verified
) -> None:
    assert verified.look(NAME, len(CONTENT))
    before = cache.path(NAME).stat()
    cache.path(NAME).write_bytes(DAMAGED)
    os.utime(cache.path(NAME), ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not verified.knows(NAME, cache.path(NAME).stat())
    assert not verified.look(NAME, len(CONTENT))


def test_what_was_read_long_ago_is_read_again(
    cache: Cache, verified: Verified, clock: Clock
) -> None:
    assert verified.look(NAME, len(CONTENT))
    clock.now += TRUSTED_FOR_S
    assert not verified.knows(NAME, cache.path(NAME).stat())
    assert verified.look(NAME, len(CONTENT))
    assert verified.knows(NAME, cache.path(NAME).stat())


@pytest.mark.parametrize("wrong", [DAMAGED, CONTENT[:-1], CONTENT + b"!", b""])
def test_no_wrong_file_passes(cache: Cache, verified: Verified, wrong: bytes) -> None:
    cache.path(NAME).write_bytes(wrong)
    assert not verified.look(NAME, len(CONTENT))
    cache.path(NAME).unlink()
    assert not verified.look(NAME, len(CONTENT))


def test_what_the_disk_cannot_read_is_not_right(
    cache: Cache, verified: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("node.videos.cache.hash_of", broken)
    assert not verified.look(NAME, len(CONTENT))


def test_a_grant_holds_for_one_browser_one_task_and_a_few_seconds(clock: Clock) -> None:
    grants = Grants(clock)
    grants.give("a=1", "/videos/7", NAME, HERE)
    found = grants.grant("a=1", "/videos/7")
    assert found is not None and (found.sha256, found.path) == (NAME, HERE)
    assert grants.grant("a=2", "/videos/7") is None
    assert grants.grant("a=1", "/videos/8") is None
    clock.now += GRANTED_FOR_S
    assert grants.grant("a=1", "/videos/7") is None


def test_whoever_signs_out_has_no_grant_left(clock: Clock) -> None:
    grants = Grants(clock)
    for cookies in ("a=1", "a=2"):
        for task in ("/videos/7", "/videos/8"):
            grants.give(cookies, task, NAME, HERE)
    grants.forget("a=1")
    assert [grants.grant("a=1", "/videos/7"), grants.grant("a=1", "/videos/8")] == [None, None]
    assert grants.grant("a=2", "/videos/7") is not None


def test_grants_never_fill_the_memory(clock: Clock) -> None:
    grants = Grants(clock)
    for number in range(GRANTS_MAX + 1):
        grants.give("a=1", f"/videos/{number}", NAME, HERE)
    assert grants.grant("a=1", f"/videos/{GRANTS_MAX}") is not None
    assert grants.grant("a=1", "/videos/0") is None
