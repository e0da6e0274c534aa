"""The floor under benchmarks.sync: rows posted in batches to a bare ASGI app that inserts them."""

import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

ROWS_PER_POST = 500
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
