"""Every byte goes over the link once, and marks get through while it is full."""

from pathlib import Path

import pytest

from tests.link.exam import Size
from tests.link.measuring import measure
from tests.link.wires import NoWires

SHORT = Size(works=6, video_bytes=3_000_000)
SYNC_S_MAX = 5.0


def test_a_whole_exam_costs_each_video_once_and_marks_do_not_wait_for_videos(
    tmp_path: Path,
) -> None:
    try:
        result = measure(tmp_path, SHORT)
    except NoWires as why:
        pytest.skip(f"THE LINK PROOF DID NOT RUN: {why}")
    assert set(result.rounds) == {1, 2, 3, 4}, "an exam without disputes proves little"
    assert result.views > 2 * 2 * SHORT.works
    assert result.share <= 1.02
    assert result.streamed_bytes > 2 * result.cached_bytes
    assert result.sync_s and max(result.sync_s) < SYNC_S_MAX
