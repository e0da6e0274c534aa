"""A small painter: smooth flat shapes on a picture, in units of a 480 by 360 stage."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Distance = Callable[[Plane, Plane], Plane]
"""How far each point lies outside a shape, in units; negative inside."""

WIDE, HIGH = 480, 360


class Canvas:
    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.scale = height / HIGH
        self.left = (width / self.scale - WIDE) / 2
        self.rgb = np.zeros((height, width, 3), dtype=np.float32)

    def copy(self) -> "Canvas":
        other = Canvas(self.width, self.height)
        other.rgb[:] = self.rgb
        return other

    def wash(self, top: str, bottom: str) -> None:
        """The whole picture in one colour that turns into another downwards."""
        down = np.linspace(0, 1, self.height, dtype=np.float32)[:, None, None]
        self.rgb[:] = _colour(top) * (1 - down) + _colour(bottom) * down

    def band(self, y: float, height: float, colour: str) -> None:
        """A stripe over the whole width, whatever the picture's proportions."""
        self.box(-self.left - 1, y, WIDE + 2 * self.left + 2, height, colour)

    def ellipse(
        self,
        at: tuple[float, float],
        radii: tuple[float, float],
        colour: str,
        *,
        above: float = 1e6,
        ring: float = 0,
    ) -> None:
        """Only what lies above a height, when given; only a rim, when given its thickness."""
        (x, y), (rx, ry) = at, radii

        def distance(xs: Plane, ys: Plane) -> Plane:
            dx, dy = xs - x, ys - y
            value = np.sqrt((dx / rx) ** 2 + (dy / ry) ** 2)
            slope = np.sqrt((dx / rx**2) ** 2 + (dy / ry**2) ** 2)
            outside = (value - 1) * value / np.maximum(slope, 1e-6)
            if ring:
                outside = np.abs(outside) - ring / 2
            kept: Plane = np.maximum(outside, ys - above)
            return kept

        self._paint((x - rx - ring, y - ry - ring, x + rx + ring, y + ry + ring), distance, colour)

    def box(
        self, x: float, y: float, width: float, height: float, colour: str, *, radius: float = 0
    ) -> None:
        def distance(xs: Plane, ys: Plane) -> Plane:
            dx = np.abs(xs - x - width / 2) - width / 2 + radius
            dy = np.abs(ys - y - height / 2) - height / 2 + radius
            beyond: Plane = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
            within: Plane = np.minimum(np.maximum(dx, dy), 0)
            return beyond + within - radius

        self._paint((x, y, x + width, y + height), distance, colour)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], thick: float, colour: str
    ) -> None:
        (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])

        def distance(xs: Plane, ys: Plane) -> Plane:
            along = ((xs - x) * dx + (ys - y) * dy) / (dx * dx + dy * dy)
            along = np.clip(along, 0, 1)
            away: Plane = np.hypot(xs - x - along * dx, ys - y - along * dy)
            return away - thick / 2

        left, right = sorted((x, end[0]))
        top, bottom = sorted((y, end[1]))
        edge = thick / 2
        self._paint((left - edge, top - edge, right + edge, bottom + edge), distance, colour)

    def corners(self, points: list[tuple[float, float]], colour: str) -> None:
        """A convex shape, its corners given clockwise."""

        def distance(xs: Plane, ys: Plane) -> Plane:
            sides = zip(points, points[1:] + points[:1], strict=True)
            outside: Plane = np.full(np.broadcast(xs, ys).shape, -1e6, dtype=np.float32)
            for (x1, y1), (x2, y2) in sides:
                long = np.hypot(x2 - x1, y2 - y1)
                side = ((xs - x1) * (y2 - y1) - (ys - y1) * (x2 - x1)) / long
                outside = np.maximum(outside, side)
            return outside

        xs, ys = zip(*points, strict=True)
        self._paint((min(xs), min(ys), max(xs), max(ys)), distance, colour)

    def _paint(
        self, bounds: tuple[float, float, float, float], distance: Distance, colour: str
    ) -> None:
        x1, y1 = self.pixel(bounds[0] - 1, bounds[1] - 1)
        x2, y2 = self.pixel(bounds[2] + 2, bounds[3] + 2)
        if x1 >= x2 or y1 >= y2:
            return
        xs = (np.arange(x1, x2, dtype=np.float32) + 0.5)[None, :] / self.scale - self.left
        ys = (np.arange(y1, y2, dtype=np.float32) + 0.5)[:, None] / self.scale
        cover = np.clip(0.5 - distance(xs, ys) * self.scale, 0, 1)[:, :, None]
        here = self.rgb[y1:y2, x1:x2]
        here += cover * (_colour(colour) - here)

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """The pixel under a point of the stage, kept within the picture."""
        px, py = round((x + self.left) * self.scale), round(y * self.scale)
        return min(max(px, 0), self.width), min(max(py, 0), self.height)


def _colour(code: str) -> Plane:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=np.float32)


def to_yuv(rgb: Plane) -> tuple[Bytes, Bytes, Bytes]:
    """BT.601 in limited range, colour halved both ways; width and height must be even."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 16.5 + 65.481 * red + 128.553 * green + 24.966 * blue
    small = (rgb[::2, ::2] + rgb[1::2, ::2] + rgb[::2, 1::2] + rgb[1::2, 1::2]) / 4
    red, green, blue = small[..., 0], small[..., 1], small[..., 2]
    u = 128.5 - 37.797 * red - 74.203 * green + 112.0 * blue
    v = 128.5 + 112.0 * red - 93.786 * green - 18.214 * blue
    return luma.astype(np.uint8), u.astype(np.uint8), v.astype(np.uint8)
