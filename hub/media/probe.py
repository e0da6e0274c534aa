"""Is this file a video that every lab PC can play, and what is in it? Refuses with a remedy."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from hub.media.atoms import Layout, read_layout
from hub.media.kinds import kind_of
from hub.media.loudness import Loudness


@dataclass(frozen=True, slots=True)
class Probe:
    duration_ms: int
    width: int  # as shown: a phone held upright gives a narrow picture
    height: int
    video_codec: str
    audio_codec: str
    peaks: str  # 240 numbers 00..ff, ff for full scale
    loudness_db: float
    is_faststart: bool


class Unusable(Exception):
    """The file cannot be marked as it is; the reason says in Chinese what to do."""

    def __init__(self, reason: str, *, is_curable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_curable = is_curable
        """Transcoding may make it usable."""


@dataclass(frozen=True, slots=True)
class Examined:
    probe: Probe
    is_plain: bool
    """One picture, one sound, and nothing that tells where or by whom it was taken."""


_RECIPE = "请转码为 MP4（H.264 视频 + AAC 声音）后重新导入。"
COPY_AGAIN = "请从原设备重新拷贝完整的文件。"
_VIDEO_NAMES = {
    "hevc": "HEVC（H.265）",
    "vp9": "VP9",
    "vp8": "VP8",
    "av1": "AV1",
    "libdav1d": "AV1",
    "mpeg4": "MPEG-4 Part 2",
    "mjpeg": "Motion JPEG",
    "prores": "ProRes",
}
_PLAYABLE_SOUND = {"aac": "aac", "mp3": "mp3", "mp3float": "mp3"}
_PLAYABLE_PIXELS = frozenset({"yuv420p", "yuvj420p"})
_PLAIN_METADATA = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "encoder", "creation_time"}
)
_BAD_SOUND_SHARE = 0.01
_PIXELS_MAX = 1920 * 1200
"""More than that an old PC decodes too slowly, and it would fill the lab's line."""
_DISK_TROUBLE = frozenset({errno.EIO, errno.ENOENT, errno.EACCES, errno.EMFILE, errno.ENOSPC})


def probe(path: Path) -> Probe:
    return examine(path).probe


def examine(path: Path) -> Examined:
    """Reads all packets and hears the whole sound; of the picture only the first is decoded.

    Trouble with the disk or the network share stays an OSError: it says nothing of the video.
    """
    layout = read_layout(path)
    _check_layout(path, layout)
    with opened(path) as container:
        video, audio = streams_of(container)
        _check_picture(video)
        _check_sound(audio)
        reading = _Reading(container, video, audio)
        reading.read_all()
        found = Probe(
            duration_ms=round(reading.seconds * 1000),
            width=reading.width,
            height=reading.height,
            video_codec="h264",
            audio_codec=_PLAYABLE_SOUND[audio.codec_context.name],
            peaks=reading.loudness.peaks(),
            loudness_db=reading.loudness.rms_db(),
            is_faststart=layout.is_faststart and not layout.is_fragmented,
        )
        return Examined(found, not layout.has_extras and _is_plain(container))


def _is_plain(container: InputContainer) -> bool:
    is_quicktime = container.metadata.get("major_brand", "").strip() == "qt"
    told = container.metadata.keys() - _PLAIN_METADATA
    return not is_quicktime and not told and len(container.streams) == 2


def _check_layout(path: Path, layout: Layout) -> None:
    if layout.file_bytes == 0:
        raise Unusable(f"文件是空的（0 字节）。{COPY_AGAIN}")
    if not layout.is_mp4:
        raise _other_kind(path)
    if layout.is_cut_off:
        raise Unusable(f"文件不完整，后面一部分缺失，可能是拷贝中断。{COPY_AGAIN}", is_curable=True)
    if not layout.has_index:
        raise Unusable(f"文件不完整，录制没有正常结束或拷贝中断，无法播放。{COPY_AGAIN}")


