"""Small real video files for tests, good ones and others."""

from pathlib import Path

import av
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
        audio = outgoing.add_stream(sound, rate=44_100, layout="mono")
        assert isinstance(video, VideoStream)
        assert isinstance(audio, AudioStream)
        video.codec_context.max_b_frames = 2
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
