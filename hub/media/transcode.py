"""Makes of a video that browsers cannot play one that they can: H.264 and AAC in an mp4."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec import Codec
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from hub.media.kinds import kind_of
from hub.media.probe import COPY_AGAIN, Unusable, streams_of

SIDE_MAX = 1280
"""A lab's screen shows no more, and its link carries no more than it must."""
RATE = 48_000
READABLE_SHARE_MIN = 0.9
"""Of a recording whose end is missing; with less of it nobody could be marked fairly."""
_ENCODERS = ("libx264", "h264_mf", "libopenh264")
_UPRIGHT = {-90: ("transpose", "clock"), 90: ("transpose", "cclock")}


def encoder() -> str | None:
    """The H.264 encoder of this machine; None where its build has none."""
    for name in _ENCODERS:
        with suppress(ValueError):
            return Codec(name, "w").name
    return None


def transcode(source: Path, target: Path) -> None:
    """Picture upright, at its own pace; Unusable where too little of it can be read."""
    name = encoder()
    if name is None:
        raise Unusable("本机没有 H.264 编码器，不能转码。请在别的电脑上转码后重新导入。")
    with (
        _opened(source) as incoming,
        av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as outgoing,
    ):
        video, audio = streams_of(incoming)
        work = _Work(outgoing, video, audio, name)
        work.run(incoming)
        claimed_s = (incoming.duration or 0) / 1_000_000
        if not work.seconds or work.seconds < claimed_s * READABLE_SHARE_MIN:
            raise Unusable(
                f"文件不完整：应有 {claimed_s:.1f} 秒，"
                f"实际只能读到 {work.seconds:.1f} 秒。{COPY_AGAIN}"
            )


@contextmanager
def _opened(source: Path) -> Iterator[InputContainer]:
    """Only as what its first bytes say, and never as a list that names other files."""
    kind = kind_of(source)
    name = kind.format if kind else "mov"
    try:
        with av.open(str(source.resolve()), format=name, metadata_errors="ignore") as container:
            yield container
    except av.FFmpegError as error:
        raise Unusable(f"文件已损坏，无法转码。{COPY_AGAIN}") from error


@dataclass(slots=True)
class _Work:
    outgoing: OutputContainer
    video: VideoStream
    audio: AudioStream
    encoder: str
    seconds: float = 0.0
    _picture: VideoStream | None = None
    _sound: AudioStream = field(init=False)
    _graph: Graph = field(default_factory=Graph)
    _resampler: AudioResampler = field(init=False)
    _last_pts: int = -1

    def __post_init__(self) -> None:
        layout = "mono" if self.audio.codec_context.channels == 1 else "stereo"
        self._resampler = AudioResampler("fltp", layout, RATE)
        self._sound = self.outgoing.add_stream("aac", rate=RATE, layout=layout, bit_rate=96_000)

    def run(self, incoming: InputContainer) -> None:
        for frame in self._frames(incoming):
            if isinstance(frame, VideoFrame):
                self._see(frame)
            else:
                self._hear(frame)
        if self._picture is None:
            return
        for rest in self._resampler.resample(None):
            self.outgoing.mux(self._sound.encode(rest))
        self.outgoing.mux(self._picture.encode())
        self.outgoing.mux(self._sound.encode())

    def _frames(self, incoming: InputContainer) -> Iterator[VideoFrame | AudioFrame]:
        """All that can be read: damaged packets are left out, a missing end is the end."""
        packets = incoming.demux(self.video, self.audio)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.FFmpegError):
                return
            with suppress(av.FFmpegError):
                for frame in packet.decode():
                    if isinstance(frame, VideoFrame | AudioFrame):
                        yield frame

    def _see(self, frame: VideoFrame) -> None:
        if frame.pts is None or frame.pts <= self._last_pts:
            return
        self._last_pts = frame.pts
        if self._picture is None:
            self._begin(frame)
        self.seconds = max(self.seconds, frame.time or 0.0)
        self._graph.push(frame)
        shown = self._graph.pull()
        if isinstance(shown, VideoFrame) and self._picture is not None:
            shown.pict_type = av.video.frame.PictureType.NONE
            self.outgoing.mux(self._picture.encode(shown))

    def _hear(self, frame: AudioFrame) -> None:
        # Players start both together: sound before the first picture would be heard too early.
        if self._picture is not None:
            for heard in self._resampler.resample(frame):
                self.outgoing.mux(self._sound.encode(heard))

    def _begin(self, frame: VideoFrame) -> None:
        """Upright, not too large, sides even: known only once the first picture is there."""
        width, height = frame.width, frame.height
        chain = [self._graph.add_buffer(template=self.video)]
        turn = round(frame.rotation / 90) * 90
        if turn in _UPRIGHT:
            chain.append(self._graph.add(*_UPRIGHT[turn]))
            width, height = height, width
        elif turn % 360 == 180:
            chain += [self._graph.add("hflip"), self._graph.add("vflip")]
        scale = min(1.0, SIDE_MAX / max(width, height))
        width, height = (max(2, round(side * scale / 2) * 2) for side in (width, height))
        chain.append(self._graph.add("scale", f"{width}:{height}"))
        chain.append(self._graph.add("format", "yuv420p"))
        chain.append(self._graph.add("buffersink"))
        self._graph.link_nodes(*chain).configure()
        self._picture = self._picture_stream(width, height)

    def _picture_stream(self, width: int, height: int) -> VideoStream:
        stream = self.outgoing.add_stream(self.encoder, rate=self.video.average_rate or 25)
        if not isinstance(stream, VideoStream):
            raise TypeError(self.encoder)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        # The source's own clock: a phone's frames do not come evenly.
        if self.video.time_base is not None:
            stream.codec_context.time_base = self.video.time_base
        if self.encoder == "libx264":
            stream.options = {"preset": "veryfast", "crf": "23"}
        else:
            stream.bit_rate = 1_500_000
        return stream
