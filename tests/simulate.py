"""`python -m tests.simulate --seeds 0:1000`: many worlds; of the first that fails, the gist."""

import argparse
import subprocess
import sys
import time
from collections import Counter

from tests.simulation.plan import KINDS, plan_of, quick_plan_of
from tests.simulation.shrink import shrink
from tests.simulation.world import Story, play

FINDINGS_SHOWN = 6


def main() -> int:
    asked = _asked()
    first, _, last = asked.seeds.partition(":")
    seeds = range(int(first), int(last) if last else int(first) + 1)
    faults: Counter[str] = Counter()
    acts: Counter[str] = Counter()
    failed: list[Story] = []
    began = time.perf_counter()
    for seed in seeds:
        story = play((quick_plan_of if asked.quick else plan_of)(seed, asked.kinds))
        faults += story.faults
        acts += story.acts
        if story.findings:
            failed.append(story)
            _tell(f"seed {seed} failed:", story.findings[:FINDINGS_SHOWN])
        if asked.log:
            _tell(f"seed {seed}, told by {story.digest[:16]}:", story.log)
    seconds = time.perf_counter() - began
    print(f"{len(seeds)} seeds, {len(seeds) / seconds:.1f} a second, {len(failed)} failed")
    _tell("what people did:", [f"{n:7} {act}" for act, n in sorted(acts.items())])
    _tell("what went wrong:", [f"{n:7} {fault}" for fault, n in sorted(faults.items())])
    if failed and not asked.no_shrinking:
        _tell_shortest(failed[0])
    return 1 if failed else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:100", help="from:to, the last one not included")
    parser.add_argument(
        "--kinds", nargs="*", default=(), choices=sorted(KINDS), help="only these faults"
    )
    parser.add_argument("--quick", action="store_true", help="the small worlds of the test suite")
    parser.add_argument("--log", action="store_true", help="tell everything that happens")
    parser.add_argument("--no-shrinking", action="store_true")
    return parser.parse_args()


def _tell_shortest(story: Story) -> None:
    plan = shrink(story)
    again = play(plan)
    print(f"\nThe first that failed, in short: seed {plan.seed}, commit {_commit()}")
    _tell("steps:", [str(step) for step in plan.steps])
    _tell("findings:", again.findings[:FINDINGS_SHOWN])
    _tell("trace:", [line for line in again.log if ": saved " not in line])


def _tell(title: str, lines: list[str]) -> None:
    print(title)
    for line in lines:
        print(f"  {line[:300]}")


def _commit() -> str:
    ran = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return ran.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
