"""How fast videos are checked: minutes of video a second, beside reading and hashing them."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import perf_counter

from hub.media.probe import probe
from hub.media.shelf import take_in
from hub.rehearsal.singing import Singing
from hub.rehearsal.videos import sing
from shared.rules.rubric import Stage

_CHUNK = 1 << 20


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--clips", type=int, default=6)
    wanted.add_argument("--seconds", type=float, default=60)
    wanted.add_argument("--rounds", type=int, default=3)
    asked = wanted.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = _seconds(partial(_make, Path(folder), asked.clips, asked.seconds))
        minutes = asked.clips * asked.seconds / 60
        clips = sorted(Path(folder).glob("*.mp4"))
        size = sum(clip.stat().st_size for clip in clips)
        print(f"{asked.clips} clips, {minutes:g} min of video, {size / 1e6:.1f} MB")
        print(f"made at {minutes / made:.1f} min/s")
        _compare(clips, minutes, Path(folder), asked.rounds)


def _make(folder: Path, count: int, seconds: float) -> None:
    """Half with the index at the end, as cameras write them."""
    for number in range(count):
        singing = Singing(seconds, {}, number, Stage.MIDDLE, "选唱")
        sing(folder / f"{number:03}.mp4", singing, faststart=number % 2 == 0)


def _compare(clips: list[Path], minutes: float, folder: Path, rounds: int) -> None:
    """The best of some rounds each, all in one run: the machine is shared."""
    jobs: dict[str, Callable[[int], object]] = {
        "read + sha256": lambda _: [_hash(clip) for clip in clips],
        "check": lambda _: [probe(clip) for clip in clips],
        "check + store": lambda number: [take_in(clip, folder / f"{number}") for clip in clips],
    }
    best = dict.fromkeys(jobs, sys.float_info.max)
    for number in range(rounds):
        for name, job in jobs.items():
            best[name] = min(best[name], _seconds(partial(job, number)))
    floor = best["read + sha256"]
    for name, seconds in best.items():
        print(f"{name:14} {minutes / seconds:9.1f} min/s   {seconds / floor:6.1f} x the floor")


def _hash(clip: Path) -> str:
    digest = sha256()
    with clip.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _seconds(job: Callable[[], object]) -> float:
    start = perf_counter()
    job()
    return perf_counter() - start


if __name__ == "__main__":
    main()
