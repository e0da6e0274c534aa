"""The invented singers: their faults can be measured, and no two clips are alike."""

from hashlib import sha256
from pathlib import Path
from time import process_time

import av
import numpy as np
import pytest

from hub.rehearsal.singing import Singing, Sung, perform, tune_of
from hub.rehearsal.videos import sing
from hub.rehearsal.voice import RATE, Sound, sound_of
from shared.rules.rubric import CRITERIA, LEVELS, Criterion, Stage


def a_singing(seconds: float = 16, seed: int = 5, **levels: int) -> Singing:
    given = {Criterion(name): level for name, level in levels.items()}
    return Singing(seconds, given, seed, Stage.MIDDLE, "选唱")


def heard_pitch(sound: Sound, note: Sung) -> float:
    """The fundamental of the held part of a note, by FFT, as a MIDI number."""
    first = round((note.start + 0.12) * RATE)
    held = sound[first : round((note.start + note.seconds - 0.08) * RATE)]
    spectrum = np.abs(np.fft.rfft(held * np.hanning(len(held)), 1 << 17))
    hertz = np.fft.rfftfreq(1 << 17, 1 / RATE)
    near = 440 * 2 ** ((np.array([note.wanted - 5, note.wanted + 5]) - 69) / 12)
    low, high = np.searchsorted(hertz, near)
    return float(69 + 12 * np.log2(hertz[low + int(np.argmax(spectrum[low:high]))] / 440))


def deviation(level: int) -> float:
    """The mean distance of what is heard from the tune, in semitones."""
    singing = a_singing(pitch=level, expression=0)
    sound = sound_of(singing)
    notes = [note for note in perform(singing) if note.seconds > 0.3]
    return float(np.mean([abs(heard_pitch(sound, note) - note.wanted) for note in notes]))


def longest_silence(singing: Singing) -> float:
    """Seconds, within what lies between the first and the last sung tenth of a second."""
    sound = sound_of(singing)
    tenth = RATE // 10
    rms = np.sqrt(np.mean(sound[: len(sound) // tenth * tenth].reshape(-1, tenth) ** 2, axis=1))
    loud = np.flatnonzero(rms > 0.01)
    return float(np.diff(loud).max() - 1) / 10


def test_the_lower_the_level_of_pitch_the_further_the_notes_are_from_the_tune() -> None:
    found = [deviation(level) for level in LEVELS]

    assert found == sorted(found)
    assert found[0] < 0.15
    assert found[-1] > 1


def test_breaks_are_heard_as_silence() -> None:
    assert longest_silence(a_singing(fluency=3)) < 0.4
    assert longest_silence(a_singing(fluency=1)) >= 0.5


def test_a_singer_of_fluency_0_does_not_sing_to_the_end() -> None:
    assert perform(a_singing(20, fluency=3))[-1].start > 17
    assert perform(a_singing(20, fluency=0))[-1].start < 16


def test_timing_strays_more_at_lower_levels_of_rhythm() -> None:
    def strays(level: int) -> float:
        singing = a_singing(30, rhythm=level)
        tune = tune_of(singing.stage, singing.item)
        notes = perform(singing)
        steps = np.diff([note.start for note in notes])
        wanted = [tune.notes[note.index].beats * tune.beat_s for note in notes[:-1]]
        return float(np.std(steps / np.array(wanted)))

    found = [strays(level) for level in LEVELS]
    assert found == sorted(found)


def test_unclear_words_have_less_of_the_high_sound() -> None:
    def brightness(level: int) -> float:
        spectrum = np.abs(np.fft.rfft(sound_of(a_singing(10, lyrics=level)))) ** 2
        return float(spectrum[10 * 1800 : 10 * 4000].sum() / spectrum.sum())

    assert brightness(3) > 3 * brightness(0)


def test_expression_swells_and_its_lack_is_flat() -> None:
    assert len({round(note.strength, 2) for note in perform(a_singing(expression=3))}) > 3
    assert {note.strength for note in perform(a_singing(expression=0))} == {1.0}
    assert {note.vibrato for note in perform(a_singing(expression=0))} == {0.0}


def test_one_level_changed_leaves_the_other_faults_as_they_were() -> None:
    good, off = perform(a_singing(pitch=3, rhythm=1)), perform(a_singing(pitch=0, rhythm=1))

    assert [note.start for note in good] == [note.start for note in off]
    assert [note.pitch for note in good] != [note.pitch for note in off]


@pytest.mark.parametrize("level", LEVELS)
def test_sound_never_clips_and_lasts_exactly_as_long_as_asked(level: int) -> None:
    sound = sound_of(a_singing(3.3, **{c.value: level for c in CRITERIA}))

    assert len(sound) == round(3.3 * RATE)
    assert 0.05 < np.abs(sound).max() < 0.98


def test_each_item_has_its_own_tune_and_every_singer_the_same() -> None:
    assert tune_of(Stage.MIDDLE, "选唱") == tune_of(Stage.MIDDLE, "选唱")
    assert tune_of(Stage.MIDDLE, "选唱") != tune_of(Stage.MIDDLE, "国歌")


def test_a_clip_has_the_length_and_the_size_asked_for(tmp_path: Path) -> None:
    sing(tmp_path / "clip.mp4", a_singing(4.0), width=240, height=180)

    with av.open(str(tmp_path / "clip.mp4")) as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        assert clip.duration is not None
        assert clip.duration == pytest.approx(4_000_000, abs=50_000)
        assert (video.width, video.height, video.codec_context.pix_fmt) == (240, 180, "yuv420p")
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        keys = [p.pts * p.time_base for p in clip.demux(video) if p.is_keyframe and p.pts]
        assert 2 in keys


def test_clips_of_different_seeds_differ_and_the_same_seed_repeats(tmp_path: Path) -> None:
    def hash_of(seed: int) -> str:
        path = tmp_path / "clip.mp4"
        sing(path, a_singing(1.0, seed), width=160, height=120)
        return sha256(path.read_bytes()).hexdigest()

    assert len({hash_of(seed) for seed in range(12)}) == 12
    assert hash_of(3) == hash_of(3)


def test_the_mouth_moves(tmp_path: Path) -> None:
    sing(tmp_path / "clip.mp4", a_singing(4.0))

    with av.open(str(tmp_path / "clip.mp4")) as clip:
        frames = [
            frame.to_ndarray(format="gray")[150:172, 280:315] for frame in clip.decode(video=0)
        ]
    darkest = [int((frame < 70).sum()) for frame in frames]
    assert min(darkest) < 40 < max(darkest)


def test_a_short_clip_for_rehearsals_is_made_in_no_time(tmp_path: Path) -> None:
    before = process_time()
    for seed in range(5):
        sing(tmp_path / f"{seed}.mp4", a_singing(1.5, seed), width=160, height=120)
    assert process_time() - before < 5 * 0.3


def test_sides_that_halve_badly_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="multiples of four"):
        sing(tmp_path / "clip.mp4", a_singing(1.0), width=161, height=120)
