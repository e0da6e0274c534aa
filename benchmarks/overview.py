"""The city's overview at full size: milliseconds and bytes of the page, beside an empty page.

Run: python -m benchmarks.overview [--works 100000] [--looks 40]
Marks are written straight into the tables, since taking them in one by one is what
benchmarks/ingest.py measures.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from litestar.testing import TestClient
from sqlite_utils import Database

from benchmarks.city import City, build
from hub.app import create_app
from hub.settings import HubSettings
from hub.store import admins, nodes
from shared.kit.clock import now, stamp
from shared.kit.passwords import hash_password
from shared.wire.messages import NodeStatus

NAME, PASSWORD = "王一一", "only-for-the-benchmark"
SHARE = 0.8
"""Of performances that have both marks."""

FILL = (
    """
    INSERT INTO mark (event_id, sitting_id, task_id, performance_id, round, account_id, node_id,
                      gen, levels, exception, comment, spent_ms, heard_percent, given_at,
                      received_at, standing)
    SELECT printf('%032x', t.id), t.sitting_id, t.id, t.performance_id, t.round, t.account_id,
           a.district_id, 1,
           CASE WHEN (t.performance_id + t.round) % 3 THEN '332332' ELSE '322331' END,
           CASE WHEN t.performance_id % 250 = 0 THEN 'incomplete' END, '',
           40000 + t.id % 90000, 60 + t.id % 40, :at, :at, 'counted'
    FROM task t JOIN account a ON a.id = t.account_id WHERE t.performance_id <= :until
    """,
    "UPDATE task SET state = 'done' WHERE performance_id <= :until",
    "UPDATE slot SET state = 'filled' WHERE performance_id <= :until AND round < 3",
    """
    UPDATE load SET done = (
      SELECT count(*) FROM task t WHERE t.account_id = load.account_id AND t.round = load.round
        AND t.item_group_id = load.item_group_id AND t.state = 'done')
    """,
    """
    INSERT INTO outcome (sitting_id, performance_id, state, levels, rounds, rules, settled_at)
    SELECT sitting_id, performance_id, 'settled', '["3","3","2","3","3","2"]',
           '[[1,2],[1,2],[1,2],[1,2],[1,2],[1,2]]',
           '["agreed","agreed","agreed","agreed","agreed","agreed"]', :at
    FROM slot WHERE round = 1 AND performance_id <= :until
    """,
)


def fill(db: Database, works: int) -> None:
    """Rounds 1 and 2 of a share of the performances, today; every node was heard of just now."""
    moment = now()
    for statement in FILL:
        db.conn.execute(statement, {"at": stamp(moment), "until": int(works * SHARE)})
    status = NodeStatus(
        app_version="0.1.0",
        pending_events=3,
        videos_wanted=0,
        videos_ready=2500,
        videos_failed=0,
        cache_bytes=10**10,
        disk_free_bytes=10**11,
        people_online=48,
        clock_offset_ms=20,
        last_push_ms=90,
    )
    for node in nodes.all_nodes(db):
        nodes.seen(db, node.id, "127.0.0.1", status, moment)
    admins.add(db, NAME, hash_password(PASSWORD), "city_admin")


def times(browser: TestClient, path: str, looks: int) -> tuple[float, float, float, int]:  # type: ignore[type-arg]
    """Milliseconds of the first look, the median and the slowest of the next; bytes."""
    taken, size = [], 0
    for _ in range(looks):
        started = time.perf_counter()
        answer = browser.get(path)
        taken.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        size = len(answer.content)
    return taken[0], statistics.median(taken[1:]), max(taken[1:]), size


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--works", type=int, default=100_000)
    options.add_argument("--looks", type=int, default=40)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        city = City(works=chosen.works, markers=2_000, districts=40)
        store = build(Path(folder), city)
        with store.writing() as db:
            fill(db, city.works)
            marks = db.table("mark").count
        store.close()
        print(f"{city.works:,} performances, {marks:,} marks, {city.districts} districts")
        app = create_app(HubSettings(data=Path(folder)), with_jobs=False)
        with TestClient(app) as browser:
            browser.post("/sign-in", data={"name": NAME, "password": PASSWORD})
            for path in ("/overview/live", "/", "/districts", "/quality", "/health"):
                first, usual, slowest, size = times(browser, path, chosen.looks)
                print(
                    f"  {path:15} first {first:7.0f} ms, then {usual:6.1f} ms"
                    f" (slowest {slowest:6.1f}); {size / 1000:7.1f} KB"
                )


if __name__ == "__main__":
    main()
