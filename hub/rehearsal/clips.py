"""Sings the works of a cast into video files, over all cores; what is there already stays."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

from hub.rehearsal.cast import CastWork
from hub.rehearsal.videos import Singing, sing


@dataclass(frozen=True, slots=True)
class Picture:
    """How large and how long the clips are."""

    seconds: tuple[float, float]
    width: int
    height: int
    fps: int


FOR_EYES = Picture((15.0, 40.0), 480, 360, 15)
"""For people: long enough to judge the singing."""
FOR_MACHINES = Picture((1.0, 1.6), 160, 120, 10)
"""For simulated markers, who do not listen."""


def make_clips(works: Sequence[CastWork], folder: Path, picture: Picture) -> Iterator[int]:
    """Yields how many are there, after each one."""
    missing = [work for work in works if not (folder / work.file_name).exists()]
    done = len(works) - len(missing)
    yield done
    if not missing:
        return
    jobs = [(work, folder / work.file_name, picture) for work in missing]
    # A fresh interpreter per worker: forking a process with threads is not safe.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for _ in pool.map(_make_one, jobs, chunksize=4):
            done += 1
            yield done


def _make_one(job: tuple[CastWork, Path, Picture]) -> None:
    work, path, picture = job
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.mp4")
    seconds = round(Random(work.seed).uniform(*picture.seconds), 1)
    singing = Singing(
        seconds=seconds, levels=work.levels, seed=work.seed, stage=work.stage, item=work.item
    )
    sing(part, singing, width=picture.width, height=picture.height, fps=picture.fps)
    part.replace(path)
