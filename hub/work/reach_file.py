"""The file beside the database that says how far it had come, written every few seconds."""

import os
from pathlib import Path

import msgspec
from sqlite_utils import Database

from hub.store import lives, meta
from hub.store.lives import Reach
from shared.kit.store import Store


def last_reach(path: Path) -> Reach | None:
    """None where there is no such file, or nothing to be read in it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Reach)
    except (OSError, msgspec.DecodeError):
        return None


def keep_reach(path: Path, store: Store) -> None:
    with store.reading() as db:
        now = _reach(db)
    if now == last_reach(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(msgspec.json.encode(now))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _reach(db: Database) -> Reach:
    return lives.reach(db, meta.hub_inc(db))
