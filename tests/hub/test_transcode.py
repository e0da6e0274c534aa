"""What browsers cannot play is made playable where the city wants it: upright, whole, in time."""

from itertools import pairwise
from pathlib import Path

import av
import pytest

from hub.media import transcode as transcode_room
from hub.media.probe import Unusable, probe
from hub.media.shelf import path_of, take_in
from tests.hub.clips import a_phones_video, a_video, copied, encoded, everything_in


def test_without_the_citys_wish_nothing_is_transcoded(tmp_path: Path) -> None:
    source = encoded(a_video(tmp_path / "a.mp4"), tmp_path / "b.mp4", "libx265", "aac")
    with pytest.raises(Unusable, match="HEVC"):
        take_in(source, tmp_path / "shelf")
    assert everything_in(tmp_path / "shelf") == []


@pytest.mark.parametrize(
    ("picture", "sound", "pixels", "suffix", "said"),
    [
        ("libx265", "aac", "yuv420p", ".mp4", "HEVC"),
        ("libvpx-vp9", "flac", "yuv420p", ".mkv", "MKV"),
        ("libx264", "ac3", "yuv420p", ".mp4", "声音编码"),
        ("libx264", "aac", "yuv444p", ".mp4", "像素格式"),
        ("mpeg4", "libmp3lame", "yuv420p", ".avi", "AVI"),
        ("libx264", "ac3", "yuv420p", ".ts", "TS 或 MTS"),
        ("mpeg2video", "mp2", "yuv420p", ".mpg", "MPEG"),
        ("wmv2", "wmav2", "yuv420p", ".wmv", "WMV"),
        ("libx264", "vorbis", "yuv420p", ".mp4", "声音编码"),
        ("libvpx", "vorbis", "yuv420p", ".webm", "WebM"),
    ],
)
def test_what_no_browser_plays_becomes_h264_and_aac(
    tmp_path: Path, picture: str, sound: str, pixels: str, suffix: str, said: str
) -> None:
    source = encoded(a_video(tmp_path / "a.mp4"), tmp_path / f"b{suffix}", picture, sound, pixels)
    stored = take_in(source, tmp_path / "shelf", may_transcode=True)
    found = probe(path_of(tmp_path / "shelf", stored.sha256))
    assert (found.video_codec, found.audio_codec, found.is_faststart) == ("h264", "aac", True)
    assert (found.width, found.height) == (160, 120)
    assert found.duration_ms == pytest.approx(2000, abs=120)
    assert stored.note.startswith("已转码") and said in stored.note
    assert found.loudness_db > -60
    assert everything_in(tmp_path / "shelf") == [f"{stored.sha256}.mp4"]


def test_what_browsers_play_is_never_transcoded(tmp_path: Path) -> None:
    source = a_video(tmp_path / "a.mp4", faststart=False)
    stored = take_in(source, tmp_path / "shelf", may_transcode=True)
    assert stored.note == ""
    assert stored.sha256 == take_in(source, tmp_path / "other").sha256


def test_a_phones_video_is_put_upright_and_keeps_its_pace(tmp_path: Path) -> None:
    source = a_phones_video(tmp_path / "phone.mp4", "libx265")
    with av.open(str(source)) as container:
        assert next(container.decode(video=0)).rotation == -90
    stored = take_in(source, tmp_path / "shelf", may_transcode=True)
    with av.open(str(path_of(tmp_path / "shelf", stored.sha256))) as container:
        frames = list(container.decode(video=0))
    assert (frames[0].width, frames[0].height, frames[0].rotation) == (96, 160, 0)
    light = frames[5].to_ndarray(format="gray")
    assert light[:70].mean() > 200 > 50 > light[90:].mean()
    times = [round((f.time or 0) * 1000) for f in frames]
    assert [b - a for a, b in pairwise(times)][1:7] == [50, 33, 67, 50, 33, 67]
    assert stored.probe.duration_ms == pytest.approx(2000, abs=120)


def test_a_picture_that_old_pcs_are_too_slow_for_is_listed_or_made_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_video(tmp_path / "a.mp4")
    monkeypatch.setattr("hub.media.probe._PIXELS_MAX", 100 * 100)
    monkeypatch.setattr(transcode_room, "SIDE_MAX", 90)
    with pytest.raises(Unusable, match=r"画面太大（160×120）.*请转码为不超过"):
        take_in(source, tmp_path / "shelf")
    stored = take_in(source, tmp_path / "shelf", may_transcode=True)
    assert (stored.probe.width, stored.probe.height) == (90, 68)
    assert "画面太大" in stored.note


def test_a_large_picture_is_made_as_large_as_a_labs_screen_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcode_room, "SIDE_MAX", 90)
    source = encoded(a_video(tmp_path / "a.mp4"), tmp_path / "b.mp4", "libx265", "aac")
    stored = take_in(source, tmp_path / "shelf", may_transcode=True)
    assert (stored.probe.width, stored.probe.height) == (90, 68)


@pytest.mark.parametrize(("share", "is_kept"), [(0.97, True), (0.5, False)])
def test_a_missing_end_is_forgiven_only_where_nearly_all_is_there(
    tmp_path: Path, share: float, is_kept: bool
) -> None:
    source = a_video(tmp_path / "a.mp4", seconds=6.0)
    content = source.read_bytes()
    source.write_bytes(content[: round(len(content) * share)])
    with pytest.raises(Unusable, match="不完整"):
        take_in(source, tmp_path / "shelf")
    if is_kept:
        assert "不完整" in take_in(source, tmp_path / "shelf", may_transcode=True).note
        return
    with pytest.raises(Unusable, match="不完整"):
        take_in(source, tmp_path / "shelf", may_transcode=True)
    assert everything_in(tmp_path / "shelf") == []


def test_what_has_no_sound_or_no_picture_cannot_be_cured(tmp_path: Path) -> None:
    whole = a_video(tmp_path / "a.mp4")
    for kinds, said in ((("video",), "没有声音"), (("audio",), "没有画面")):
        for suffix in (".mp4", ".mkv"):
            source = copied(whole, tmp_path / f"b{suffix}", kinds)
            with pytest.raises(Unusable, match=said):
                take_in(source, tmp_path / "shelf", may_transcode=True)
    assert everything_in(tmp_path / "shelf") == []


def test_a_list_that_names_other_files_opens_none_of_them(tmp_path: Path) -> None:
    a_video(tmp_path / "a.mp4")
    for text in ("ffconcat version 1.0\nfile a.mp4\n", "#EXTM3U\na.mp4\n"):
        (tmp_path / "list.mp4").write_text(text)
        with pytest.raises(Unusable):
            take_in(tmp_path / "list.mp4", tmp_path / "shelf", may_transcode=True)


def test_where_no_encoder_is_to_be_had_it_is_listed_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcode_room, "_ENCODERS", ("no_such_encoder",))
    source = encoded(a_video(tmp_path / "a.mp4"), tmp_path / "b.mp4", "libx265", "aac")
    with pytest.raises(Unusable, match="请在别的电脑上转码"):
        take_in(source, tmp_path / "shelf", may_transcode=True)
