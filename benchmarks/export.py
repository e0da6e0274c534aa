"""Results of a whole city taken away through the page, while others look at the overview.

Run: python -m benchmarks.export [--works 100000] [--formats csv quality xlsx]
A real hub; per format: seconds, its processor, rows, how far progress had come each time it was
asked, how long the overview took before and meanwhile, and whether the file has its checksum.
"""

import argparse
import hashlib
import os
import re
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.city import City, build
from benchmarks.overview import NAME, PASSWORD, fill
from hub.rehearsal import programs

FORMATS = ("csv", "quality", "xlsx")
LOOK_EVERY_S = 0.5
CANCEL_AFTER_S = 2.0


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def look(browser: httpx.Client) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    browser.get("/overview/live", headers={"X-Part": "1"}).raise_for_status()
    return 1000 * (time.perf_counter() - started)


def follow(browser: httpx.Client) -> tuple[list[float], list[str]]:
    """Looks and shares until nothing is going on."""
    looks, shares = [], []
    while "正在导出" in (live := browser.get("/results", headers={"X-Part": "1"}).text):
        shares += re.findall(r"行（([\d.]+%)）", live)
        looks.append(look(browser))
        time.sleep(LOOK_EVERY_S)
    return looks, shares


def sign_in(browser: httpx.Client) -> None:
    browser.post("/sign-in", data={"name": NAME, "password": PASSWORD}).raise_for_status()


def begin(browser: httpx.Client, form: str) -> None:
    browser.post("/results/export", data={"format": form}).raise_for_status()


def export(browser: httpx.Client, pid: int, form: str) -> None:
    started, used = time.perf_counter(), cpu_s(pid)
    begin(browser, form)
    looks, shares = follow(browser)
    taken = time.perf_counter() - started
    # A file is given out only to who has just given the password.
    sign_in(browser)
    page = browser.get("/results").text
    content = browser.get(re.findall(r'href="(/results/files/\d+)"', page)[0]).content
    right = hashlib.sha256(content).hexdigest() in page
    worst = sorted(looks)[int(0.95 * (len(looks) - 1))] if looks else 0.0
    print(
        f"  {form:8} {taken:6.1f} s, {cpu_s(pid) - used:6.1f} s of processor, "
        f"{len(content) / 1e6:6.1f} MB, checksum {'right' if right else 'WRONG'}; overview "
        f"{statistics.median(looks or [0]):.0f} ms, p95 {worst:.0f} ms ({len(looks)} looks); "
        f"progress {' '.join(shares[:: max(1, len(shares) // 6)])}"
    )


def cancel(browser: httpx.Client) -> None:
    begin(browser, "xlsx")
    time.sleep(CANCEL_AFTER_S)
    started = time.perf_counter()
    browser.post("/results/cancel").raise_for_status()
    follow(browser)
    print(f"  cancelled: over after {time.perf_counter() - started:.1f} s")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--works", type=int, default=100_000)
    options.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = build(folder, City(works=chosen.works, markers=2_000, districts=40))
        with store.writing() as db:
            fill(db, chosen.works)
            print(f"{chosen.works:,} performances, {db.table('mark').count:,} marks")
        store.close()
        hub = programs.start_hub(folder, programs.free_port())
        try:
            hub.wait_until_up()
            with httpx.Client(base_url=hub.url, timeout=600, follow_redirects=True) as browser:
                sign_in(browser)
                alone = [look(browser) for _ in range(10)][1:]
                print(f"  overview alone: {statistics.median(alone):.0f} ms")
                for form in chosen.formats:
                    export(browser, hub.process.pid, form)
                cancel(browser)
        finally:
            hub.stop()


if __name__ == "__main__":
    main()
