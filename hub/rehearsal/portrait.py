"""The singer's portrait: an invented pupil whose mouth, eyes and posture move."""

from dataclasses import dataclass

from hub.rehearsal.canvas import Canvas
from hub.rehearsal.singing import Singing
from shared.rules.rubric import Stage

MOUTHS = 6
"""States of the mouth, closed to wide open."""


@dataclass(frozen=True, slots=True)
class Pose:
    mouth: int
    sway: int  # -2 .. 2
    eyes_shut: bool


@dataclass(frozen=True, slots=True)
class Look:
    skin: str
    hair: str
    clothes: str
    wall: str
    hair_style: int
    has_glasses: bool
    has_scarf: bool


_SKINS = ("efc7a0", "e6b98f", "f2d0ae", "dba97e")
_HAIRS = ("2b2224", "1f1b1d", "3a2a22", "33241f")
_CLOTHES = ("2f5f95", "a8453c", "3f7a5a", "6a4f8f", "3a4a63", "b0702f")
_WALLS = ("b9c7c3", "c6c3b4", "b8c4d0", "c9bfc4")
_BOY, _BOB, _TAILS, _PONY = range(4)
_TOP_Y = 132.0


def look_of(singing: Singing) -> Look:
    rng = singing.chance("look")
    return Look(
        skin=rng.choice(_SKINS),
        hair=rng.choice(_HAIRS),
        clothes=rng.choice(_CLOTHES),
        wall=rng.choice(_WALLS),
        hair_style=rng.randrange(4),
        has_glasses=rng.random() < 0.35,
        has_scarf=singing.stage is Stage.PRIMARY,
    )


def draw_singer(canvas: Canvas, look: Look, pose: Pose) -> None:
    lean = pose.sway * 2.0
    x, y = 296 + lean, _TOP_Y + abs(pose.sway) * 0.8 - pose.mouth * 0.5
    _draw_hair_behind(canvas, look, x, y)
    _draw_body(canvas, look, 296 + lean * 0.4)
    canvas.box(x - 13, y + 30, 26, 34, _shade(look.skin), radius=11)
    _draw_collar(canvas, look, 296 + lean * 0.4)
    _draw_head(canvas, look, x, y)
    _draw_eyes(canvas, look, pose, x, y)
    _draw_mouth(canvas, pose, x, y + 25)


def _shade(colour: str) -> str:
    return "".join(f"{round(int(colour[i : i + 2], 16) * 0.88):02x}" for i in (0, 2, 4))


def _draw_hair_behind(canvas: Canvas, look: Look, x: float, y: float) -> None:
    if look.hair_style == _BOB:
        canvas.box(x - 44, y - 40, 88, 92, look.hair, radius=30)
    elif look.hair_style == _TAILS:
        for side in (-1, 1):
            canvas.ellipse((x + side * 47, y + 18), (12, 30), look.hair)
            canvas.ellipse((x + side * 42, y - 8), (5, 5), "d8574a")
    elif look.hair_style == _PONY:
        canvas.ellipse((x + 34, y - 36), (20, 17), look.hair)
        canvas.ellipse((x + 46, y), (11, 34), look.hair)
    canvas.ellipse((x, y - 8), (41, 46), look.hair)


def _draw_body(canvas: Canvas, look: Look, x: float) -> None:
    canvas.box(x - 74, 200, 148, 260, _shade(look.clothes), radius=46)
    canvas.box(x - 56, 196, 112, 260, look.clothes, radius=34)
    for side in (-1, 1):
        canvas.line((x + side * 55, 262), (x + side * 52, 360), 2.5, _shade(look.clothes))
        canvas.line((x + side * 66, 226), (x + side * 72, 300), 5, "f3f4f2")


def _draw_collar(canvas: Canvas, look: Look, x: float) -> None:
    canvas.corners([(x - 24, 194), (x + 24, 194), (x, 226)], "fafaf7")
    canvas.ellipse((x, 192), (14, 9), _shade(look.skin))
    if look.has_scarf:
        canvas.corners([(x - 27, 196), (x - 18, 192), (x + 5, 218), (x - 4, 224)], "c93a32")
        canvas.corners([(x + 18, 192), (x + 27, 196), (x + 4, 224), (x - 5, 218)], "c93a32")
        canvas.corners([(x - 4, 218), (x + 5, 219), (x + 13, 258), (x - 1, 250)], "b8322b")
        canvas.corners([(x - 6, 219), (x + 3, 218), (x - 3, 252), (x - 15, 256)], "d2443b")
        canvas.box(x - 6.5, 213, 13, 11, "a82b25", radius=4)
    else:
        canvas.line((x, 224), (x, 360), 2, "e8eaea")
        canvas.box(x - 40, 240, 22, 14, "e8eaea", radius=2)


def _draw_head(canvas: Canvas, look: Look, x: float, y: float) -> None:
    for side in (-1, 1):
        canvas.ellipse((x + side * 37, y + 6), (7, 10), _shade(look.skin))
    canvas.ellipse((x, y + 4), (37, 44), look.skin)
    for side in (-1, 1):
        canvas.ellipse((x + side * 22, y + 20), (7.5, 5), "e8a68c")
    canvas.ellipse((x, y - 6), (39, 41), look.hair, above=y - 18)
    if look.hair_style == _BOY:
        canvas.corners([(x - 36, y - 19), (x + 8, y - 19), (x - 30, y - 6)], look.hair)
    else:
        for side in (-1, 1):
            canvas.ellipse((x + side * 34, y - 10), (7, 18), look.hair)
        canvas.ellipse((x, y - 22), (32, 10), look.hair)


def _draw_eyes(canvas: Canvas, look: Look, pose: Pose, x: float, y: float) -> None:
    raised = pose.mouth * 0.6
    for side in (-1, 1):
        at = x + side * 15
        brow = y - 7 - raised
        canvas.line((at - 6 * side, brow - 1), (at + 6 * side, brow + 1), 2.2, look.hair)
        if pose.eyes_shut:
            canvas.line((at - 5, y + 4), (at + 5, y + 4), 1.8, "33241f")
        else:
            canvas.ellipse((at, y + 3), (4, 4.6), "2a1d1a")
            canvas.ellipse((at + 1.3, y + 1.5), (1.3, 1.3), "ffffff")
        if look.has_glasses:
            canvas.ellipse((at, y + 3), (11, 10), "3c4046", ring=1.6)
    if look.has_glasses:
        canvas.line((x - 4, y + 2), (x + 4, y + 2), 1.6, "3c4046")
    canvas.line((x - 0.5, y + 9), (x + 1.5, y + 14), 2, _shade(look.skin))


def _draw_mouth(canvas: Canvas, pose: Pose, x: float, y: float) -> None:
    if pose.mouth == 0:
        canvas.line((x - 8, y), (x, y + 1.5), 2.2, "9a4038")
        canvas.line((x, y + 1.5), (x + 8, y), 2.2, "9a4038")
        return
    wide, high = 9 - pose.mouth * 0.2, 1.5 + pose.mouth * 1.9
    canvas.ellipse((x, y), (wide + 1.6, high + 1.6), "b0574c")
    canvas.ellipse((x, y), (wide, high), "5f1d20")
    if pose.mouth > 2:
        canvas.ellipse((x, y + high * 0.55), (wide * 0.6, high * 0.4), "c4605c")
        canvas.box(x - 5.5, y - high + 0.6, 11, 2.2, "f6f2ea", radius=1)
