"""The colours themselves: text and controls stand out from what they stand on, light and dark."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "shared/web/static/css/tokens.css"
TEXT = {
    "surface": ("ink", "ink-2", "ink-3", "primary", "ok", "warn", "bad"),
    "bg": ("ink", "ink-2", "ink-3"),
    "sunken": ("ink", "ink-2"),
    "primary": ("on-primary",),
    "primary-weak": ("ink", "primary"),
    "ok-weak": ("ok",),
    "warn-weak": ("ink", "warn"),
    "bad-weak": ("ink", "bad"),
    "round-3-weak": ("round-3",),
    "round-4-weak": ("round-4",),
    "stage": ("stage-ink", "stage-ink-2", "stage-link"),
    "stage-control": ("stage-ink",),
}
CONTROLS = {
    "surface": ("border", "primary"),
    "stage": ("stage-border", "wave-played", "wave-heard"),
    "stage-control": ("wave", "wave-played", "wave-heard"),
}


def colours(theme: str) -> dict[str, str]:
    blocks = re.findall(r"(:root[^{]*)\{([^}]*)\}", TOKENS.read_text("utf-8"))
    found: dict[str, str] = {}
    for selector, content in blocks:
        if selector.strip() == ":root" or f'data-theme="{theme}"' in selector:
            found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", content))
    return found


def luminance(colour: str) -> float:
    """WCAG 2, relative luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_as_far_as_it_goes() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0


@pytest.mark.acceptance(5)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (CONTROLS, 3.0)])
def test_text_and_controls_stand_out(
    theme: str, pairs: dict[str, tuple[str, ...]], least: float
) -> None:
    known = colours(theme)
    weak = {
        f"{name} on {ground}": round(found, 2)
        for ground, names in pairs.items()
        for name in names
        if (found := contrast(known[name], known[ground])) < least
    }
    assert weak == {}
