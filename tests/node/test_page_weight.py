"""What a lab PC has to fetch before the first clip: little, and all of it asked for at once."""

import re
from pathlib import Path
from posixpath import dirname, join, normpath

import httpx

from tests.makers import a_task_card
from tests.node.door import Pc, a_lab

SENT_BYTES_MAX = 40_000
LINKED = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:js|css))"')
IMPORTED = re.compile(r'^import [^"]*"(\.[^"]+)";$', re.M)


def fetched(pc: Pc) -> dict[str, httpx.Response]:
    addresses = LINKED.findall(pc.get("/mark").text)
    return {address: pc.get(address) for address in addresses}


def test_the_marking_page_is_light_as_it_is_sent(tmp_path: Path) -> None:
    with a_lab(tmp_path, a_task_card()) as lab:
        files = fetched(lab.at_work())
    assert {f.headers["content-encoding"] for f in files.values()} == {"gzip"}
    assert sum(int(f.headers["content-length"]) for f in files.values()) <= SENT_BYTES_MAX


def test_the_page_names_every_script_that_its_scripts_import(tmp_path: Path) -> None:
    with a_lab(tmp_path, a_task_card()) as lab:
        files = fetched(lab.at_work())
    needed = {
        normpath(join(dirname(address), name))
        for address, file in files.items()
        for name in IMPORTED.findall(file.text)
    }
    assert needed <= files.keys()
    assert len(files) == len(needed) + 3, "and marking.js with the two sheets of style"
