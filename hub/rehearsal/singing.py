"""A made-up tune for each item, and how a singer of given levels sings it, note by note."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from shared.rules.rubric import Criterion, Stage


@dataclass(frozen=True, slots=True)
class Singing:
    """One performance to be invented: what it shall be worth, and the seed of all chance."""

    seconds: float
    levels: Mapping[Criterion, int]
    seed: int
    stage: Stage
    item: str

    def level(self, criterion: Criterion) -> int:
        return self.levels.get(criterion, 3)

    def chance(self, concern: str) -> Random:
        """Chance of its own for each concern: one level changed leaves the others' faults."""
        return Random(f"{self.seed}/{concern}")


@dataclass(frozen=True, slots=True)
class Note:
    pitch: int  # semitones above the key note
    beats: float
    vowel: int
    consonant: int
    place: float  # 0 at the start of its phrase, 1 at the end


@dataclass(frozen=True, slots=True)
class Tune:
    beat_s: float
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Sung:
    """One note as it is sung; pitches are MIDI numbers with fractions."""

    index: int  # of the note in the tune
    start: float
    seconds: float
    wanted: float
    pitch: float
    strength: float
    vowel: int
    consonant: int
    clarity: float
    vibrato: float


VOWELS = 5
HUM = VOWELS
"""The vowel of a note whose words are forgotten."""
CONSONANTS = 4

_SCALE = (-3, 0, 2, 4, 7, 9, 12)
_RHYTHMS = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0),
    (1.5, 0.5, 1.0, 1.0, 1.0, 1.0, 2.0),
    (1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 2.0),
    (2.0, 1.0, 1.0, 1.5, 0.5, 2.0),
)
_KEY_NOTE = {Stage.PRIMARY: 64, Stage.MIDDLE: 59}


@dataclass(frozen=True, slots=True)
class _Off:
    """How far notes stray: always a little, and a share of them by a wrong step."""

    wobble: float
    share: float
    least: float
    most: float


_PITCH = {
    3: _Off(0.03, 0.0, 0.0, 0.0),
    2: _Off(0.10, 0.12, 0.5, 0.8),
    1: _Off(0.20, 0.40, 0.6, 1.2),
    0: _Off(0.50, 0.80, 1.0, 2.5),
}
_TIMING = {3: 0.01, 2: 0.07, 1: 0.18, 0: 0.35}
_NOTES_BETWEEN_BREAKS = {3: 0, 2: 15, 1: 8, 0: 4}
_CLARITY = {3: 1.0, 2: 0.7, 1: 0.35, 0: 0.08}
_DEPTH = {3: 1.0, 2: 0.6, 1: 0.25, 0: 0.0}
_GIVES_UP_AT = 0.75
"""Fluency 0: after this share of the time the singer does not go on."""


def tune_of(stage: Stage, item: str) -> Tune:
    """The tune of an item, always the same: four phrases, the second and last alike."""
    rng = Random(f"{stage}/{item}")
    first, answer, middle = (_phrase(rng, start) for start in (1, 2, 4))
    notes = (*first, *answer, *middle, *answer)
    return Tune(60 / rng.randrange(88, 112), notes)


def _phrase(rng: Random, start: int) -> tuple[Note, ...]:
    rhythm = rng.choice(_RHYTHMS)
    step = start
    notes: list[Note] = []
    for position, beats in enumerate(rhythm):
        is_last = position == len(rhythm) - 1
        pitch = rng.choice((0, 7)) if is_last else _SCALE[step]
        place = position / (len(rhythm) - 1)
        notes.append(Note(pitch, beats, rng.randrange(VOWELS), rng.randrange(CONSONANTS), place))
        step = min(len(_SCALE) - 1, max(0, step + rng.choice((-2, -1, -1, 0, 1, 1, 2))))
    return tuple(notes)


def perform(singing: Singing) -> list[Sung]:
    """The notes in time order, from a short wait at the start to the end of the clip."""
    tune = tune_of(singing.stage, singing.item)
    key = _KEY_NOTE[singing.stage] + singing.chance("key").randrange(-3, 4)
    pitches, words = _pitches(singing), _words(singing)
    depth = _DEPTH[singing.level(Criterion.EXPRESSION)]
    sung: list[Sung] = []
    for index, start, seconds in _times(singing, tune):
        note = tune.notes[index]
        clarity, keeps_words = next(words)
        sung.append(
            Sung(
                index=index,
                start=start,
                seconds=seconds,
                wanted=key + note.pitch,
                pitch=key + note.pitch + next(pitches),
                strength=_strength(depth, note.place),
                vowel=note.vowel if keeps_words else HUM,
                consonant=note.consonant if keeps_words else 0,
                clarity=clarity,
                vibrato=0.35 * depth,
            )
        )
    return sung


def _times(singing: Singing, tune: Tune) -> Iterator[tuple[int, float, float]]:
    """Index, start and length of each note; faults of rhythm and fluency happen here."""
    rng = singing.chance("time")
    sway = _TIMING[singing.level(Criterion.RHYTHM)]
    every = _NOTES_BETWEEN_BREAKS[singing.level(Criterion.FLUENCY)]
    turn = singing.chance("breaks").randrange(max(every, 1))
    clock = min(0.5, singing.seconds * 0.06)
    end = singing.seconds - min(0.4, singing.seconds * 0.06)
    if singing.level(Criterion.FLUENCY) == 0:
        end *= _GIVES_UP_AT
    count = 0
    while clock < end:
        index = count % len(tune.notes)
        note = tune.notes[index]
        length = note.beats * tune.beat_s * max(0.35, 1 + rng.gauss(0, sway))
        held = length * (0.78 if note.place == 1 else 0.94)
        yield index, clock, min(held, end - clock)
        clock += length
        count += 1
        pause = rng.uniform(0.6, 1.4)
        if every and count % every == turn:
            clock += pause


def _pitches(singing: Singing) -> Iterator[float]:
    """How far each note is off, in semitones."""
    rng = singing.chance("pitch")
    off = _PITCH[singing.level(Criterion.PITCH)]
    while True:
        wrong = rng.choice((-1, 1)) * rng.uniform(off.least, off.most)
        yield rng.gauss(0, off.wobble) + (wrong if rng.random() < off.share else 0.0)


def _words(singing: Singing) -> Iterator[tuple[float, bool]]:
    """How clear each word is, and whether it is sung at all."""
    rng = singing.chance("words")
    clarity = _CLARITY[singing.level(Criterion.LYRICS)]
    while True:
        yield clarity, rng.random() < 0.15 + clarity


def _strength(depth: float, place: float) -> float:
    """A phrase swells towards its second half; without expression all is the same."""
    return 1 - depth * 0.65 * abs(place - 0.6) / 0.6
