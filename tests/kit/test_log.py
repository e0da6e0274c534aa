"""The log: written to a file a technician can send, with phones masked."""

import logging
from pathlib import Path

import pytest

from shared.kit import log


def test_lines_reach_the_file_and_phones_do_not(tmp_path: Path) -> None:
    path = log.start(tmp_path, "sample")
    logging.getLogger("sample").warning("19900000001 登录\x1b[31m 失败")
    text = path.read_text(encoding="utf-8")
    assert "199****0001 登录[31m 失败" in text
    log.start(tmp_path, "other")


def test_starting_twice_writes_each_line_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.start(tmp_path, "sample")
    path = log.start(tmp_path, "sample")
    logging.getLogger("sample").warning("一次")
    assert path.read_text(encoding="utf-8").count("一次") == 1


@pytest.mark.parametrize("text", ["20230401093000123", "编号 1234567", "1199000000012"])
def test_other_numbers_stay(text: str) -> None:
    assert log.discreet(text) == text
