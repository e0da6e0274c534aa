"""The cache on the disk: what it has is whole and right."""

from hashlib import sha256
from pathlib import Path

import pytest

from node.videos.cache import Cache, WrongContent
from shared.kit import files

CONTENT = b"a child sings" * 1000
NAME = sha256(CONTENT).hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "videos", 0)


def fill(cache: Cache, content: bytes = CONTENT, name: str = NAME) -> None:
    cache.write_part(name, 0, content)


def test_a_finished_part_becomes_a_file_of_the_cache(cache: Cache) -> None:
    fill(cache)
    assert not cache.has(NAME)
    cache.put(NAME, len(CONTENT))
    assert cache.verify(NAME, len(CONTENT))
    assert cache.path(NAME).read_bytes() == CONTENT
    assert (cache.bytes_used(), cache.part_bytes(NAME)) == (len(CONTENT), 0)


def test_a_part_is_gone_on_with_from_where_it_was(cache: Cache) -> None:
    fill(cache, CONTENT[:500])
    assert cache.part_bytes(NAME) == 500
    cache.write_part(NAME, 500, CONTENT[500:])
    cache.put(NAME, len(CONTENT))
    assert cache.verify(NAME, len(CONTENT))


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"?", b"", CONTENT + b"!"])
def test_what_is_not_the_video_never_gets_in(cache: Cache, content: bytes) -> None:
    fill(cache, content)
    with pytest.raises(WrongContent):
        cache.put(NAME, len(CONTENT))
    assert not cache.has(NAME)
    assert cache.part_bytes(NAME) == 0


def test_a_file_damaged_on_the_disk_is_noticed(cache: Cache) -> None:
    fill(cache)
    cache.put(NAME, len(CONTENT))
    cache.path(NAME).write_bytes(CONTENT[:-1] + b"?")
    assert cache.has(NAME, len(CONTENT))
    assert not cache.verify(NAME, len(CONTENT))


def test_it_says_how_much_is_too_much(tmp_path: Path) -> None:
    cache = Cache(tmp_path, len(CONTENT) + 10)
    fill(cache)
    cache.put(NAME, len(CONTENT))
    assert cache.room_lacking(10) == 0
    assert cache.room_lacking(15) == 5
    assert Cache(tmp_path, len(CONTENT)).room_lacking(1) == 1
    cache.remove(NAME)
    assert cache.room_lacking(15) == 0


def test_a_file_held_open_by_a_scanner_is_waited_for(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cache)
    held = [PermissionError(), PermissionError()]
    replace = Path.replace

    def busy(self: Path, target: Path) -> Path:
        if held:
            raise held.pop()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", busy)
    monkeypatch.setattr(files, "WAIT_S", 0)
    cache.put(NAME, len(CONTENT))
    assert cache.has(NAME)


def test_parts_that_nobody_wants_are_cleared_away(cache: Cache) -> None:
    fill(cache)
    fill(cache, b"old", "e" * 64)
    cache.drop_parts({NAME})
    assert (cache.part_bytes(NAME), cache.part_bytes("e" * 64)) == (len(CONTENT), 0)
