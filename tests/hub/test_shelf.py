"""Checked videos are kept once, whole, ready to play, and without what tells on the pupil."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from struct import pack

import av
import pytest

from hub.media import shelf as shelf_room
from hub.media.atoms import read_layout
from hub.media.probe import Unusable, examine, probe
from hub.media.shelf import path_of, sweep, take_in
from tests.hub.clips import a_phones_video, a_video, copied, encoded, everything_in, packets_of


def test_a_video_is_stored_under_the_hash_of_its_content(tmp_path: Path) -> None:
    source, shelf = a_video(tmp_path / "张 三 (1).mp4"), tmp_path / "视频 库"
    stored = take_in(source, shelf)
    kept = path_of(shelf, stored.sha256)

    assert kept == shelf / stored.sha256[:2] / f"{stored.sha256}.mp4"
    assert kept.read_bytes() == source.read_bytes()
    assert stored.sha256 == sha256(kept.read_bytes()).hexdigest()
    assert stored.bytes == kept.stat().st_size


def test_an_index_at_the_end_is_moved_to_the_front_without_encoding_again(tmp_path: Path) -> None:
    source, shelf = a_video(tmp_path / "a.mp4", faststart=False), tmp_path / "shelf"
    stored = take_in(source, shelf)
    kept = path_of(shelf, stored.sha256)

    assert not stored.probe.is_faststart
    assert read_layout(kept).is_faststart
    assert stored.sha256 == sha256(kept.read_bytes()).hexdigest()
    assert packets_of(kept) == packets_of(source)
    assert probe(kept).duration_ms == stored.probe.duration_ms
    assert probe(kept).peaks == stored.probe.peaks
    assert everything_in(shelf) == [kept.name]


def test_pictures_out_of_order_keep_their_times(tmp_path: Path) -> None:
    clip = encoded(a_video(tmp_path / "a.mp4"), tmp_path / "b.mp4", "libx264", "aac")
    kept = path_of(tmp_path / "shelf", take_in(clip, tmp_path / "shelf").sha256)

    with av.open(str(clip)) as container:
        shown = [p.pts for p in container.demux(video=0) if p.pts is not None]
    assert shown != sorted(shown)
    assert read_layout(kept).is_faststart
    assert packets_of(kept) == packets_of(clip)


def test_a_fragmented_recording_becomes_one_that_can_be_sought_in(tmp_path: Path) -> None:
    whole, parts = a_video(tmp_path / "a.mp4", 4.0), tmp_path / "parts.mp4"
    options = {"movflags": "frag_keyframe+empty_moov"}
    with av.open(str(whole)) as incoming, av.open(str(parts), "w", options=options) as outgoing:
        copies = {s.index: outgoing.add_stream_from_template(s) for s in incoming.streams}
        for packet in incoming.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                outgoing.mux(packet)
    stored = take_in(parts, tmp_path / "shelf")
    kept = path_of(tmp_path / "shelf", stored.sha256)

    assert read_layout(parts).is_fragmented
    assert not read_layout(kept).is_fragmented
    assert probe(kept).is_faststart
    assert probe(kept).duration_ms == pytest.approx(4000, abs=100)


def test_what_is_stored_can_be_taken_in_again_and_stays_as_it_is(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    stored = take_in(a_video(tmp_path / "a.mp4", faststart=False), shelf)

    assert take_in(path_of(shelf, stored.sha256), shelf).sha256 == stored.sha256


def test_identical_content_is_stored_once(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    first = take_in(a_video(tmp_path / "a.mp4"), shelf)
    kept = path_of(shelf, first.sha256)
    written = kept.stat().st_mtime_ns
    again = take_in(a_video(tmp_path / "b.mp4"), shelf)

    assert again.sha256 == first.sha256
    assert kept.stat().st_mtime_ns == written
    assert everything_in(shelf) == [kept.name]


def test_a_damaged_copy_on_the_shelf_is_replaced_by_a_whole_one(tmp_path: Path) -> None:
    source, shelf = a_video(tmp_path / "a.mp4"), tmp_path / "shelf"
    kept = path_of(shelf, take_in(source, shelf).sha256)
    kept.write_bytes(b"short")
    take_in(source, shelf)

    assert kept.read_bytes() == source.read_bytes()


def test_names_and_places_in_the_file_are_left_out(tmp_path: Path) -> None:
    plain = a_video(tmp_path / "a.mp4")
    told = copied(
        plain, tmp_path / "b.mp4", ("video", "audio"), title="王一一 示例中学", location="+31+121/"
    )
    shelf = tmp_path / "shelf"
    kept = path_of(shelf, take_in(told, shelf).sha256)

    assert "王一一".encode() in told.read_bytes()
    assert not examine(told).is_plain
    assert "王一一".encode() not in kept.read_bytes()
    assert b"+31+121" not in kept.read_bytes()
    assert examine(kept).is_plain


def test_a_phone_held_upright_stays_upright(tmp_path: Path) -> None:
    source, shelf = a_video(tmp_path / "a.mp4", faststart=False), tmp_path / "shelf"
    content = bytearray(source.read_bytes())
    matrix = content.index(b"tkhd") + 44
    content[matrix : matrix + 36] = pack(
        ">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 120 << 16, 0, 1 << 30
    )
    source.write_bytes(content)
    stored = take_in(source, shelf)

    assert (stored.probe.width, stored.probe.height) == (120, 160)
    kept = probe(path_of(shelf, stored.sha256))
    assert (kept.width, kept.height) == (120, 160)


def test_frames_that_come_unevenly_keep_their_pace_and_are_not_encoded_again(
    tmp_path: Path,
) -> None:
    source, shelf = a_phones_video(tmp_path / "phone.mp4", "libx264"), tmp_path / "shelf"
    kept = path_of(shelf, take_in(source, shelf).sha256)

    times = sorted({time for kind, time, _ in packets_of(source) if kind == "video"})
    assert {round(b - a, 3) for a, b in pairwise(times)} == {0.033, 0.05, 0.067}
    assert packets_of(kept) == packets_of(source)
    with av.open(str(kept)) as container:
        assert next(container.decode(video=0)).rotation == -90


def test_a_quicktime_movie_becomes_an_mp4(tmp_path: Path) -> None:
    movie = copied(a_video(tmp_path / "a.mp4"), tmp_path / "b.mov", ("video", "audio"))
    kept = path_of(tmp_path / "shelf", take_in(movie, tmp_path / "shelf").sha256)

    assert movie.read_bytes()[8:10] == b"qt"
    assert kept.read_bytes()[8:12] == b"isom"


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.write_bytes(b"x" * 5000)])
def test_a_refused_file_leaves_nothing_on_the_shelf(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "a.mp4")
    with pytest.raises(Unusable):
        take_in(tmp_path / "a.mp4", tmp_path / "shelf")
    assert everything_in(tmp_path / "shelf") == []


def test_a_failing_disk_leaves_nothing_on_the_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(part: Path, target: Path, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf_room, "_keep", no_space)
    with pytest.raises(OSError, match="No space"):
        take_in(a_video(tmp_path / "a.mp4"), tmp_path / "shelf")
    assert everything_in(tmp_path / "shelf") == []


def test_a_file_that_is_still_being_copied_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_video(tmp_path / "a.mp4")
    copy = shelf_room._copy

    def copy_while_it_grows(incoming: Path, part: Path) -> str:
        with incoming.open("ab") as file:
            file.write(b"\0" * 8)
        return copy(incoming, part)

    monkeypatch.setattr(shelf_room, "_copy", copy_while_it_grows)
    with pytest.raises(Unusable, match="还在变化"):
        take_in(source, tmp_path / "shelf")
    assert everything_in(tmp_path / "shelf") == []


def test_what_a_killed_process_left_is_swept_a_day_later(tmp_path: Path) -> None:
    stored = take_in(a_video(tmp_path / "a.mp4"), tmp_path / "shelf")
    (tmp_path / "shelf" / "part-0123.mp4").write_bytes(b"half")
    now = datetime.now(UTC)

    assert sweep(tmp_path / "shelf", now) == 0
    assert sweep(tmp_path / "shelf", now + timedelta(days=2)) == 1
    assert everything_in(tmp_path / "shelf") == [f"{stored.sha256}.mp4"]
