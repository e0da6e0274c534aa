"""A data folder belongs to one program at a time, and the second says so."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from hub.rehearsal import programs


@pytest.mark.parametrize(("module", "verb"), [("hub", "serve"), ("node", "run")])
def test_a_second_program_on_the_same_data_is_refused(
    tmp_path: Path, module: str, verb: str
) -> None:
    data = tmp_path / "数据 目录"
    port = programs.free_port()
    is_hub = module == "hub"
    first = programs.start_hub(data, port) if is_hub else programs.start_node("节点", data, port)
    try:
        first.wait_until_up()
        where = ("--host", "127.0.0.1", "--port", str(programs.free_port()))
        second = subprocess.run(
            [sys.executable, "-m", module, "--data", str(data), verb, *where],
            capture_output=True,
            timeout=60,
        )
        assert second.returncode == 1
        assert "正在被另一个程序使用" in second.stderr.decode()
        assert httpx.get(f"{first.url}/health").status_code == 200
    finally:
        first.stop()
