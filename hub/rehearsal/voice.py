"""The sound of sung notes: harmonics shaped by vowels, vibrato, breath and consonants."""

from dataclasses import dataclass
from math import exp2

import numpy as np
from numpy.typing import NDArray

from hub.rehearsal.singing import HUM, Singing, Sung, perform
from shared.rules.rubric import Criterion, Stage

RATE = 44_100
Sound = NDArray[np.float32]

_TABLE = 4096
_FORMANTS = {  # Hz and strength: a, o, e, i, u, and a closed mouth
    0: ((800, 1.0), (1250, 0.6), (2900, 0.20)),
    1: ((500, 1.0), (900, 0.5), (2700, 0.08)),
    2: ((480, 1.0), (1900, 0.4), (2600, 0.20)),
    3: ((310, 1.0), (2300, 0.4), (3000, 0.25)),
    4: ((340, 1.0), (760, 0.3), (2400, 0.05)),
    HUM: ((260, 1.0), (1000, 0.06), (2200, 0.01)),
}
_ROOM = {3: 0.0006, 2: 0.003, 1: 0.009, 0: 0.022}
_BREATH = {3: 0.02, 2: 0.05, 1: 0.12, 0: 0.28}
_HISS, _TICK, _MURMUR = 1, 2, 3


@dataclass(frozen=True, slots=True)
class _Throat:
    stretch: float  # of the formants: children's are higher
    rate_hz: float  # of the vibrato
    breath: float
    gain: float


def sound_of(singing: Singing) -> Sound:
    """The whole performance, mono, within -1..1, exactly round(seconds * RATE) long."""
    length = round(singing.seconds * RATE)
    overall = singing.level(Criterion.OVERALL)
    noise = np.random.default_rng(singing.seed).standard_normal(length, dtype=np.float32)
    out: Sound = noise * np.float32(_ROOM[overall])
    throat = _throat(singing)
    tables: dict[tuple[int, int, float], Sound] = {}
    for note in perform(singing):
        key = (note.vowel, round(note.pitch), note.clarity)
        if key not in tables:
            tables[key] = _table(note, throat)
        _add_note(out, noise, note, tables[key], throat)
        _add_consonant(out, noise, note, throat)
    return np.clip(out, -0.98, 0.98, out=out)


def _throat(singing: Singing) -> _Throat:
    rng = singing.chance("throat")
    stretch = 1.18 if singing.stage is Stage.PRIMARY else 1.0
    return _Throat(
        stretch=stretch * rng.uniform(0.94, 1.06),
        rate_hz=rng.uniform(4.8, 6.0),
        breath=_BREATH[singing.level(Criterion.OVERALL)],
        gain=10 ** (rng.uniform(-9, 0) / 20),
    )


def _hertz(pitch: float) -> float:
    return 440.0 * exp2((pitch - 69) / 12)


def _table(note: Sung, throat: _Throat) -> Sound:
    """One period of the voice; an unclear voice keeps only its low harmonics."""
    first = _hertz(note.pitch)
    numbers = np.arange(1, max(3, int(6500 / first)))
    hertz = numbers * first
    heights = 0.02 + sum(
        gain / (1 + ((hertz - at * throat.stretch) / (70 + at * 0.07)) ** 2)
        for at, gain in _FORMANTS[note.vowel]
    )
    heights = heights / numbers**0.7 / (1 + (hertz / (500 + 9000 * note.clarity)) ** 2)
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=np.complex128)
    spectrum[numbers] = heights * np.exp(1j * numbers**2 * 0.4)
    wave = np.fft.irfft(spectrum)
    even: Sound = (wave / np.sqrt(np.mean(wave**2))).astype(np.float32)
    return even


def _add_note(out: Sound, noise: Sound, note: Sung, table: Sound, throat: _Throat) -> None:
    first = round(note.start * RATE)
    length = min(round(note.seconds * RATE), len(out) - first)
    if length < 64:
        return
    time = np.arange(length, dtype=np.float32) / np.float32(RATE)
    swing = note.vibrato * np.minimum(1, np.maximum(0, time - 0.2) * 4)
    bend = swing * np.sin(time * np.float32(2 * np.pi * throat.rate_hz))
    bend -= 0.4 * np.exp(time * -30)  # each note is reached from a little below
    speed = np.float32(_hertz(note.pitch) / RATE * _TABLE) * np.exp2(bend / 12)
    phase = np.cumsum(speed, dtype=np.float64).astype(np.int64) & (_TABLE - 1)
    strength = np.float32(0.24 * throat.gain * note.strength) * _envelope(time, note.seconds)
    here = slice(first, first + length)
    out[here] += strength * (table[phase] + np.float32(throat.breath) * noise[here])


def _envelope(time: Sound, seconds: float) -> Sound:
    attack = np.minimum(1, time / np.float32(0.045))
    release = np.minimum(1, np.maximum(0, np.float32(seconds) - time) / np.float32(0.07))
    fading = 1 - 0.25 * time / np.float32(max(seconds, 0.1))
    envelope: Sound = attack * release * fading
    return envelope


def _add_consonant(out: Sound, noise: Sound, note: Sung, throat: _Throat) -> None:
    length = {_HISS: 2600, _TICK: 700, _MURMUR: 2200}.get(note.consonant, 0)
    last = min(round(note.start * RATE) + 500, len(out))
    first = last - length
    if length == 0 or first < 1:
        return
    if note.consonant == _MURMUR:
        time = np.arange(length, dtype=np.float32) / np.float32(RATE)
        burst = np.sin(time * np.float32(2 * np.pi * _hertz(note.pitch)))
    else:
        burst = np.diff(noise[first - 1 : last])
    fade = np.hanning(length).astype(np.float32)
    out[first:last] += np.float32(0.09 * throat.gain * note.clarity) * fade * burst
