"""The picture of a performance: a blackboard with the tune, the singer, a sound meter."""

from collections.abc import Callable, Hashable
from hashlib import sha256

import numpy as np

from hub.rehearsal.canvas import Bytes, Canvas, to_yuv
from hub.rehearsal.portrait import Look, Pose, draw_singer, look_of
from hub.rehearsal.singing import Singing, Tune, tune_of

SEGMENTS = 12
"""Lights of the sound meter."""

Bounds = tuple[float, float, float, float]
_Planes = tuple[Bytes, Bytes, Bytes]

_SINGER: Bounds = (196, 36, 396, 360)
_STAFF: Bounds = (56, 48, 192, 136)
_METER: Bounds = (18, 322, 152, 350)
_NOTES_SHOWN = 8
_CHALK, _CHALK_DIM, _CHALK_LIT = "dfe8e0", "8fb09c", "ffd45e"


class Scene:
    """Draws each state of each part once; a frame is put together from the parts."""

    def __init__(self, singing: Singing, width: int, height: int) -> None:
        self._look = look_of(singing)
        self._tune = tune_of(singing.stage, singing.item)
        self._room = Canvas(width, height)
        _draw_room(self._room, self._look)
        _draw_code(self._room, singing.seed)
        self._drawn: dict[Hashable, _Planes] = {}
        luma, quarter = width * height, width * height // 4
        self._frame = np.zeros(luma + 2 * quarter, dtype=np.uint8)
        self._planes = (
            self._frame[:luma].reshape(height, width),
            self._frame[luma : luma + quarter].reshape(height // 2, width // 2),
            self._frame[luma + quarter :].reshape(height // 2, width // 2),
        )
        for plane, drawn in zip(self._planes, to_yuv(self._room.rgb), strict=True):
            plane[:] = drawn

    def frame(self, pose: Pose, note: int, lights: int) -> Bytes:
        """The picture as the planes of yuv420p, one after the other; the next call reuses it."""
        self._put(pose, _SINGER, lambda canvas: draw_singer(canvas, self._look, pose))
        self._put(("note", note), _STAFF, lambda canvas: _draw_staff(canvas, self._tune, note))
        self._put(("lights", lights), _METER, lambda canvas: _draw_meter(canvas, lights))
        return self._frame

    def _put(self, state: Hashable, bounds: Bounds, draw: Callable[[Canvas], None]) -> None:
        x1, y1, x2, y2 = self._pixels(bounds)
        if state not in self._drawn:
            canvas = self._room.copy()
            draw(canvas)
            self._drawn[state] = to_yuv(canvas.rgb[y1:y2, x1:x2])
        luma, u, v = self._drawn[state]
        self._planes[0][y1:y2, x1:x2] = luma
        half = (slice(y1 // 2, y2 // 2), slice(x1 // 2, x2 // 2))
        self._planes[1][half] = u
        self._planes[2][half] = v

    def _pixels(self, bounds: Bounds) -> tuple[int, int, int, int]:
        """Even numbers, so that colour and brightness cover the same points."""
        x1, y1 = self._room.pixel(bounds[0], bounds[1])
        x2, y2 = self._room.pixel(bounds[2], bounds[3])
        return x1 // 2 * 2, y1 // 2 * 2, x2 // 2 * 2, y2 // 2 * 2


def _draw_room(canvas: Canvas, look: Look) -> None:
    canvas.wash("e3e8e4", look.wall)
    canvas.band(278, 6, "6f604a")
    canvas.band(284, 76, "8d7c65")
    canvas.box(40, 28, 400, 138, "8a6a42", radius=4)
    canvas.box(46, 34, 388, 126, "28523f", radius=1)
    canvas.box(60, 164, 360, 6, "9c7a4e", radius=2)
    canvas.box(396, 158, 16, 5, "f2f2ee", radius=2)
    for line in range(5):
        y = 68 + line * 11
        canvas.line((62, y), (188, y), 1, _CHALK_DIM)


def _draw_staff(canvas: Canvas, tune: Tune, note: int) -> None:
    """The notes around the one that is sung; -1 lights none."""
    first = max(note, 0) - max(note, 0) % _NOTES_SHOWN
    shown = tune.notes[first : first + _NOTES_SHOWN]
    for place, each in enumerate(shown):
        is_lit = first + place == note
        colour = _CHALK_LIT if is_lit else _CHALK
        x, y = 72 + place * 15.0, 112 - each.pitch * 3.4
        up = y > 88
        stem = (x + 4, y - 22) if up else (x - 4, y + 22)
        canvas.line((stem[0], y), stem, 1.6, colour)
        canvas.ellipse((x, y), (6, 4.8) if is_lit else (5, 4), colour)


def _draw_meter(canvas: Canvas, lights: int) -> None:
    canvas.box(20, 324, 130, 24, "2b2f33", radius=5)
    for number in range(SEGMENTS):
        colour = "45c07a" if number < 8 else "e6b23c" if number < 11 else "e0603f"
        canvas.box(
            27 + number * 10, 330, 6.5, 12, colour if number < lights else "4a5056", radius=1
        )


def _draw_code(canvas: Canvas, seed: int) -> None:
    """Dots by which eyes tell one clip from another; the same seed has the same dots."""
    bits = int.from_bytes(sha256(str(seed).encode()).digest()[:3])
    canvas.box(408, 300, 58, 46, "f4f1e8", radius=4)
    for number in range(24):
        row, column = divmod(number, 6)
        colour = "1f4e8c" if bits >> number & 1 else "d9d4c5"
        canvas.box(412.5 + column * 8.5, 305 + row * 9.5, 6.5, 7, colour, radius=1.5)
