"""Writes a performance as a video file: the invented singer, seen and heard."""

from collections.abc import Iterator
from fractions import Fraction
from math import pi, sin
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from hub.rehearsal.canvas import Bytes
from hub.rehearsal.portrait import MOUTHS, Pose
from hub.rehearsal.scene import SEGMENTS, Scene
from hub.rehearsal.singing import Singing, perform
from hub.rehearsal.voice import RATE, Sound, sound_of

__all__ = ["Singing", "sing"]

_BT601 = 6
_LIMITED_RANGE = 1
_KEYFRAME_EVERY_S = 2


def sing(
    path: Path,
    singing: Singing,
    *,
    width: int = 480,
    height: int = 360,
    fps: int = 15,
    faststart: bool = True,
) -> None:
    """An mp4 of H.264 and AAC; equal arguments, equal content. Sides are multiples of four."""
    if width % 4 or height % 4:
        raise ValueError(f"sides must be multiples of four: {width}x{height}")
    sound = sound_of(singing)
    options = {"movflags": "+faststart"} if faststart else {}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        picture = _picture_stream(container, width, height, fps)
        voice = container.add_stream("aac", rate=RATE, layout="mono", bit_rate=80_000)
        voice.options = {"aac_coder": "fast"}
        written = 0
        for number, planes in enumerate(_frames(singing, sound, width, height, fps)):
            _write_picture(container, picture, planes.reshape(-1, width), number)
            until = min(len(sound), (number + 1) * RATE // fps)
            if until - written >= RATE:
                _write_sound(container, voice, sound[written:until], written)
                written = until
        _write_sound(container, voice, sound[written:], written)
        container.mux(picture.encode())
        container.mux(voice.encode())


def _picture_stream(container: OutputContainer, width: int, height: int, fps: int) -> VideoStream:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.options = {"preset": "ultrafast", "crf": "25"}
    context = stream.codec_context
    context.gop_size = fps * _KEYFRAME_EVERY_S
    context.thread_count = 1
    context.time_base = Fraction(1, fps)
    context.colorspace = context.color_primaries = context.color_trc = _BT601
    context.color_range = _LIMITED_RANGE
    return stream


def _frames(singing: Singing, sound: Sound, width: int, height: int, fps: int) -> Iterator[Bytes]:
    """The mouth follows the loudness of the sound, the lit note the tune, the body the time."""
    scene = Scene(singing, width, height)
    count = max(1, round(singing.seconds * fps))
    loudness = _loudness(sound, count)
    notes = _notes_at(singing, count, fps)
    for number in range(count):
        pose = Pose(
            mouth=round(loudness[number] * (MOUTHS - 1)),
            sway=round(2 * sin(2 * pi * number / fps / 2.6)),
            eyes_shut=number % (3 * fps) in (fps, fps + 1),
        )
        yield scene.frame(pose, notes[number], round(loudness[number] * SEGMENTS))


def _loudness(sound: Sound, count: int) -> list[float]:
    """0..1 for each frame, relative to the loudest one."""
    edges = np.linspace(0, len(sound), count + 1).astype(int)[:-1]
    power = np.sqrt(np.add.reduceat(sound**2, edges) / (len(sound) / count))
    return [float(each) for each in power / max(float(power.max()), 1e-6)]


def _notes_at(singing: Singing, count: int, fps: int) -> list[int]:
    """The tune's note under each frame, -1 where nothing is sung."""
    notes = [-1] * count
    for sung in perform(singing):
        first = round(sung.start * fps)
        last = max(first + 1, round((sung.start + sung.seconds) * fps))
        for number in range(first, min(last, count)):
            notes[number] = sung.index
    return notes


def _write_picture(
    container: OutputContainer, stream: VideoStream, planes: Bytes, number: int
) -> None:
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = number
    frame.time_base = stream.codec_context.time_base
    container.mux(stream.encode(frame))


def _write_sound(container: OutputContainer, stream: AudioStream, sound: Sound, start: int) -> None:
    if len(sound) == 0:
        return
    frame = av.AudioFrame.from_ndarray(sound[None, :], format="fltp", layout="mono")
    frame.sample_rate = RATE
    frame.pts = start
    frame.time_base = Fraction(1, RATE)
    container.mux(stream.encode(frame))
