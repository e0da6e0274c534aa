"""Secrets on the disk: what was sealed here can be read here, and nowhere else."""

import base64
import sys

from shared.kit.sealing import MARK, seal, unseal


def test_a_secret_is_read_again_where_it_was_sealed() -> None:
    sealed = seal("ab" * 32)
    assert unseal(sealed) == "ab" * 32
    assert sealed.startswith(MARK) == (sys.platform == "win32")


def test_what_another_pc_sealed_is_no_secret_here_and_plain_ones_stay() -> None:
    assert unseal(MARK + base64.b64encode(b"another PC").decode()) is None
    assert unseal(MARK + "no base64!") is None
    assert unseal("ab" * 32) == "ab" * 32
