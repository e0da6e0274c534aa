"""What the cache saves: a whole exam over 300 Mbit/s, with it and with every view streamed."""

import argparse
import tempfile
from pathlib import Path

from tests.link.exam import Size
from tests.link.measuring import WIRE_MBIT, measure


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--works", type=int, default=20, help="in each of two item groups")
    wanted.add_argument("--mb", type=float, default=5.0, help="of each video")
    wanted.add_argument("--markers", type=int, default=8)
    asked = wanted.parse_args()
    size = Size(asked.works, round(asked.mb * 1e6), asked.markers)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), size)
    waits = sorted(result.sync_s)
    print(f"{2 * asked.works} works of {asked.mb:g} MB, marks by round {result.rounds},")
    print(f"{result.views} full views, over {WIRE_MBIT} Mbit/s")
    print(f"  distinct videos      {result.distinct_bytes / 1e6:9.1f} MB")
    print(f"  over the link        {result.cached_bytes / 1e6:9.1f} MB  x {result.share:.4f}")
    print(
        f"  every view streamed  {result.streamed_bytes / 1e6:9.1f} MB"
        f"  x {result.streamed_bytes / result.distinct_bytes:.2f}"
    )
    print(
        f"  marks while {result.streamed_mbit:.0f} Mbit/s of video come in:"
        f" at the hub after {waits[len(waits) // 2]:.2f} s (median), {waits[-1]:.2f} s (slowest)"
    )


if __name__ == "__main__":
    main()
