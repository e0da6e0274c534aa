"""Peaks and loudness of a sound track, taken in passing: memory stays small."""

from functools import reduce
from math import isfinite, log10

import av
import numpy as np
from numpy.typing import NDArray

PEAKS = 240
SILENCE_DB = -99.0

_BATCH = 65_536


class Loudness:
    """Hears planar float frames in order; the strip covers `seconds`, from start to end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._peaks = np.zeros(PEAKS, dtype=np.float32)
        self._waiting: list[list[NDArray[np.float32]]] = []  # of each channel
        self._waiting_samples = 0
        self._heard_samples = 0
        self._power = 0.0
        self._values = 0
        self._rate = 0

    def hear(self, frame: av.AudioFrame) -> None:
        self._rate = frame.sample_rate
        planes = frame.planes
        if len(planes) != len(self._waiting):
            self._digest()
            self._waiting = [[] for _ in planes]
        for channel, plane in zip(self._waiting, planes, strict=True):
            channel.append(np.frombuffer(bytes(plane), np.float32, frame.samples))
        self._waiting_samples += frame.samples
        if self._waiting_samples >= _BATCH:
            self._digest()

    @property
    def heard_s(self) -> float:
        return (self._heard_samples + self._waiting_samples) / self._rate if self._rate else 0.0

    def peaks(self) -> str:
        """Two hexadecimal digits each, 255 for full scale."""
        self._digest()
        levels = np.rint(np.minimum(self._peaks, 1) * 255).astype(np.uint8)
        return bytes(levels).hex()

    def rms_db(self) -> float:
        """Decibels below full scale, over all channels; SILENCE_DB at the least."""
        self._digest()
        mean = self._power / max(self._values, 1)
        return max(SILENCE_DB, round(10 * log10(mean), 2)) if mean > 0 else SILENCE_DB

    def _digest(self) -> None:
        if self._waiting_samples == 0:
            return
        channels = [_finite(np.concatenate(parts)) for parts in self._waiting]
        for parts in self._waiting:
            parts.clear()
        count, self._waiting_samples = self._waiting_samples, 0
        self._power += sum(float(np.vdot(channel, channel)) for channel in channels)
        self._values += count * len(channels)
        loudest = reduce(np.maximum, (np.abs(channel) for channel in channels))
        self._raise_peaks(loudest)
        self._heard_samples += count

    def _raise_peaks(self, loudest: NDArray[np.float32]) -> None:
        per_peak = max(self._seconds * self._rate / PEAKS, 1.0)
        first = int(self._heard_samples / per_peak)
        last = int((self._heard_samples + len(loudest) - 1) / per_peak)
        edges = np.ceil(np.arange(first, last + 1) * per_peak).astype(np.int64)
        starts = np.clip(edges - self._heard_samples, 0, len(loudest) - 1)
        places = np.minimum(np.arange(first, last + 1), PEAKS - 1)
        np.maximum.at(self._peaks, places, np.maximum.reduceat(loudest, starts))


def _finite(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Damaged sound may decode to anything, even to what is not a number."""
    if isfinite(float(np.vdot(sound, sound))):
        return sound
    tamed: NDArray[np.float32] = np.clip(np.nan_to_num(sound), -1, 1)
    return tamed
