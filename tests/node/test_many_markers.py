"""Many markers at once on one node while clips stream: every mark is saved, and once."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.markers import Wish, a_marked_node, mark_all, marks_of, streams_playing

MARKERS, MARKS = 80, 2


@pytest.mark.acceptance(16)
def test_eighty_markers_at_once_get_their_tasks_and_every_mark_is_saved_once(
    tmp_path: Path,
) -> None:
    wish = Wish(MARKERS, MARKS, pause_s=0.5, clips=4, mib=2)
    with a_marked_node(tmp_path, wish) as (site, program), streams_playing(program, site.size, 2):
        taken = asyncio.run(mark_all(program, site.cookies, wish.marks, wish.pause_s))
        kept = marks_of(site)
    assert len(taken.saved) == len(set(taken.saved)) == MARKERS * MARKS
    assert sorted(kept) == sorted(taken.saved)
