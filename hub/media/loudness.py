"""Peaks and loudness of a sound track, taken in passing: memory stays small."""

from math import log10

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
        self._waiting: list[NDArray[np.float32]] = []
        self._waiting_samples = 0
        self._heard_samples = 0
        self._power = 0.0
        self._values = 0
        self._rate = 0

    def hear(self, frame: av.AudioFrame) -> None:
        self._rate = frame.sample_rate
        self._waiting.append(frame.to_ndarray().astype(np.float32, copy=False))
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
        if not self._waiting:
            return
        # damaged sound may decode to anything, even to what is not a number
        sound = np.clip(np.nan_to_num(np.concatenate(self._waiting, axis=1)), -2, 2)
        self._waiting.clear()
        self._waiting_samples = 0
        self._power += float(np.vdot(sound, sound))
        self._values += sound.size
        loudest = np.abs(sound).max(axis=0)
        per_peak = max(self._seconds * self._rate / PEAKS, 1.0)
        places = (np.arange(len(loudest)) + self._heard_samples) / per_peak
        places = np.minimum(places.astype(np.int64), PEAKS - 1)
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        found = np.maximum.reduceat(loudest, starts)
        self._peaks[places[starts]] = np.maximum(self._peaks[places[starts]], found)
        self._heard_samples += len(loudest)
