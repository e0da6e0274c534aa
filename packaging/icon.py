"""Draws the programs' icon for Windows: the pages' own, shared/web/static/icon.svg, in all sizes.

python packaging/icon.py icon.ico
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

SIZES = (16, 24, 32, 48, 64, 128, 256)
GRID, FINER = 32, 4
"""The drawing is 32 by 32; drawn finer than it is shown, its edges come out smooth."""
BLUE, WHITE = "#0d5a96", "#ffffff"
STEMS = ((12, 22.5), (12, 9.5), (23, 7.5), (23, 19.5))
HEADS = ((9.6, 22.5), (20.6, 19.8))
STROKE, HEAD, CORNER = 2.4, 3.0, 7.0


def draw(size: int) -> Image.Image:
    scale = size * FINER / GRID
    picture = Image.new("RGBA", (size * FINER, size * FINER))
    pen = ImageDraw.Draw(picture)
    edge = size * FINER - 1
    pen.rounded_rectangle((0, 0, edge, edge), CORNER * scale, BLUE)
    stems = [(x * scale, y * scale) for x, y in STEMS]
    pen.line(stems, WHITE, round(STROKE * scale), joint="curve")
    for x, y in HEADS:
        pen.circle((x * scale, y * scale), HEAD * scale, WHITE)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def write(path: Path) -> Path:
    pictures = [draw(size) for size in SIZES]
    sizes = [(size, size) for size in SIZES]
    # Not all that shows icons on Windows 7 reads PNG in them.
    pictures[-1].save(path, sizes=sizes, append_images=pictures[:-1], bitmap_format="bmp")
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1]))
