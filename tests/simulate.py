"""`python -m tests.simulate --seeds 0:1000`: many worlds; of the first that fails, the gist."""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.plan import KINDS, plan_of
from tests.simulation.world import play


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:100", help="from:to, the last one not included")
    parser.add_argument("--kinds", nargs="*", default=(), choices=sorted(KINDS))
    parser.add_argument("--log", action="store_true")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition(":")
    seeds = range(int(first), int(last) if last else int(first) + 1)
    faults: Counter[str] = Counter()
    acts: Counter[str] = Counter()
    failed = 0
    began = time.perf_counter()
    for seed in seeds:
        story = play(plan_of(seed, asked.kinds))
        faults += story.faults
        acts += story.acts
        if story.findings:
            failed += 1
            print(f"seed {seed} failed:", *[f[:300] for f in story.findings[:6]], sep="\n  ")
        if asked.log:
            print("\n".join(story.log))
            print(story.digest, story.healed_s)
    seconds = time.perf_counter() - began
    print(f"{len(seeds)} seeds, {len(seeds) / seconds:.1f} a second, {failed} failed")
    print(dict(acts))
    print(dict(faults))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
