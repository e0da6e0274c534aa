"""The check of videos: what every lab can play is described, what not is refused with a remedy."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.packet import Packet

from hub.media.atoms import read_layout
from hub.media.loudness import PEAKS, SILENCE_DB, Loudness
from hub.media.probe import Unusable, probe
from tests.hub.clips import a_video, copied, encoded


def reason(path: Path) -> str:
    with pytest.raises(Unusable) as refused:
        probe(path)
    return refused.value.reason


def test_a_good_video_is_described(tmp_path: Path) -> None:
    found = probe(a_video(tmp_path / "好的 视频.mp4", 2.0))

    assert found.duration_ms == pytest.approx(2000, abs=60)
    assert (found.width, found.height) == (160, 120)
    assert (found.video_codec, found.audio_codec) == ("h264", "aac")
    assert found.is_faststart
    assert -45 < found.loudness_db < -10


def test_peaks_follow_the_sound_over_time(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "a.mp4", 6.0)
    peaks = bytes.fromhex(probe(clip).peaks)
    with av.open(str(clip)) as container:
        sound = [float(np.abs(f.to_ndarray()).max()) for f in container.decode(audio=0)]
    loudest = sound.index(max(sound)) / len(sound)

    assert len(peaks) == 240
    assert max(peaks) == pytest.approx(max(sound) * 255, abs=2)
    assert peaks.index(max(peaks)) / 240 == pytest.approx(loudest, abs=0.02)
    assert peaks[0] < max(peaks) / 10  # the wait before the first note


def test_peaks_and_loudness_are_those_of_the_whole_sound() -> None:
    """Heard in parts, whose edges fall anywhere between those of the peaks."""
    noise = np.random.default_rng(1).uniform(-1, 1, 300_000).astype(np.float32)
    noise *= np.linspace(0.1, 0.9, len(noise), dtype=np.float32)
    loudness = Loudness(len(noise) / 44_100)
    for part in np.array_split(noise, 290):
        frame = av.AudioFrame.from_ndarray(part[None, :], "fltp", "mono")
        frame.sample_rate = 44_100
        loudness.hear(frame)

    expected = [np.abs(part).max() * 255 for part in noise.reshape(PEAKS, -1)]
    assert list(bytes.fromhex(loudness.peaks())) == pytest.approx(expected, abs=0.51)
    assert loudness.rms_db() == pytest.approx(10 * np.log10(np.mean(noise**2)), abs=0.01)


def test_two_channels_are_heard_as_one_strip(tmp_path: Path) -> None:
    """The left one full of sound, the right one silent: half the power, the same peaks."""
    mono, stereo = a_video(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    with av.open(str(mono)) as incoming, av.open(str(stereo), "w") as outgoing:
        video = outgoing.add_stream_from_template(incoming.streams.video[0])
        audio = outgoing.add_stream("aac", rate=44_100, layout="stereo", bit_rate=192_000)
        for packet in incoming.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "video":
                packet.stream = video
                outgoing.mux(packet)
                continue
            for frame in incoming.streams.audio[0].decode(packet):
                left = frame.to_ndarray().astype(np.float32)
                both = np.concatenate([left, np.zeros_like(left)])
                doubled = av.AudioFrame.from_ndarray(both, "fltp", "stereo")
                doubled.sample_rate, doubled.pts = 44_100, frame.pts
                doubled.time_base = frame.time_base
                outgoing.mux(audio.encode(doubled))
        outgoing.mux(audio.encode())
    one, two = probe(mono), probe(stereo)

    assert two.loudness_db == pytest.approx(one.loudness_db - 3, abs=0.7)
    first, second = (np.array(list(bytes.fromhex(p.peaks)), dtype=np.float64) for p in (one, two))
    assert np.abs(first - second).mean() < 0.1 * first.mean()


def test_mp3_sound_in_an_mp4_plays_too(tmp_path: Path) -> None:
    clip = encoded(a_video(tmp_path / "a.mp4"), tmp_path / "b.mp4", "libx264", "libmp3lame")
    assert probe(clip).audio_codec == "mp3"


def test_padding_that_a_camera_writes_after_the_video_is_no_fault(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "a.mp4")
    clip.write_bytes(clip.read_bytes() + b"\xff" * 500)
    assert probe(clip).duration_ms > 1900


def test_a_silent_track_has_a_loudness_that_can_be_stored(tmp_path: Path) -> None:
    loud, silent = a_video(tmp_path / "a.mp4"), tmp_path / "silent.mp4"
    with av.open(str(loud)) as incoming, av.open(str(silent), "w") as outgoing:
        picture = incoming.streams.video[0]
        video = outgoing.add_stream_from_template(picture)
        audio = outgoing.add_stream("aac", rate=44_100, layout="mono")
        for number in range(86):
            frame = av.AudioFrame("fltp", "mono", 1024)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts = 44_100, number * 1024
            outgoing.mux(audio.encode(frame))
        outgoing.mux(audio.encode())
        for packet in incoming.demux(picture):
            if packet.dts is not None:
                packet.stream = video
                outgoing.mux(packet)

    assert probe(silent).loudness_db == SILENCE_DB
    assert set(probe(silent).peaks) == {"0"}


def test_no_sound_track_is_refused(tmp_path: Path) -> None:
    clip = copied(a_video(tmp_path / "a.mp4"), tmp_path / "b.mp4", ("video",))
    assert "没有声音轨" in reason(clip)


def test_sound_without_a_picture_is_refused(tmp_path: Path) -> None:
    clip = copied(a_video(tmp_path / "a.mp4"), tmp_path / "b.mp4", ("audio",))
    assert "没有画面" in reason(clip)


@pytest.mark.parametrize(
    ("picture", "shown"), [("libx265", "HEVC（H.265）"), ("libvpx-vp9", "VP9"), ("mpeg4", "MPEG-4")]
)
def test_a_picture_that_the_lab_cannot_play_is_refused_with_a_remedy(
    tmp_path: Path, picture: str, shown: str
) -> None:
    clip = encoded(a_video(tmp_path / "a.mp4", 1.0), tmp_path / "b.mp4", picture, "aac")
    assert shown in reason(clip)
    assert "请转码为 MP4（H.264 视频 + AAC 声音）" in reason(clip)


def test_ten_bit_and_444_pictures_are_refused(tmp_path: Path) -> None:
    source = a_video(tmp_path / "a.mp4", 1.0)
    for pixels in ("yuv420p10le", "yuv444p"):
        clip = encoded(source, tmp_path / f"{pixels}.mp4", "libx264", "aac", pixels)
        assert pixels in reason(clip)


def test_sound_that_the_lab_cannot_play_is_refused(tmp_path: Path) -> None:
    clip = encoded(a_video(tmp_path / "a.mp4", 1.0), tmp_path / "b.mp4", "libx264", "ac3")
    assert "声音编码是 ac3" in reason(clip)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    assert "0 字节" in reason(tmp_path / "a.mp4")


def test_a_text_file_that_calls_itself_mp4_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("这不是视频\n" * 50, encoding="utf-8")
    assert "不是视频文件" in reason(tmp_path / "a.mp4")


def test_a_playlist_that_calls_itself_mp4_opens_nothing_else(tmp_path: Path) -> None:
    other = a_video(tmp_path / "other.mp4")
    (tmp_path / "a.mp4").write_text(f"ffconcat version 1.0\nfile '{other}'\n", encoding="utf-8")
    assert "不是视频文件" in reason(tmp_path / "a.mp4")


def test_another_container_is_named(tmp_path: Path) -> None:
    clip = copied(a_video(tmp_path / "a.mp4", 1.0), tmp_path / "b.mkv", ("video", "audio"))
    renamed = clip.rename(tmp_path / "c.mp4")
    assert "MKV" in reason(renamed)


@pytest.mark.parametrize("kept_share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("faststart", [True, False])
def test_a_cut_off_file_is_refused(tmp_path: Path, kept_share: float, faststart: bool) -> None:
    clip = a_video(tmp_path / "a.mp4", 3.0, faststart=faststart)
    content = clip.read_bytes()
    clip.write_bytes(content[: int(len(content) * kept_share)])
    assert "不完整" in reason(clip)


def test_a_file_cut_off_between_two_boxes_is_refused(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "a.mp4", faststart=False)
    index = next(atom for atom in read_layout(clip).atoms if atom.kind == "moov")
    clip.write_bytes(clip.read_bytes()[: index.start])
    assert "录制没有正常结束" in reason(clip)


def test_lengths_made_to_fit_do_not_hide_the_missing_end(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "a.mp4", 4.0)
    cut_to_fit(clip, clip.stat().st_size // 2)

    assert not read_layout(clip).is_cut_off
    assert "不完整" in reason(clip)


def test_a_last_picture_that_is_half_there_is_noticed(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "a.mp4")
    cut_to_fit(clip, clip.stat().st_size - 10)
    assert "中途有数据缺失" in reason(clip)


def test_an_end_missing_from_between_two_packets_on_is_noticed(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "a.mp4")
    positions = sorted(packet.pos or 0 for packet in sound_packets(clip))
    cut_to_fit(clip, positions[len(positions) * 4 // 5])
    assert "应有 2.0 秒，实际只能读到" in reason(clip)


def test_a_length_that_is_not_that_of_the_content_is_refused(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "a.mp4")
    content = bytearray(clip.read_bytes())
    step = content.index(b"stts") + 16
    slower = int.from_bytes(content[step : step + 4]) * 10
    content[step : step + 4] = slower.to_bytes(4)
    clip.write_bytes(content)
    assert "时长与实际内容不符" in reason(clip)


def cut_to_fit(clip: Path, size: int) -> None:
    """Cuts the file off, and makes the box around the data say that this is its length."""
    data = next(atom for atom in read_layout(clip).atoms if atom.kind == "mdat")
    content = bytearray(clip.read_bytes()[:size])
    content[data.start : data.start + 4] = (len(content) - data.start).to_bytes(4)
    clip.write_bytes(content)


@pytest.mark.parametrize("size", [4, 8, 40, 900])
def test_a_few_bytes_of_a_video_are_refused(tmp_path: Path, size: int) -> None:
    clip = a_video(tmp_path / "a.mp4", 1.0)
    clip.write_bytes(clip.read_bytes()[:size])
    assert reason(clip)


def test_a_sound_track_of_garbage_is_refused(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "a.mp4", 3.0)
    content = bytearray(clip.read_bytes())
    for packet in sound_packets(clip):
        assert packet.pos is not None
        content[packet.pos : packet.pos + packet.size] = b"\xa5" * packet.size
    clip.write_bytes(content)
    assert "声音数据已损坏" in reason(clip)


def sound_packets(clip: Path) -> list["Packet[AudioStream]"]:
    with av.open(str(clip)) as container:
        return [packet for packet in container.demux(container.streams.audio[0]) if packet.size]


def test_a_file_that_is_not_there_is_no_verdict_on_a_video(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "none.mp4")
