"""Passwords: the right one opens, everything else takes as long and does not."""

import time

from shared.kit.passwords import (
    check_password,
    hash_for_once,
    hash_password,
    is_for_once,
    is_hash,
)


def test_the_right_password_opens() -> None:
    kept = hash_password("乐谱-2023")
    assert check_password(kept, "乐谱-2023")
    assert "乐谱" not in kept


def test_a_wrong_password_does_not() -> None:
    assert not check_password(hash_password("乐谱-2023"), "乐谱-2024")


def test_the_same_password_is_never_kept_twice_the_same() -> None:
    assert hash_password("同样的密码") != hash_password("同样的密码")


def test_a_damaged_hash_opens_nothing() -> None:
    assert not check_password("not a hash", "x")


def test_an_unknown_account_takes_as_long_as_a_wrong_password() -> None:
    kept = hash_password("乐谱-2023")
    known, unknown = _seconds(kept), _seconds(None)
    assert unknown > known / 4


def test_nobody_has_no_password() -> None:
    assert not check_password(None, "")


def _seconds(kept: str | None) -> float:
    start = time.perf_counter()
    check_password(kept, "wrong")
    return time.perf_counter() - start


def test_a_slips_password_opens_and_is_known_as_one() -> None:
    kept = hash_for_once("slip-2023")
    assert check_password(kept, "slip-2023")
    assert is_hash(kept)
    assert is_for_once(kept)
    assert not is_for_once(hash_password("own-2023"))
    assert not is_hash("!" + "x" * 20)
