"""Two floors under benchmarks.sync: rows posted to a bare ASGI app, and the hub's rows alone."""

import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

ROWS_PER_POST = 500
CACHE_KIB = 262_144
"""As the product's store has it."""
TABLE = """
    CREATE TABLE mark (event_id TEXT PRIMARY KEY, task_id INTEGER, account_id INTEGER, gen INTEGER,
      levels TEXT, comment TEXT, spent_ms INTEGER, heard_percent INTEGER, given_at TEXT) STRICT
"""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Bare:
    """Reads the body, writes its rows durably, and says so: no protocol, no decisions."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(TABLE)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part["body"], part.get("more_body", False)
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO mark VALUES (?,?,?,?,?,?,?,?,?)", json.loads(body))
        self.db.execute("COMMIT")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


def post(url: str, rows: Sequence[tuple[object, ...]]) -> tuple[float, float, int, int]:
    """Wall and processor seconds, requests and bytes."""
    wall, cpu, count, size = time.perf_counter(), time.process_time(), 0, 0
    with httpx.Client(base_url=url, timeout=60) as client:
        for start in range(0, len(rows), ROWS_PER_POST):
            body = json.dumps(rows[start : start + ROWS_PER_POST]).encode()
            client.post("/", content=body).raise_for_status()
            count, size = count + 1, size + len(body)
    return time.perf_counter() - wall, time.process_time() - cpu, count, size


def rows_alone(before: Path, after: Path, commits: int) -> tuple[int, float]:
    """How many rows the hub wrote between two states of its database, and the processor seconds
    that SQLite takes to write just these over the first, durably, in so many transactions.

    Nothing is received, checked or decided, and what was deleted on the way is left out.
    """
    db = sqlite3.connect(before, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    written = _written(db, after)
    cpu = time.process_time()
    for number in range(commits):
        db.execute("BEGIN IMMEDIATE")
        for insert, rows in written.items():
            first, last = (len(rows) * n // commits for n in (number, number + 1))
            db.executemany(insert, rows[first:last])
        db.execute("COMMIT")
    cpu = time.process_time() - cpu
    db.close()
    return sum(map(len, written.values())), cpu


def _written(db: sqlite3.Connection, after: Path) -> dict[str, list[tuple[object, ...]]]:
    """New and changed rows, by the statement that writes them."""
    db.execute("ATTACH ? AS after", (str(after),))
    names = db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
    found = {}
    for (name,) in names:
        changed = f"SELECT * FROM after.{name} EXCEPT SELECT * FROM main.{name}"  # noqa: S608
        rows = db.execute(changed).fetchall() if not name.startswith("sqlite_") else []
        if rows:
            places = ", ".join("?" * len(rows[0]))
            found[f"INSERT OR REPLACE INTO {name} VALUES ({places})"] = rows  # noqa: S608
    db.execute("DETACH after")
    return found