def _other_kind(path: Path) -> Unusable:
    if kind := kind_of(path):
        can_be_video = bool(kind.format)
        return Unusable(
            f"这不是 MP4 文件（内容是 {kind.shown}）。{_RECIPE}", is_curable=can_be_video
        )
    return Unusable("这不是视频文件，或文件已损坏。请核对文件，换成正确的 MP4 视频后重新导入。")


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Only as mp4, so that no file can make the library open another file or an address."""
    try:
        with av.open(str(path.resolve()), format="mov", metadata_errors="ignore") as container:
            yield container
    except av.FFmpegError as error:
        if error.errno in _DISK_TROUBLE:
            raise
        raise Unusable(f"文件已损坏，无法读取。{COPY_AGAIN}") from error


def streams_of(container: InputContainer) -> tuple[VideoStream, AudioStream]:
    """The picture and the sound that a browser plays; a cover is no picture."""
    pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not pictures:
        raise Unusable("文件里只有声音，没有画面。请提供带画面的演唱视频。")
    if not container.streams.audio:
        raise Unusable("视频没有声音轨，无法评分。请找到带声音的原始录像后重新导入。")
    return pictures[0], container.streams.audio[0]


def _check_picture(video: VideoStream) -> None:
    context = video.codec_context
    name = context.name if context is not None else ""
    if name != "h264":
        shown = _VIDEO_NAMES.get(name, name or "未知格式")
        raise Unusable(f"画面编码是 {shown}，阅卷电脑的浏览器不能播放。{_RECIPE}", is_curable=True)
    if context.pix_fmt is None:
        raise Unusable(f"画面数据已损坏，无法播放。{COPY_AGAIN}")
    if context.pix_fmt not in _PLAYABLE_PIXELS:
        shown = context.pix_fmt
        raise Unusable(
            f"像素格式是 {shown}，浏览器只能播放 8 位的 yuv420p。{_RECIPE}", is_curable=True
        )
    if context.width * context.height > _PIXELS_MAX:
        raise Unusable(
            f"画面太大（{context.width}×{context.height}），机房的旧电脑播放会卡顿。"
            "请转码为不超过 1920×1080 的 MP4（H.264 视频 + AAC 声音）后重新导入。",
            is_curable=True,
        )


def _check_sound(audio: AudioStream) -> None:
    context = audio.codec_context
    name = context.name if context is not None else ""
    if name not in _PLAYABLE_SOUND:
        raise Unusable(
            f"声音编码是 {name or '未知格式'}，阅卷电脑的浏览器不能播放。{_RECIPE}", is_curable=True
        )


class _Reading:
    """One pass over the packets, adding up what is really there."""

    def __init__(self, container: InputContainer, video: VideoStream, audio: AudioStream) -> None:
        self._container = container
        self._video, self._audio = video, audio
        self._ends = {video.index: 0, audio.index: 0}  # in ticks of each stream
        self._sound_packets = 0
        self._bad_sound_packets = 0
        self._has_picture = False
        self.width, self.height = 0, 0
        self.seconds = (container.duration or 0) / 1_000_000
        self.loudness = Loudness(self.seconds)

    def read_all(self) -> None:
        for packet in self._container.demux(self._video, self._audio):
            if packet.is_corrupt:
                raise Unusable(f"文件不完整或已损坏，中途有数据缺失。{COPY_AGAIN}")
            self._note_end(packet)
            # Not packet.stream_index: the empty packets at the end all say 0.
            if packet.stream.index == self._audio.index:
                self._hear(packet)
            elif not self._has_picture:
                self._see(packet)
        self._check()

    def _note_end(self, packet: "Packet[Stream]") -> None:
        if packet.pts is not None and packet.size:
            end = packet.pts + (packet.duration or 0)
            self._ends[packet.stream_index] = max(self._ends[packet.stream_index], end)

    def _end_s(self, stream: VideoStream | AudioStream) -> float:
        return float(self._ends[stream.index] * (stream.time_base or 0))

    def _hear(self, packet: "Packet[Stream]") -> None:
        self._sound_packets += 1
        try:
            for frame in self._audio.decode(packet):
                self.loudness.hear(frame)
        except av.FFmpegError:
            self._bad_sound_packets += 1

    def _see(self, packet: "Packet[Stream]") -> None:
        with suppress(av.FFmpegError):  # perhaps a later packet gives a picture
            for frame in self._video.decode(packet)[:1]:
                self._has_picture = True
                self.width, self.height = frame.width, frame.height
                if frame.rotation % 180:
                    self.width, self.height = frame.height, frame.width

    def _check(self) -> None:
        seconds = max(self._end_s(self._video), self._end_s(self._audio))
        if seconds <= 0 or not self._has_picture:
            raise Unusable(f"视频里没有可以播放的画面，时长为 0。{COPY_AGAIN}")
        for stream in (self._video, self._audio):
            if stream.duration and stream.time_base is not None:
                _check_end(float(stream.duration * stream.time_base), self._end_s(stream))
        self.seconds = self.seconds or seconds
        if abs(self.seconds - seconds) > max(1.0, seconds * 0.05):
            raise Unusable(
                f"文件里记录的时长与实际内容不符，不能正常播放。{_RECIPE}", is_curable=True
            )
        if self._bad_sound_packets > self._sound_packets * _BAD_SOUND_SHARE:
            raise Unusable(f"声音数据已损坏，不能完整播放。{COPY_AGAIN}")
        if self.loudness.heard_s <= 0:
            raise Unusable("声音轨是空的，没有任何声音。请找到带声音的原始录像后重新导入。")


def _check_end(claimed_s: float, found_s: float) -> None:
    """A file cut off in the middle still claims its full length."""
    if claimed_s - found_s > min(1.0, max(0.25, claimed_s * 0.05)):
        raise Unusable(
            f"文件不完整：应有 {claimed_s:.1f} 秒，实际只能读到 {found_s:.1f} 秒。{COPY_AGAIN}",
            is_curable=True,
        )
