"""Hub and nodes are killed at any moment while teachers mark: no confirmed mark is lost."""

import random
import time
from pathlib import Path

import pytest

from tests.processes.city import City, a_city

SHORT, LONG = 4, 300
UP_S_MAX = 0.8
"""How long everything runs, at most, between two kills."""


def kill_again_and_again(city: City, kills: int, chance: random.Random) -> None:
    for _ in range(kills):
        time.sleep(chance.uniform(0, UP_S_MAX))
        victims = chance.sample(city.names, chance.choice([1, 1, 1, 2]))
        for name in victims:
            if name in city.running:
                city.kill(name)
        time.sleep(chance.uniform(0, 0.2))
        is_waited_for = chance.random() < 0.7
        for name in victims:
            # The next kill may find it still starting, or in the middle of a migration.
            city.start(name, wait=False)
        if is_waited_for:
            city.heal()
    city.heal()


@pytest.mark.parametrize(
    ("seed", "kills", "works", "pause_s"),
    [
        (1, SHORT, 20, 0.5),
        pytest.param(2, LONG, 1_200, 1.2, marks=[pytest.mark.long, pytest.mark.timeout(3_600)]),
    ],
)
def test_no_confirmed_mark_is_lost_and_none_counts_twice(
    tmp_path: Path, seed: int, kills: int, works: int, pause_s: float
) -> None:
    with a_city(tmp_path / "考试 数据", seed, works=works) as city:
        city.teach(pause_s)
        kill_again_and_again(city, kills, random.Random(seed))
        at_end = len(city.diary.saved)
        city.until_marked()
        books = city.close_the_books()
    assert at_end > 0, "nobody marked while things were killed"
    assert books.round3_tasks > 0
    print(f"{kills} kills, {books.marks_on_hub} marks, {at_end} of them meanwhile")
