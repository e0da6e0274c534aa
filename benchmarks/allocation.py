"""Seconds and memory to deal 100,000 works to 2,000 markers, beside a deal without any rule.

Run: python -m benchmarks.allocation [--works 1000000]
"""

import argparse
import random
import time
import tracemalloc
from collections.abc import Callable, Sequence

from shared.rules.allocation import Dealt, Hand, Work, deal
from shared.rules.policy import Policy

WORKS, MARKERS, GROUPS, DISTRICTS = 100_000, 2_000, 4, 40

Group = tuple[Sequence[Work], Sequence[Hand]]


def city(works: int) -> list[Group]:
    """Four item groups in forty districts of unequal size."""
    rng = random.Random("city")
    sizes = [rng.uniform(0.5, 1.5) for _ in range(DISTRICTS)]

    def districts(count: int) -> list[int]:
        return rng.choices(range(DISTRICTS), sizes, k=count)

    return [
        (
            [Work(i, d) for i, d in enumerate(districts(works // GROUPS))],
            [Hand(i, d, 100) for i, d in enumerate(districts(MARKERS // GROUPS))],
        )
        for _ in range(GROUPS)
    ]


def deal_by_rule(works: Sequence[Work], hands: Sequence[Hand]) -> list[Dealt]:
    return deal(works, hands, Policy(), "seed")


def deal_without_rule(works: Sequence[Work], hands: Sequence[Hand]) -> list[Dealt]:
    """The floor: even loads shuffled onto the works, and nothing asked of them."""
    rng = random.Random("seed")
    slots = [hands[i % len(hands)].id for i in range(2 * len(works))]
    rng.shuffle(slots)
    positions = dict.fromkeys(slots, 0)
    dealt = []
    for place, hand in enumerate(slots):
        dealt.append(Dealt(works[place // 2].id, place % 2 + 1, hand, positions[hand]))
        positions[hand] += 1
    return dealt


def seconds(dealing: Callable[..., list[Dealt]], groups: Sequence[Group], times: int = 3) -> float:
    """The best of so many."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        for works, hands in groups:
            dealing(works, hands)
        taken.append(time.perf_counter() - started)
    return min(taken)


def peak_mib(dealing: Callable[..., list[Dealt]], groups: Sequence[Group]) -> float:
    """The most memory at one time while all groups are dealt and kept."""
    tracemalloc.start()
    kept = [dealing(works, hands) for works, hands in groups]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20 if kept else 0.0


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--works", type=int, default=WORKS)
    works = options.parse_args().works
    groups, times = city(works), 3 if works <= WORKS else 1
    ruled = seconds(deal_by_rule, groups, times)
    free = seconds(deal_without_rule, groups, times)
    ruled_mib, free_mib = peak_mib(deal_by_rule, groups), peak_mib(deal_without_rule, groups)
    print(f"{works} works, {MARKERS} markers, {GROUPS} item groups, 2 rounds")
    print(f"deal            {ruled:6.2f} s  {ruled_mib:6.1f} MiB")
    print(f"plain shuffle   {free:6.2f} s  {free_mib:6.1f} MiB")
    print(f"ratio           {ruled / free:6.2f}    {ruled_mib / free_mib:6.2f}")


if __name__ == "__main__":
    main()
