"""What a lab PC has to fetch before the first clip: little, and all of it asked for at once."""

import re
from pathlib import Path

import httpx
import pytest

from tests.makers import a_task_card
from tests.node.door import Pc, a_lab

SENT_BYTES_MAX = 40_000
LINKED = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:js|css))"')


def fetched(pc: Pc) -> dict[str, httpx.Response]:
    addresses = LINKED.findall(pc.get("/mark").text)
    return {address: pc.get(address) for address in addresses}


@pytest.mark.acceptance(12)
def test_the_marking_page_is_light_as_it_is_sent(tmp_path: Path) -> None:
    with a_lab(tmp_path, a_task_card()) as lab:
        files = fetched(lab.at_work())
    assert {f.headers["content-encoding"] for f in files.values()} == {"gzip"}
    assert sum(int(f.headers["content-length"]) for f in files.values()) <= SENT_BYTES_MAX


def test_no_script_of_the_page_asks_for_another_one(tmp_path: Path) -> None:
    with a_lab(tmp_path, a_task_card()) as lab:
        files = fetched(lab.at_work())
    assert len(files) == 3, "two sheets of style and one script"
    assert not any(re.search(r"^import |\bimport\(", f.text, re.M) for f in files.values())
