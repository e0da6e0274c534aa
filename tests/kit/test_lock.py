"""One program at a time writes to a data folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.kit.lock import hold
from shared.kit.refusal import Refusal

HOLDER = """
import sys, time
from pathlib import Path
from shared.kit.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_can_be_held_again_once_it_is_free(tmp_path: Path) -> None:
    for _ in range(2):
        with hold(tmp_path / "data" / "hub.lock"):
            assert (tmp_path / "data" / "hub.lock").exists()


def test_a_second_program_is_refused_until_the_first_is_gone_even_killed(tmp_path: Path) -> None:
    path = tmp_path / "hub.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(Refusal) as refused, hold(path):
            pass
        assert refused.value.code == "data_in_use"
        assert str(tmp_path) in refused.value.text
        holder.kill()
    with hold(path):
        pass


def test_the_same_program_cannot_hold_it_twice(tmp_path: Path) -> None:
    with (
        hold(tmp_path / "hub.lock"),
        pytest.raises(Refusal),
        hold(tmp_path / "hub.lock"),
    ):
        pass
