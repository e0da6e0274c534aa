"""Small real video files for tests, good ones and others."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from hub.rehearsal.singing import Singing
from hub.rehearsal.videos import sing
from shared.rules.rubric import Stage


def a_video(path: Path, seconds: float = 2.0, seed: int = 1, *, faststart: bool = True) -> Path:
    singing = Singing(seconds, {}, seed, Stage.PRIMARY, "国歌")
    sing(path, singing, width=160, height=120, faststart=faststart)
    return path


def copied(source: Path, target: Path, kinds: tuple[str, ...], **metadata: str) -> Path:
    """The same encoded streams, or only some of them, in another container."""
    options = {"movflags": "+faststart+use_metadata_tags"} if target.suffix == ".mp4" else {}
    with av.open(str(source)) as incoming, av.open(str(target), "w", options=options) as outgoing:
        outgoing.metadata.update(metadata)
        streams = [s for s in incoming.streams if s.type in kinds]
        copies = {s.index: outgoing.add_stream_from_template(s) for s in streams}
        for packet in incoming.demux(*streams):
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                outgoing.mux(packet)
    return target


def encoded(source: Path, target: Path, picture: str, sound: str, pixels: str = "yuv420p") -> Path:
    """The same performance, encoded differently."""
    with av.open(str(source)) as incoming, av.open(str(target), "w") as outgoing:
        video = outgoing.add_stream(picture, rate=15, width=160, height=120, pix_fmt=pixels)
        # FFmpeg's own Vorbis encoder can do nothing else, and asks to be wanted.
        layout = "stereo" if sound == "vorbis" else "mono"
        audio = outgoing.add_stream(sound, rate=44_100, layout=layout, bit_rate=64_000)
        assert isinstance(video, VideoStream)
        assert isinstance(audio, AudioStream)
        if sound == "vorbis":
            audio.codec_context.options = {"strict": "experimental"}
        video.codec_context.max_b_frames = 0 if picture == "wmv2" else 2
        if picture == "libx265":
            video.codec_context.options = {"x265-params": "log-level=none"}
        for frame in incoming.decode(video=0, audio=0):
            if isinstance(frame, VideoFrame):
                frame.pict_type = PictureType.NONE  # the encoder's own choice
                outgoing.mux(video.encode(frame))
            elif isinstance(frame, AudioFrame):
                outgoing.mux(audio.encode(frame))
        outgoing.mux(video.encode())
        outgoing.mux(audio.encode())
    return target


def a_phones_video(path: Path, codec: str) -> Path:
    """As a phone held upright writes it: lying, turned by its matrix, frames unevenly."""
    flat = path.with_name("flat.mp4")
    with av.open(str(flat), "w") as container:
        video = container.add_stream(codec, rate=30)
        audio = container.add_stream("aac", rate=44_100, layout="stereo")
        assert isinstance(video, VideoStream) and isinstance(audio, AudioStream)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        if codec == "libx265":
            video.options = {"x265-params": "log-level=none"}
        video.codec_context.time_base = Fraction(1, 1000)
        for number in range(40):
            picture = np.zeros((96, 160, 3), np.uint8)
            picture[:, :80] = 255  # its left half is light: the upper one when upright
            frame = VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number * 50 + (17 if number % 3 else 0)
            frame.time_base = Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        sound = np.sin(np.arange(88_200) / 20).astype(np.float32)
        for first in range(0, 88_200, 1024):
            part = sound[first : first + 1024]
            heard = AudioFrame.from_ndarray(np.stack([part, part]), "fltp", "stereo")
            heard.sample_rate, heard.pts = 44_100, first
            container.mux(audio.encode(heard))
        container.mux(audio.encode())
    content = bytearray(flat.read_bytes())
    at = content.index(b"tkhd") + 4 + 40  # the matrix of the first track, the picture's
    unit, turned = 1 << 16, (0, 1, -1, 0)
    for place, value in zip((0, 4, 12, 16), turned, strict=True):
        content[at + place : at + place + 4] = (value * unit).to_bytes(4, "big", signed=True)
    path.write_bytes(content)
    return path


def everything_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file()) if folder.exists() else []


def packets_of(path: Path) -> list[tuple[str, float, bytes]]:
    """What is shown and heard, and when."""
    with av.open(str(path)) as container:
        return sorted(
            (p.stream.type, round(float((p.pts or 0) * p.time_base), 3), bytes(p))
            for p in container.demux()
            if p.size
        )
